use actix_web::{HttpResponse, web};

use super::model::{BedKind, BedState};
use super::store::{
    BedListed, StayListed, StayRow, get_bed, get_stay, institutions_with_beds, list_beds, stays_of_bed,
    town_name, with_stays,
};
use super::{Admission, Whom, admit, discharge};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::elders::{find_for_admission, is_identity};
use crate::error::{Code, Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::text::Text;
use crate::web::{
    Action, Cell, Column, Detail, Field, Filter, FilterKind, Form, FormField, Input, List, Need, Route, Row,
    Section, Visitor, Words, detail_page, form_page, get, list_routes, post, redirect, table,
};

pub fn routes() -> Vec<Route> {
    let manage = Need::May(Permission::ManageStays);
    let mut routes = list_routes::<Beds>().to_vec();
    routes.extend([
        get("/beds/{id}", Need::May(Permission::SeeBeds), || web::to(show)),
        get("/beds/{id}/admit", manage, || web::to(show_admit)),
        post("/beds/{id}/admit", manage, || web::to(save_admit)),
        get("/stays/{id}/discharge", manage, || web::to(show_discharge)),
        post("/stays/{id}/discharge", manage, || web::to(save_discharge)),
    ]);
    routes
}

struct Beds;

impl List for Beds {
    const PATH: &'static str = "/beds";
    const EXPORT_PATH: &'static str = "/beds.xlsx";
    const HEADING: &'static str = "bed.heading";
    const EMPTY: &'static str = "bed.empty";
    const NEED: Permission = Permission::SeeBeds;
    const TOPIC: Option<Topic> = Some(Topic::Stay);
    const COLUMNS: &'static [Column] = &[
        Column::text("label", "field.bed"),
        Column::text("institution", "field.institution"),
        Column::text("building", "field.building"),
        Column::number("floor", "field.floor"),
        Column::text("room", "field.room"),
        Column::text("kind", "field.kind"),
        Column::text("state", "field.state").unsorted(),
        Column::text("resident", "field.lives_here").unsorted(),
        Column::text("since", "field.since").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let institutions = institutions_with_beds(connection, scope)?;
        let institutions = institutions.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
        let towns = town_names(connection, scope, Permission::SeeBeds)?
            .into_iter()
            .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
            .collect();
        Ok(vec![
            Filter {
                name: "institution",
                label: "field.institution",
                kind: FilterKind::Select(institutions),
            },
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
            Filter { name: "kind", label: "field.kind", kind: words.choices("bed_kind", BedKind::NAMES) },
            Filter { name: "state", label: "field.state", kind: words.choices("bed_state", BedState::NAMES) },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_beds(connection, scope, request, words.now)?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(),
            total: listed.total,
        })
    }
}

fn cells(listed: BedListed, words: &Words) -> Row {
    let BedListed { bed, institution, stay, resident } = listed;
    let (state, tone) = state_of(stay.as_ref());
    let resident = match (&stay, resident) {
        (Some(stay), Some(name)) => Cell::text(name).link(format!("/elders/{}", stay.elder_id)),
        _ => Cell::default(),
    };
    Row {
        href: Some(format!("/beds/{}", bed.id)),
        cells: vec![
            Cell::text(format!("{}-{}", bed.room, bed.label)),
            Cell::text(institution),
            Cell::text(bed.building),
            Cell::count(i64::from(bed.floor)),
            Cell::text(bed.room),
            Cell::text(words.name_of("bed_kind", bed.kind.name())),
            Cell::chip(words.name_of("bed_state", state.name()), tone),
            resident,
            Cell::text(stay.map(|stay| words.calendar.show(stay.starts_at)).unwrap_or_default()),
        ],
    }
}

fn state_of(stay: Option<&StayRow>) -> (BedState, &'static str) {
    if stay.is_some() { (BedState::Occupied, "info") } else { (BedState::Free, "ok") }
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let asked = words.clone();
    let (listed, town, stays) = visitor
        .app
        .db
        .read(move |connection| {
            let bed = get_bed(connection, &scope, Permission::SeeBeds, id)?;
            let town = town_name(connection, &bed.town_code)?;
            let listed = with_stays(connection, &scope, vec![bed], asked.now)?.pop();
            let stays = stays_of_bed(connection, &scope, id, asked.now)?;
            Ok((listed.ok_or_else(Error::not_found)?, town, stays))
        })
        .await?;
    let rows = stays.into_iter().map(|stay| stay_row(stay, &words)).collect();
    detail_page(
        &visitor,
        Detail {
            heading: format!("{}-{}", listed.bed.room, listed.bed.label),
            subheading: listed.institution.clone(),
            actions: actions(&visitor, &listed),
            sections: vec![
                Section {
                    heading: visitor.t("detail.facts").into_owned(),
                    fields: facts(&words, &listed, &words.pick(&town.0, &town.1)),
                    table: None,
                },
                Section {
                    heading: visitor.t("bed.stays").into_owned(),
                    fields: Vec::new(),
                    table: Some(table(&visitor, STAY_COLUMNS, rows)),
                },
            ],
            topic: Some(Topic::Stay),
        },
    )
}

fn actions(visitor: &Visitor, listed: &BedListed) -> Vec<Action> {
    let reach = visitor.scope().reach(Permission::ManageStays);
    let bed = &listed.bed;
    if !reach.is_ok_and(|reach| reach.covers(Some(&bed.town_code), Some(bed.institution_id))) {
        return Vec::new();
    }
    let action = match &listed.stay {
        None => Action::link(format!("/beds/{}/admit", bed.id), visitor.t("bed.admit"), "log-in").primary(),
        Some(stay) => {
            Action::link(format!("/stays/{}/discharge", stay.id), visitor.t("bed.discharge"), "log-out")
                .primary()
        }
    };
    vec![action]
}

fn facts(words: &Words, listed: &BedListed, town: &str) -> Vec<Field> {
    let bed = &listed.bed;
    let (state, tone) = state_of(listed.stay.as_ref());
    let mut fields = vec![
        Field::new(words.t("field.institution"), &listed.institution)
            .link(format!("/institutions/{}", bed.institution_id)),
        Field::new(words.t("field.town_code"), town),
        Field::new(words.t("field.building"), &bed.building),
        Field::new(words.t("field.floor"), bed.floor.to_string()),
        Field::new(words.t("field.kind"), words.name_of("bed_kind", bed.kind.name())),
        Field::new(words.t("field.state"), words.name_of("bed_state", state.name())).chip(tone),
    ];
    if let Some(stay) = &listed.stay {
        fields.push(match &listed.resident {
            Some(name) => {
                Field::new(words.t("field.lives_here"), name).link(format!("/elders/{}", stay.elder_id))
            }
            None => Field::new(words.t("field.lives_here"), words.t("bed.not_yours")),
        });
        fields.push(Field::new(words.t("field.since"), words.calendar.show(stay.starts_at)));
    }
    fields
}

const STAY_COLUMNS: &[Column] = &[
    Column::text("elder", "field.lives_here"),
    Column::text("from", "field.stay_from"),
    Column::text("to", "field.stay_to"),
];

fn stay_row(listed: StayListed, words: &Words) -> Row {
    let StayListed { stay, elder, .. } = listed;
    let until = match stay.ends_at {
        Some(at) => Cell::text(words.calendar.show(at)),
        None => Cell::chip(words.t("bed.goes_on"), "ok"),
    };
    Row {
        href: elder.is_some().then(|| format!("/elders/{}", stay.elder_id)),
        cells: vec![
            Cell::text(elder.unwrap_or_else(|| words.t("bed.not_yours"))),
            Cell::text(words.calendar.show(stay.starts_at)),
            until,
        ],
    }
}

async fn show_admit(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let form = admit_form(&visitor, id.into_inner(), &now_as(&visitor, "from_on", "from_time")).await?;
    form_page(&visitor, form, None)
}

async fn save_admit(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    match try_admit(&visitor, id, &input).await {
        Ok(_) => Ok(redirect(&format!("/beds/{id}"))),
        Err(error) if is_for_form(&error) => {
            let form = admit_form(&visitor, id, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

/// The elder is named by record number or by identity number; a look-up by the latter is written down whatever follows.
async fn try_admit(visitor: &Visitor, bed_id: i64, input: &Input) -> Result<i64> {
    let from = instant(visitor.app.calendar, input, "from_on", "from_time")?;
    let elder = input.text("elder");
    let unknown = || Error::field("elder", Text::new("rule.unknown_elder"));
    let whom = if is_identity(&elder.to_ascii_uppercase()) {
        let found = visitor.app.write(&visitor.scope(), move |tx| find_for_admission(tx, &elder)).await?;
        Whom::Found(found.ok_or_else(unknown)?)
    } else {
        Whom::Elder(elder.parse().map_err(|_| Error::field("elder", Text::new("rule.elder")))?)
    };
    let admission = Admission { whom, bed_id, from };
    visitor.app.write(&visitor.scope(), move |tx| admit(tx, &admission)).await
}

async fn admit_form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
    let (scope, now) = (visitor.scope(), visitor.now);
    let bed = visitor
        .app
        .db
        .read(move |connection| {
            let bed = get_bed(connection, &scope, Permission::ManageStays, id)?;
            Ok(with_stays(connection, &scope, vec![bed], now)?.pop())
        })
        .await?
        .ok_or_else(Error::not_found)?;
    let place = format!("{} {}-{}", bed.institution, bed.bed.room, bed.bed.label);
    Ok(Form {
        heading: visitor.lang.fill("bed.admit_to", &[("bed", &place)]),
        action: format!("/beds/{id}/admit"),
        fields: vec![
            FormField::of(visitor, "elder", "text", input).required(true).hint(visitor.t("hint.elder_admit")),
            FormField::of(visitor, "from_on", "date", input).required(true),
            FormField::of(visitor, "from_time", "time", input).required(true),
        ],
        submit_label: visitor.t("bed.admit").into_owned(),
        cancel_href: format!("/beds/{id}"),
        ..Form::default()
    })
}

async fn show_discharge(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let input = now_as(&visitor, "to_on", "to_time");
    let (form, _) = discharge_form(&visitor, id.into_inner(), &input).await?;
    form_page(&visitor, form, None)
}

async fn save_discharge(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let version = input.version()?;
    let outcome = match instant(visitor.app.calendar, &input, "to_on", "to_time") {
        Ok(to) => visitor.app.write(&visitor.scope(), move |tx| discharge(tx, id, version, to)).await,
        Err(error) => Err(error),
    };
    let (form, bed_id) = discharge_form(&visitor, id, &input).await?;
    match outcome {
        Ok(()) => Ok(redirect(&format!("/beds/{bed_id}"))),
        Err(error) if is_for_form(&error) => {
            let current = form.version;
            form_page(&visitor, form, Some((&error, current)))
        }
        Err(error) => Err(error),
    }
}

/// The form, and the number of the stay's bed.
async fn discharge_form(visitor: &Visitor, id: i64, input: &Input) -> Result<(Form, i64)> {
    let (scope, now) = (visitor.scope(), visitor.now);
    let (stay, elder) = visitor
        .app
        .db
        .read(move |connection| {
            let stay = get_stay(connection, &scope, Permission::ManageStays, id)?;
            let names = crate::elders::store::visible_names(connection, &scope, &[stay.elder_id], now)?;
            let name = names.get(&stay.elder_id).cloned();
            Ok((stay, name))
        })
        .await?;
    let elder = elder.unwrap_or_else(|| visitor.t("bed.not_yours").into_owned());
    let since = visitor.show(stay.starts_at);
    let form = Form {
        heading: visitor.lang.fill("bed.discharge_of", &[("name", &elder)]),
        action: format!("/stays/{id}/discharge"),
        version: Some(stay.version),
        fields: vec![
            FormField::of(visitor, "to_on", "date", input)
                .required(true)
                .hint(visitor.lang.fill("hint.stay_since", &[("from", &since)])),
            FormField::of(visitor, "to_time", "time", input).required(true),
        ],
        submit_label: visitor.t("bed.discharge").into_owned(),
        cancel_href: format!("/beds/{}", stay.bed_id),
    };
    Ok((form, stay.bed_id))
}

fn is_for_form(error: &Error) -> bool {
    matches!(error.code, Code::Invalid | Code::Stale | Code::Taken | Code::IllegalMove)
}

/// Now, as a form shows it.
fn now_as(visitor: &Visitor, day: &'static str, time: &'static str) -> Input {
    Input::of([(day, visitor.today().to_string()), (time, visitor.app.calendar.show_time(visitor.now))])
}

/// Day and time of a form as an instant; none where both are empty, which means now.
fn instant(
    calendar: Calendar,
    input: &Input,
    day: &'static str,
    time: &'static str,
) -> Result<Option<Instant>> {
    let (on, at) = (input.text(day), input.text(time));
    if on.is_empty() && at.is_empty() {
        return Ok(None);
    }
    let on = on.parse().map_err(|_| Error::field(day, Text::new("rule.date")))?;
    let minutes = crate::input::minutes(&at).ok_or_else(|| Error::field(time, Text::new("rule.time")))?;
    Ok(Some(calendar.at(on, minutes)))
}
