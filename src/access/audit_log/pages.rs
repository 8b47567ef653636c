use actix_web::{HttpResponse, web};

use super::words;
use crate::access::audit::{self, Verdict};
use crate::access::store::{self, AuditFilter, AuditRow};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::web::{
    Action, Cell, Column, Detail, Field, Filter, FilterKind, List, Need, Route, Row, Section, Visitor, Words,
    detail_page, get, group_digits, list_routes,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<AuditLog>().to_vec();
    routes.push(get("/audit/verification", Need::May(Permission::SeeAudit), || web::to(verify)));
    routes
}

struct AuditLog;

impl List for AuditLog {
    const PATH: &'static str = "/audit";
    const EXPORT_PATH: &'static str = "/audit.xlsx";
    const HEADING: &'static str = "audit.heading";
    const EMPTY: &'static str = "audit.empty";
    const NEED: Permission = Permission::SeeAudit;
    const CREATE: Option<(&'static str, &'static str, Permission)> =
        Some(("/audit/verification", "audit.verify", Permission::SeeAudit));
    const CREATE_ICON: &'static str = "shield-check";
    const COLUMNS: &'static [Column] = &[
        Column::number("id", "field.row").unsorted(),
        Column::text("at", "field.at").unsorted(),
        Column::text("actor", "field.actor").unsorted(),
        Column::text("action", "field.action").unsorted(),
        Column::text("entity", "field.entity").unsorted(),
        Column::text("entity_id", "field.entity_id").unsorted(),
        Column::text("town", "field.town_code").unsorted(),
        Column::text("detail", "field.detail").unsorted(),
    ];

    fn filters(_connection: &mut AnyConnection, _scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let text = |name, label| Filter { name, label, kind: FilterKind::Text };
        Ok(vec![
            text("actor", "field.actor"),
            Filter {
                name: "action",
                label: "field.action",
                kind: words.choices("audit_action", words::ACTIONS),
            },
            Filter {
                name: "entity",
                label: "field.entity",
                kind: words.choices("audit_entity", words::ENTITIES),
            },
            text("entity_id", "field.entity_id"),
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let given = |name: &str| request.filter(name).map(|text| text.trim().to_owned());
        let filter = AuditFilter {
            actor: given("actor"),
            action: given("action"),
            entity: given("entity"),
            entity_id: given("entity_id"),
        };
        let (rows, total) = store::list_entries(connection, scope, &filter, request.offset, request.limit)?;
        Ok(Listed { rows: rows.into_iter().map(|row| cells(row, words)).collect(), total })
    }
}

fn cells(row: AuditRow, words: &Words) -> Row {
    Row {
        href: None,
        cells: vec![
            Cell::count(row.id),
            Cell::text(words.calendar.show_to_second(row.at)),
            Cell::text(row.actor),
            Cell::text(words.name_of("audit_action", &row.action)).nowrap(),
            Cell::text(words.name_of("audit_entity", &row.entity)).nowrap(),
            Cell::text(row.entity_id),
            Cell::text(row.town_code.unwrap_or_default()),
            Cell::text(words::detail(words, &row.detail)),
        ],
    }
}

/// Walks the whole chain now; nothing is changed by looking.
async fn verify(visitor: Visitor) -> Result<HttpResponse> {
    let scope = visitor.scope();
    scope.reach(Permission::SeeAudit)?;
    let keys = std::sync::Arc::clone(&visitor.app.keys);
    let anchor = audit::read_anchor(&visitor.app.anchor_file())?;
    let seen = anchor.clone();
    let verdict =
        visitor.app.db.read(move |connection| audit::verify(connection, &keys, seen.as_ref())).await?;
    let label = |key: &str| visitor.t(key).into_owned();
    let mut fields = match &verdict {
        Verdict::Whole { rows } => vec![
            Field::new(label("audit.verdict"), label("audit.whole")).chip("ok"),
            Field::new(label("audit.rows"), group_digits(*rows)),
        ],
        Verdict::Broken { row, why } => vec![
            Field::new(label("audit.verdict"), label("audit.broken")).chip("bad"),
            Field::new(label("audit.first_broken"), group_digits(*row)),
            Field::new(label("audit.why"), why.to(visitor.lang)),
        ],
    };
    let anchored = anchor.map(|anchor| group_digits(anchor.row)).unwrap_or_default();
    fields.push(Field::new(label("audit.anchored"), anchored));
    fields.push(Field::new(label("audit.verified_at"), visitor.app.calendar.show_to_second(visitor.now)));
    detail_page(
        &visitor,
        Detail {
            heading: label("audit.verification"),
            subheading: label("audit.explained"),
            actions: vec![
                Action::link("/audit", label("audit.back"), "arrow-left"),
                Action::link("/audit/verification", label("audit.verify_again"), "refresh-cw").primary(),
            ],
            sections: vec![Section { heading: label("audit.result"), fields, table: None }],
            topic: None,
        },
    )
}
