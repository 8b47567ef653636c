//! The waiting list, one who waits with the beds that fit, and asking for a bed.

use actix_web::{HttpRequest, HttpResponse, web};

use super::steps::{chosen, fresh, is_for_form, names};
use crate::access::{Permission, Scope};
use crate::beds::model::{BedKind, CareLevel, Person, WaitingState};
use crate::beds::store::{ClassRow, EntryListed, classes, get_entry, institutions_with_beds, list_entries};
use crate::beds::{Candidate, Waiting, Whom, ask_for_bed, candidates};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::elders::named;
use crate::elders::store::get_person;
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::text::Text;
use crate::web::{
    Action, Cell, Column, Detail, Field, Filter, FilterKind, Form, FormField, Input, List, Row, Section,
    Visitor, Words, detail_page, form_page, redirect, table,
};

/// Beds shown that fit, and beds shown with the reason why they do not.
const FITTING_MAX: usize = 20;
const MISFITS_MAX: usize = 20;

pub struct Line;

impl List for Line {
    const PATH: &'static str = "/waiting";
    const EXPORT_PATH: &'static str = "/waiting.xlsx";
    const HEADING: &'static str = "waiting.heading";
    const EMPTY: &'static str = "waiting.empty";
    const NEED: Permission = Permission::SeeBeds;
    const TOPIC: Option<Topic> = Some(Topic::Stay);
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/waiting-classes", "waiting.classes", "list-filter"),
        ("/beds/city", "bed.overview", "layout-dashboard"),
    ];
    const CREATE: Option<(&'static str, &'static str, Permission)> =
        Some(("/waiting/new", "waiting.new", Permission::ManageWaiting));
    const IMPORT: Option<(&'static str, Permission)> = Some(("waiting", Permission::ManageWaiting));
    const COLUMNS: &'static [Column] = &[
        Column::number("position", "field.position").unsorted(),
        Column::text("elder", "field.elder").unsorted(),
        Column::text("class", "field.class").unsorted(),
        Column::text("institution", "field.wished_institution").unsorted(),
        Column::text("kind", "field.bed_kind").unsorted(),
        Column::text("level", "field.care_level").unsorted(),
        Column::text("asked_at", "field.asked_at").unsorted(),
        Column::text("note", "field.note").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let houses = institutions_with_beds(connection, scope)?;
        let houses = houses.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
        let classes = classes(connection)?;
        let classes =
            classes.into_iter().map(|class| (class.code.clone(), class_name(words, &class))).collect();
        Ok(vec![
            Filter { name: "class", label: "field.class", kind: FilterKind::Select(classes) },
            Filter {
                name: "institution",
                label: "field.wished_institution",
                kind: FilterKind::Select(houses),
            },
            Filter { name: "kind", label: "field.bed_kind", kind: words.choices("bed_kind", BedKind::NAMES) },
            Filter {
                name: "state",
                label: "field.state",
                kind: FilterKind::OneOf(
                    WaitingState::NAMES
                        .iter()
                        .map(|name| ((*name).to_owned(), words.name_of("waiting_state", name)))
                        .collect(),
                    "waiting",
                ),
            },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_entries(connection, scope, request, words.now)?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(),
            total: listed.total,
        })
    }
}

fn class_name(words: &Words, class: &ClassRow) -> String {
    words.pick(&class.name_zh, &class.name_en)
}

fn cells(listed: EntryListed, words: &Words) -> Row {
    let EntryListed { entry, position, elder, institution, class } = listed;
    let mut class = Cell::text(class_name(words, &class));
    if entry.jump_rank.is_some() {
        class = Cell::chip(format!("{} · {}", class.text, words.t("waiting.jumped")), "warn");
    }
    Row {
        href: Some(format!("/waiting/{}", entry.id)),
        cells: vec![
            position.map_or_else(|| Cell::text("—"), Cell::count),
            Cell::text(elder.unwrap_or_else(|| words.t("bed.not_yours"))),
            class,
            Cell::text(institution.unwrap_or_else(|| words.t("waiting.anywhere"))),
            Cell::text(entry.bed_kind.map(|kind| words.name_of("bed_kind", kind.name())).unwrap_or_default()),
            Cell::text(
                entry.care_level.map(|level| words.name_of("care_level", level.name())).unwrap_or_default(),
            ),
            Cell::text(words.calendar.show(entry.asked_at)),
            Cell::text(entry.note),
        ],
    }
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let asked = words.clone();
    let (listed, found) = visitor
        .app
        .db
        .read(move |connection| {
            let entry = get_entry(connection, &scope, Permission::SeeBeds, id)?;
            let filters = [("state".to_owned(), entry.state.name().to_owned())].into();
            let one = ListRequest { filters, after_id: Some(id - 1), limit: 1, ..ListRequest::default() };
            let listed = list_entries(connection, &scope, &one, asked.now)?.rows.pop();
            let elder = get_person(connection, entry.elder_id)?;
            let person = Person {
                gender: elder.gender,
                level: entry.care_level,
                kind: entry.bed_kind,
                isolation: false,
            };
            let home = Some((elder.longitude, elder.latitude));
            let found = candidates(connection, &scope, &person, home, None, (asked.calendar, asked.now))?;
            Ok((listed.ok_or_else(Error::not_found)?, found))
        })
        .await?;
    let is_open = listed.entry.state == WaitingState::Waiting;
    let (mut fitting, others): (Vec<_>, Vec<_>) = found.into_iter().partition(Candidate::fits);
    // Where the elder wishes to live comes first; the sort keeps the order otherwise.
    let wished = listed.entry.institution_id;
    fitting.sort_by_key(|one| wished != Some(one.offered.bed.institution_id));
    let rows = |found: Vec<Candidate>, max: usize| -> Vec<Row> {
        found.into_iter().take(max).map(|one| offer_row(&visitor, &listed, one)).collect()
    };
    let mut sections = vec![Section {
        heading: visitor.t("detail.facts").into_owned(),
        fields: facts(&words, &listed),
        table: None,
    }];
    if is_open {
        for (heading, count, rows) in [
            ("waiting.fitting", fitting.len(), rows(fitting, FITTING_MAX)),
            ("waiting.not_fitting", others.len(), rows(others, MISFITS_MAX)),
        ] {
            sections.push(Section {
                heading: visitor.lang.fill(heading, &[("n", &count.to_string())]),
                fields: Vec::new(),
                table: Some(table(&visitor, OFFER_COLUMNS, rows)),
            });
        }
    }
    detail_page(
        &visitor,
        Detail {
            heading: listed.elder.clone().unwrap_or_else(|| visitor.t("bed.not_yours").into_owned()),
            subheading: visitor.t("waiting.heading").into_owned(),
            actions: if is_open { actions(&visitor, &listed) } else { Vec::new() },
            sections,
            topic: Some(Topic::Stay),
        },
    )
}

fn actions(visitor: &Visitor, listed: &EntryListed) -> Vec<Action> {
    let entry = &listed.entry;
    let reach = visitor.scope().reach(Permission::ManageWaiting);
    if !reach.is_ok_and(|reach| reach.covers(Some(&entry.town_code), entry.institution_id)) {
        return Vec::new();
    }
    let link = |step: &str, key: &str, icon| {
        Action::link(format!("/waiting/{}/{step}", entry.id), visitor.t(key), icon)
    };
    vec![link("jump", "waiting.jump", "chevron-up"), link("withdraw", "waiting.withdraw", "x")]
}

fn facts(words: &Words, listed: &EntryListed) -> Vec<Field> {
    let entry = &listed.entry;
    let position = listed.position.map(|position| position.to_string()).unwrap_or_default();
    let kind = entry.bed_kind.map(|kind| words.name_of("bed_kind", kind.name())).unwrap_or_default();
    let level = entry.care_level.map(|level| words.name_of("care_level", level.name())).unwrap_or_default();
    let class = class_name(words, &listed.class);
    let class =
        if listed.class.confirmed { class } else { format!("{class} {}", words.t("waiting.unconfirmed")) };
    vec![
        Field::new(words.t("field.position"), position),
        Field::new(words.t("field.class"), class),
        Field::new(
            words.t("field.wished_institution"),
            listed.institution.clone().unwrap_or_else(|| words.t("waiting.anywhere")),
        ),
        Field::new(words.t("field.bed_kind"), kind),
        Field::new(words.t("field.care_level"), level),
        Field::new(words.t("field.asked_at"), words.calendar.show(entry.asked_at)),
        Field::new(words.t("field.state"), words.name_of("waiting_state", entry.state.name())),
        Field::new(words.t("field.note"), &entry.note),
    ]
}

const OFFER_COLUMNS: &[Column] = &[
    Column::text("bed", "field.bed"),
    Column::text("institution", "field.institution"),
    Column::text("kind", "field.kind"),
    Column::text("gender_rule", "field.gender_rule"),
    Column::number("distance", "field.distance"),
    Column::text("why", "field.fit"),
];

/// A bed that fits leads to admitting this elder there, where the asker may.
fn offer_row(visitor: &Visitor, listed: &EntryListed, one: Candidate) -> Row {
    let words = Words::of(visitor);
    let bed = &one.offered.bed;
    let reach = visitor.scope().reach(Permission::ManageStays);
    let may_admit =
        one.fits() && reach.is_ok_and(|reach| reach.covers(Some(&bed.town_code), Some(bed.institution_id)));
    let href = if may_admit {
        let level = listed.entry.care_level.map(|level| format!("&care_level={}", level.name()));
        format!("/beds/{}/admit?elder={}{}", bed.id, listed.entry.elder_id, level.unwrap_or_default())
    } else {
        format!("/beds/{}", bed.id)
    };
    let reasons: Vec<String> = one.misfits.iter().map(|misfit| misfit.text().to(visitor.lang)).collect();
    let fit = if reasons.is_empty() {
        Cell::chip(words.t("waiting.fits"), "ok")
    } else {
        let tone = if one.fits() { "warn" } else { "off" };
        Cell::chip(reasons.join(&words.t("list.separator")), tone)
    };
    let distance = one.distance_m.unwrap_or_default() as f64 / 1_000.0;
    Row {
        href: Some(href),
        cells: vec![
            Cell::text(format!("{}-{}", bed.room, bed.label)),
            Cell::text(&one.offered.institution),
            Cell::text(words.name_of("bed_kind", bed.kind.name())),
            Cell::text(words.name_of("gender_rule", bed.gender_rule.name())),
            Cell::number(distance, format!("{distance:.1} km")),
            fit,
        ],
    }
}

pub async fn show_new(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let form = form(&visitor, &fresh(&visitor, http.query_string())?).await?;
    form_page(&visitor, form, None)
}

pub async fn save_new(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    match try_save(&visitor, &input).await {
        Ok(id) => Ok(redirect(&format!("/waiting/{id}"))),
        Err(error) if is_for_form(&error) => {
            let form = form(&visitor, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

async fn try_save(visitor: &Visitor, input: &Input) -> Result<i64> {
    let elder = named(&visitor.app, &visitor.scope(), ("elder", &input.text("elder"))).await?;
    let institution_id = match input.text("institution").as_str() {
        "" => None,
        text => Some(
            text.parse().map_err(|_| Error::field("institution", Text::new("rule.unknown_institution")))?,
        ),
    };
    let waiting = Waiting {
        whom: Whom::Elder(elder),
        institution_id,
        bed_kind: chosen(input, "bed_kind", BedKind::parse)?,
        care_level: chosen(input, "care_level", CareLevel::parse)?,
        class_code: Some(input.text("class")).filter(|code| !code.is_empty()),
        note: input.text("note"),
    };
    visitor.app.write(&visitor.scope(), move |tx| ask_for_bed(tx, &waiting)).await
}

async fn form(visitor: &Visitor, input: &Input) -> Result<Form> {
    let scope = visitor.scope();
    let (houses, classes) = visitor
        .app
        .db
        .read(move |connection| Ok((institutions_with_beds(connection, &scope)?, classes(connection)?)))
        .await?;
    let first = |key: &str| std::iter::once((String::new(), visitor.t(key).into_owned()));
    let houses = houses.into_iter().map(|(id, name)| (id.to_string(), name));
    let classes = classes
        .into_iter()
        .map(|class| (class.code.clone(), visitor.pick(&class.name_zh, &class.name_en).to_owned()));
    let select = |name: &'static str, options: Vec<(String, String)>| {
        FormField::of(visitor, name, "select", input).options(options)
    };
    Ok(Form {
        heading: visitor.t("waiting.new").into_owned(),
        action: "/waiting".to_owned(),
        fields: vec![
            FormField::of(visitor, "elder", "text", input).required(true).hint(visitor.t("hint.elder_named")),
            select("institution", first("waiting.anywhere").chain(houses).collect()),
            select("bed_kind", names(visitor, "bed_kind", BedKind::NAMES, true)),
            select("care_level", names(visitor, "care_level", CareLevel::NAMES, true)),
            select("class", first("waiting.class_by_categories").chain(classes).collect()),
            FormField::of(visitor, "note", "text", input),
        ],
        submit_label: visitor.t("waiting.new").into_owned(),
        cancel_href: "/waiting".to_owned(),
        ..Form::default()
    })
}
