//! Transfers that wait for an answer.

use crate::access::{Permission, Scope};
use crate::beds::store::{open_transfers, operating_institutions};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::web::{Cell, Column, List, Row, Words};

pub struct Transfers;

impl List for Transfers {
    const PATH: &'static str = "/transfers";
    const EXPORT_PATH: &'static str = "/transfers.xlsx";
    const HEADING: &'static str = "transfer.heading";
    const EMPTY: &'static str = "transfer.empty";
    const NEED: Permission = Permission::SeeBeds;
    const TOPIC: Option<Topic> = Some(Topic::Stay);
    const COLUMNS: &'static [Column] = &[
        Column::text("elder", "field.lives_here").unsorted(),
        Column::text("from", "field.from_institution").unsorted(),
        Column::text("to", "field.to_institution").unsorted(),
        Column::text("reason", "field.reason").unsorted(),
        Column::text("asked_at", "field.asked_at").unsorted(),
        Column::text("answer", "field.answer").unsorted(),
        Column::text("close", "transfer.close").unsorted(),
    ];

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let found = open_transfers(connection, scope)?;
        let total = found.len() as i64;
        let ids: Vec<i64> = found.iter().map(|row| row.elder_id).collect();
        let names = visible_names(connection, scope, &ids, words.now)?;
        let houses = operating_institutions(connection)?;
        let house = |id: i64| {
            let found = houses.iter().find(|(known, _)| *known == id);
            Cell::text(found.map(|(_, name)| name.clone()).unwrap_or_default())
        };
        let manage = scope.reach(Permission::ManageStays);
        let shown = found.into_iter().skip(request.offset as usize).take(request.limit as usize);
        let rows = shown.map(|row| {
            let (is_to, is_from) =
                manage.as_ref().map_or((false, false), |reach| (row.is_to(reach), row.is_from(reach)));
            let answer = if is_to {
                Cell::text(words.t("transfer.accept")).link(format!("/transfers/{}/accept", row.id))
            } else {
                Cell::chip(words.name_of("transfer_state", row.state.name()), "wait")
            };
            let close = |key| Cell::text(words.t(key)).link(format!("/transfers/{}/close", row.id));
            let close = match (is_to, is_from) {
                (true, _) => close("transfer.decline"),
                (false, true) => close("transfer.take_back"),
                (false, false) => Cell::text(String::new()),
            };
            Row {
                href: None,
                cells: vec![
                    Cell::text(names.get(&row.elder_id).cloned().unwrap_or_else(|| words.t("bed.not_yours"))),
                    house(row.institution_id),
                    house(row.to_institution_id),
                    Cell::text(row.reason),
                    Cell::text(words.calendar.show(row.asked_at)),
                    answer,
                    close,
                ],
            }
        });
        Ok(Listed { rows: rows.collect(), total })
    }
}
