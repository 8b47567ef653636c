//! Every list that can be imported: its export imports unchanged, in both languages, and what is exported afterwards is the same.

use std::collections::BTreeSet;
use std::path::Path;

use songhe::access::{Place, Role};
use songhe::beds::{BedKind, CareLevel, Waiting, Whom, ask_for_bed, close_bed};
use songhe::devices::{DeviceKind, DevicePlace};
use songhe::imports::ImportKind;

use super::help::{HE_1946, SHE_1940, counts, flat, imported, said};
use super::office::cells;
use crate::support::app::{TestApp, both};
use crate::support::files;

/// Lists with the kind that reads them.
const LISTS: [(ImportKind, &str); 7] = [
    (ImportKind::House, "beds"),
    (ImportKind::Elders, "elders"),
    (ImportKind::Caregivers, "caregivers"),
    (ImportKind::Stations, "stations"),
    (ImportKind::Institutions, "institutions"),
    (ImportKind::Waiting, "waiting"),
    (ImportKind::Devices, "devices"),
];

#[test]
fn every_kind_has_a_list_and_every_list_that_offers_an_import_is_tried() {
    let kinds: BTreeSet<&str> = LISTS.iter().map(|(kind, _)| kind.name()).collect();
    assert_eq!(kinds, ImportKind::NAMES.iter().copied().collect());
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let offered: BTreeSet<String> = files::under(&source, "rs")
        .iter()
        .filter_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            let (_, rest) = text.split_once("const IMPORT: Option<(&'static str, Permission)> = Some((\"")?;
            Some(rest.split('"').next().unwrap().to_owned())
        })
        .collect();
    assert_eq!(offered, kinds.iter().map(|kind| (*kind).to_owned()).collect());
}

/// A city with something of everything in it.
async fn furnish(app: &TestApp) {
    app.add_towns();
    let provider = app.add_provider(1);
    app.add_sealed_elder(1, HE_1946);
    let (other, third) = (app.add_elder(2), app.add_elder(2));
    app.add_caregiver(1, provider);
    app.add_station(1, Some(provider));
    app.add_station(2, None);
    let home = app.add_institution(1);
    let station = app.add_station(1, None);
    app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    app.add_device("FS-1", DeviceKind::FireSensor, 1, DevicePlace::Institution(home));
    app.add_device("HD-1", DeviceKind::HomeDevice, 2, DevicePlace::Elder(other));
    let rows = [
        format!("1号楼|2|201|女|1|护理床位|林一|{SHE_1940}|女|1940-05-01||2026-11-01|全护理|"),
        "1号楼|2|202||1|自理床位||||||||".to_owned(),
        "|-1|B01||乙|日托位||||||||".to_owned(),
    ];
    imported(app, ImportKind::House, Some(home), flat(&rows.each_ref().map(String::as_str))).await;
    let bed = app.add_bed(1, home);
    app.write(|tx| close_bed(tx, bed, 1, "改造"));
    let ask = |elder, institution_id, bed_kind| Waiting {
        whom: Whom::Elder(elder),
        institution_id,
        bed_kind,
        care_level: Some(CareLevel::HalfCare),
        class_code: None,
        note: "请靠近安海，电话先联系".to_owned(),
    };
    app.write(|tx| ask_for_bed(tx, &ask(other, Some(home), Some(BedKind::Nursing))));
    app.write(|tx| ask_for_bed(tx, &ask(third, None, None)));
}

both!(what_is_exported_imports_unchanged_and_is_exported_alike, |app| async {
    furnish(app).await;
    let wang = app.user("wang", Role::CityManager, Place::City).await;
    let export = async |list: &str, lang: &str| {
        wang.get(&format!("/{list}.xlsx?lang={lang}")).await.bytes().await.unwrap().to_vec()
    };
    for (kind, list) in LISTS {
        for lang in ["zh-CN", "en"] {
            let before = export(list, lang).await;
            let id = imported(app, kind, None, before.clone()).await;
            let (before, after) = (cells(before), cells(export(list, lang).await));
            assert!(before.len() > 1, "{list} has rows");
            assert_eq!(said(app, id), Vec::<String>::new(), "{list} {lang}");
            assert_eq!(counts(app, id).unchanged as usize, before.len() - 1, "{list} {lang}");
            assert_eq!(after, before, "{list} {lang}");
        }
    }
});
