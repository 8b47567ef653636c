//! Files that are made to harm, or that nobody could mean: each is refused with one clear message, in both languages, and
//! nothing is changed.

use std::io::Write;

use songhe::access::Scope;
use songhe::error::Code;
use songhe::imports::{ImportKind, read};
use songhe::text::Lang;

use super::help::{archive, book, counts, csv, handmade, handmade_entries, imported, send};
use crate::support::app::{TestApp, both};
use crate::support::process::songhe_command;

const NAMESPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// The rule that refuses the file, whose message is there in both languages.
async fn refusal(app: &TestApp, bytes: Vec<u8>) -> &'static str {
    let error = send(app, &Scope::system(), ImportKind::Stations, None, bytes).await.unwrap_err();
    assert_eq!((error.code, error.fields.len(), error.fields[0].field), (Code::Invalid, 1, "file"));
    let rule = &error.fields[0].rule;
    for lang in [Lang::Chinese, Lang::English] {
        let text = rule.to(lang);
        assert!(text != rule.key && !text.contains('{'), "{text}");
    }
    rule.key
}

fn inline(cell: &str, text: &str) -> String {
    format!(r#"<c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn sheet(dimension: &str, rows: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><worksheet xmlns="{NAMESPACE}"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>"#
    )
}

both!(archives_that_unpack_to_more_than_they_show_are_refused, |app| async {
    let zeros = vec![b'0'; 40 * 1024 * 1024];
    let mut packed_well = handmade_entries("");
    packed_well.push(("xl/media/image1.xml", &zeros));
    assert_eq!(refusal(app, archive(&packed_well)).await, "import.file.ratio");

    // Below the ratio, but more than 64 MB: a text that packs about thirty times.
    let mut text = Vec::new();
    let mut state = 1_u32;
    while text.len() < 34 * 1024 * 1024 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        write!(text, "<row><c>{:08x}</c></row>{}", state, " ".repeat(160)).unwrap();
    }
    let large = archive(&[("a.xml", &text), ("b.xml", &text)]);
    assert!(large.len() < read::FILE_BYTES_MAX, "{}", large.len());
    assert_eq!(refusal(app, large).await, "import.file.unpacked");

    let names: Vec<String> = (0..201).map(|number| format!("xl/part{number}.xml")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"<a/>"[..])).collect();
    assert_eq!(refusal(app, archive(&entries)).await, "import.file.entries");
    assert_eq!(app.count("SELECT count(*) AS n FROM imports"), 0);
});

both!(a_claimed_size_costs_nothing_and_a_far_cell_is_one_row, |app| async {
    app.add_towns();
    let rows = format!(
        r#"<row r="1">{}{}</row><row r="1048576">{}{}</row>"#,
        inline("A1", "名称"),
        inline("B1", "村（社区）"),
        inline("A1048576", "远站"),
        inline("B1048576", "前村")
    );
    let bytes = handmade(&sheet("A1:XFD1048576", &rows));
    assert!(bytes.len() < 3_000);
    let id = send(app, &Scope::system(), ImportKind::Stations, None, bytes).await.unwrap();
    assert_eq!(app.count(&format!("SELECT total_rows AS n FROM imports WHERE id = {id}")), 1);
});

both!(what_is_larger_than_a_limit_is_refused_by_its_limit, |app| async {
    let wide: Vec<String> = (0..201).map(|number| format!("c{number}")).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    assert_eq!(refusal(app, book(&[&wide, &wide])).await, "import.file.columns");
    let long = "长".repeat(1_366);
    assert_eq!(long.len(), read::CELL_BYTES_MAX + 2);
    assert_eq!(refusal(app, book(&[&["名称", "村"], &[&long, "前村"]])).await, "import.file.cell");
    assert_eq!(refusal(app, vec![b'a'; read::FILE_BYTES_MAX + 1]).await, "import.file.too_large");
    let mut lines = "name,village\n".to_owned();
    lines.push_str(&"a,b\n".repeat(read::ROWS_MAX + 1));
    assert_eq!(refusal(app, lines.into_bytes()).await, "import.file.rows");
});

both!(what_is_no_table_is_refused_as_that, |app| async {
    assert_eq!(refusal(app, Vec::new()).await, "import.file.empty");
    assert_eq!(refusal(app, b"\n\n".to_vec()).await, "import.file.empty");
    assert_eq!(refusal(app, b"%PDF-1.7\0\0".to_vec()).await, "import.file.not_a_workbook");
    assert_eq!(refusal(app, b"PK\x03\x04 and no more".to_vec()).await, "import.file.not_a_workbook");
    assert_eq!(refusal(app, archive(&[("hello.txt", b"hello")])).await, "import.file.not_a_workbook");
    // The container of a workbook with a password.
    let mut locked = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    locked.resize(4_096, 0);
    assert_eq!(refusal(app, locked).await, "import.file.locked");
    assert_eq!(refusal(app, b"a,b\n\xff\xff\xff\xff".to_vec()).await, "import.file.encoding");
    let numbers = csv(&[&["1", "2026-11-23"], &["2", "3"]]);
    assert_eq!(refusal(app, numbers.into_bytes()).await, "import.file.headings");
    let twice = book(&[&["名称", "村", "名 称"], &["a", "b", "c"]]);
    assert_eq!(refusal(app, twice).await, "import.file.same_heading");
    assert_eq!(refusal(app, book(&[&["名称", "村"]])).await, "import.file.no_rows");
    assert_eq!(app.count("SELECT count(*) AS n FROM imports"), 0);
});

/// Stations, of which every thousandth is one: most rows are refused by what they say alone, as in a file of another kind, so that
/// the time is that of reading and judging.
fn many_stations(rows: usize) -> Vec<u8> {
    let mut lines = "名称,镇街,村（社区）,经度\n".to_owned();
    for number in 0..rows {
        let longitude = if number % 1_000 == 0 { "118.5" } else { "东经" };
        lines.extend(["站", &number.to_string(), ",安海镇,前村,", longitude, "\n"]);
    }
    lines.into_bytes()
}

both!(a_hundred_thousand_rows_through_the_program_and_one_more_is_refused, |app| async {
    app.add_towns();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stations.csv");
    let (data, url) = (app.data_dir().display().to_string(), app.app.config.database.url.expose().to_owned());
    let import = |rows: usize| {
        std::fs::write(&file, many_stations(rows)).unwrap();
        let arguments =
            ["import", "stations", &file.display().to_string(), "--data", &data, "--database", &url];
        let output = songhe_command().args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.code(), text.concat())
    };
    let (status, text) = import(read::ROWS_MAX);
    assert_eq!(status, Some(1), "refused rows are told by the status: {text}");
    assert!(text.contains("100000 rows. Written: 100, unchanged: 0, refused: 99900."), "{text}");
    assert!(text.contains("and 99880 more"), "{text}");
    assert_eq!(app.count("SELECT count(*) AS n FROM stations"), 100);
    let (status, text) = import(read::ROWS_MAX + 1);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("100,000"), "the limit is named: {text}");
    assert_eq!(app.count("SELECT count(*) AS n FROM imports"), 1, "and nothing of it is kept");
});

both!(a_hundred_thousand_rows_are_taken, |app| async {
    app.add_towns();
    let id = imported(app, ImportKind::Stations, None, many_stations(read::ROWS_MAX)).await;
    let counts = counts(app, id);
    assert_eq!((counts.applied, counts.refused, counts.sum()), (100, 99_900, 100_000));
    assert_eq!(app.count("SELECT count(*) AS n FROM stations"), 100);
});
