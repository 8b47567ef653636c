use actix_web::{HttpResponse, web};

use super::add::{Absence, add, cancel};
use super::model::AbsenceKind;
use super::store;
use crate::access::{Permission, Scope};
use crate::beds::pages::steps::{Step, at_fields, chosen, instant, names, step_routes};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::text::Text;
use crate::visits::store::{caregivers_in_reach, get_caregiver};
use crate::web::{
    Cell, Column, Filter, FilterKind, Form, FormField, Input, List, Need, Route, Row, Visitor, Words,
    list_routes, post, redirect,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Absences>().to_vec();
    routes.extend(step_routes::<New>());
    routes.push(post("/absences/{id}/cancel", Need::May(Permission::AssignVisits), || web::to(save_cancel)));
    routes
}

struct Absences;

impl List for Absences {
    const PATH: &'static str = "/absences";
    const EXPORT_PATH: &'static str = "/absences.xlsx";
    const HEADING: &'static str = "absence.heading";
    const EMPTY: &'static str = "absence.empty";
    const NEED: Permission = Permission::SeeVisits;
    const TOPIC: Option<Topic> = Some(Topic::Visit);
    const COLUMNS: &'static [Column] = &[
        Column::text("caregiver", "field.caregiver_id").unsorted(),
        Column::text("kind", "field.absence_kind").unsorted(),
        Column::text("starts", "field.away_on"),
        Column::text("ends", "field.ends_at"),
        Column::text("note", "field.note").unsorted(),
        Column::text("owner", "field.owner").unsorted(),
        Column::text("cancel", "absence.cancel").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let people = caregivers_in_reach(connection, scope)?;
        let people = people.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
        let today = words.calendar.day_of(words.now);
        Ok(vec![
            Filter { name: "from", label: "field.away_on", kind: FilterKind::Day(today) },
            Filter { name: "caregiver", label: "field.caregiver_id", kind: FilterKind::Select(people) },
            Filter {
                name: "kind",
                label: "field.absence_kind",
                kind: words.choices("absence_kind", AbsenceKind::NAMES),
            },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = store::list(connection, scope, request, (words.calendar, words.now))?;
        let may_cancel = scope.may(Permission::AssignVisits);
        let rows = listed.rows.into_iter().map(|(row, caregiver)| Row {
            href: None,
            cells: vec![
                Cell::text(caregiver),
                Cell::text(words.name_of("absence_kind", row.kind.name())),
                Cell::text(words.calendar.show(row.starts_at)),
                Cell::text(words.calendar.show(row.ends_at)),
                Cell::text(row.note),
                Cell::text(row.recorded_by),
                if may_cancel {
                    Cell::button(
                        words.t("absence.cancel"),
                        format!("/absences/{}/cancel?version={}", row.id, row.version),
                    )
                } else {
                    Cell::default()
                },
            ],
        });
        Ok(Listed { rows: rows.collect(), total: listed.total })
    }
}

/// The version that was seen stands in the address of the list's button.
async fn save_cancel(
    visitor: Visitor,
    id: web::Path<i64>,
    http: actix_web::HttpRequest,
    body: String,
) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(http.query_string())?.version().or_else(|_| Input::parse(&body)?.version())?;
    visitor.app.write(&visitor.scope(), move |tx| cancel(tx, id, version)).await?;
    Ok(redirect("/absences"))
}

struct New;

impl Step for New {
    const PATH: &'static str = "/caregivers/{id}/absence";
    const NEED: Permission = Permission::AssignVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let scope = visitor.scope();
        let caregiver = visitor.app.db.read(move |connection| get_caregiver(connection, &scope, id)).await?;
        let kinds = names(visitor, "absence_kind", AbsenceKind::NAMES, false);
        let mut fields =
            vec![FormField::of(visitor, "absence_kind", "select", input).required(true).options(kinds)];
        fields.extend(at_fields(visitor, input, "away_on", "away_time", true));
        fields.extend(at_fields(visitor, input, "back_on", "back_time", true));
        fields.push(FormField::of(visitor, "note", "text", input));
        fields.push(FormField::of(visitor, "releases", "checkbox", input).hint(visitor.t("hint.releases")));
        Ok(Form {
            heading: visitor.lang.fill("absence.of", &[("caregiver", &caregiver.name)]),
            action: format!("/caregivers/{id}/absence"),
            fields,
            submit_label: visitor.t("absence.submit").into_owned(),
            cancel_href: format!("/caregivers/{id}"),
            ..Form::default()
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let calendar = visitor.app.calendar;
        let missing = |field| Error::field(field, Text::new("rule.date"));
        let wanted = Absence {
            caregiver_id: id,
            kind: chosen(input, "absence_kind", AbsenceKind::parse)?
                .ok_or_else(|| Error::field("absence_kind", Text::new("rule.choose")))?,
            starts_at: instant(calendar, input, "away_on", "away_time")?.ok_or_else(|| missing("away_on"))?,
            ends_at: instant(calendar, input, "back_on", "back_time")?.ok_or_else(|| missing("back_on"))?,
            note: input.text("note"),
            releases: input.flag("releases"),
        };
        let outcome = visitor.app.write(&visitor.scope(), move |tx| add(tx, &wanted)).await;
        outcome.map_err(|error| error.renamed(&[("starts_at", "away_time"), ("ends_at", "back_time")]))?;
        Ok(format!("/absences?caregiver={id}"))
    }
}
