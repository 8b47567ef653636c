//! Every frame and every part of the panels, and the frames that were refused: with filters, page by page, and as workbooks.

use super::words::fault_text;
use super::{HEX_BYTES_SHOWN, frame_row, instant, part_row, spaced};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::gb26875::model::{FRAME_KINDS, PartLevel, RefusalReason};
use crate::devices::gb26875::store::{
    FrameRow, PanelName, PartRow, RefusalRow, list_frames, list_parts, list_refusals, panel_names,
};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::web::{Cell, Column, Filter, FilterKind, List, Row, Words};

/// Pages beside these lists: address, text key, icon.
type Links = &'static [(&'static str, &'static str, &'static str)];

fn panels_filter(connection: &mut AnyConnection, scope: &Scope) -> Result<Filter> {
    let panels = panel_names(connection, scope)?.into_iter();
    let choices =
        panels.map(|panel| (panel.device_id.to_string(), format!("{} · {}", panel.code, panel.name)));
    Ok(Filter { name: "device", label: "field.device", kind: FilterKind::Select(choices.collect()) })
}

fn tests_filter(words: &Words) -> Filter {
    let choices =
        vec![("false".to_owned(), words.t("panel.mode_normal")), ("true".to_owned(), words.t("panel.test"))];
    Filter { name: "test", label: "field.panel_mode", kind: FilterKind::Select(choices) }
}

/// The panel of a row, with the row's cells behind its name.
fn of_panel(panels: &[PanelName], device_id: i64, row: impl FnOnce(Option<&PanelName>) -> Row) -> Row {
    let panel = panels.iter().find(|panel| panel.device_id == device_id);
    let name = panel.map(|panel| format!("{} · {}", panel.code, panel.name)).unwrap_or_default();
    let mut row = row(panel);
    row.cells.insert(0, Cell::text(name).link(format!("/devices/{device_id}")));
    row
}

pub(super) struct Frames;

impl List for Frames {
    /// Every byte of a frame is in its row.
    const EXPORT_ROWS: i64 = 10_000;
    const PATH: &'static str = "/fire-frames";
    const EXPORT_PATH: &'static str = "/fire-frames.xlsx";
    const HEADING: &'static str = "panel.all_frames";
    const EMPTY: &'static str = "panel.no_frames";
    const NEED: Permission = Permission::SeeDevices;
    const TOPIC: Option<Topic> = Some(Topic::Device);
    const LINKS: Links =
        &[("/fire-parts", "panel.all_parts", "radio"), ("/fire-refusals", "panel.refusals", "circle-x")];
    const COLUMNS: &'static [Column] = &[
        Column::text("device", "field.device").unsorted(),
        Column::text("received_at", "field.received_at").unsorted(),
        Column::number("seq", "field.frame_number").unsorted(),
        Column::text("kind", "field.frame_kind").unsorted(),
        Column::text("says", "field.frame_says").unsorted(),
        Column::text("hex", "field.frame_hex").unsorted(),
        Column::text("panel_at", "field.panel_time").unsorted().export_only(),
        Column::text("all", "field.frame_hex_all").unsorted().export_only(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let kinds = FRAME_KINDS.iter();
        let kinds = kinds.map(|kind| (kind.to_string(), words.name_of("fire_kind", &format!("k{kind}"))));
        Ok(vec![
            panels_filter(connection, scope)?,
            Filter { name: "kind", label: "field.frame_kind", kind: FilterKind::Select(kinds.collect()) },
            tests_filter(words),
            Filter { name: "from", label: "field.received_from", kind: FilterKind::AnyDay },
            Filter { name: "until", label: "field.received_until", kind: FilterKind::AnyDay },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let panels = panel_names(connection, scope)?;
        let listed = list_frames(connection, scope, request, words.calendar)?;
        let row = |frame: &FrameRow| {
            of_panel(&panels, frame.device_id, |panel| {
                let profile = words.dialects.get(panel.and_then(|panel| panel.profile.as_deref()));
                let mut row = frame_row(words, profile, frame);
                if request.is_export {
                    row.cells.push(instant(words, frame.panel_at));
                    row.cells.push(Cell::text(spaced(&frame.raw)));
                }
                row
            })
        };
        Ok(Listed { rows: listed.rows.iter().map(row).collect(), total: listed.total })
    }
}

pub(super) struct Parts;

impl List for Parts {
    const PATH: &'static str = "/fire-parts";
    const EXPORT_PATH: &'static str = "/fire-parts.xlsx";
    const HEADING: &'static str = "panel.all_parts";
    const EMPTY: &'static str = "panel.no_parts";
    const NEED: Permission = Permission::SeeDevices;
    const TOPIC: Option<Topic> = Some(Topic::Device);
    const LINKS: Links = &[("/fire-frames", "panel.all_frames", "activity")];
    const COLUMNS: &'static [Column] = &[
        Column::text("device", "field.device").unsorted(),
        Column::text("part", "field.panel_part").unsorted(),
        Column::text("number", "field.part_number").unsorted(),
        Column::text("label", "field.part_label").unsorted(),
        Column::text("state", "field.state").unsorted(),
        Column::text("value", "field.value").unsorted(),
        Column::text("at", "field.reported_at").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let levels = words.choices("part_level", PartLevel::NAMES);
        Ok(vec![
            panels_filter(connection, scope)?,
            Filter { name: "level", label: "field.panel_part", kind: levels },
            tests_filter(words),
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let panels = panel_names(connection, scope)?;
        let listed = list_parts(connection, scope, request)?;
        let row = |part: &PartRow| {
            of_panel(&panels, part.device_id, |panel| {
                let profile = words.dialects.get(panel.and_then(|panel| panel.profile.as_deref()));
                part_row(words, profile, part)
            })
        };
        Ok(Listed { rows: listed.rows.iter().map(row).collect(), total: listed.total })
    }
}

pub(super) struct Refusals;

impl List for Refusals {
    const PATH: &'static str = "/fire-refusals";
    const EXPORT_PATH: &'static str = "/fire-refusals.xlsx";
    const HEADING: &'static str = "panel.refusals";
    const EMPTY: &'static str = "panel.no_refusals";
    const NEED: Permission = Permission::SeeDevices;
    const LINKS: Links = &[("/fire-frames", "panel.all_frames", "activity")];
    const COLUMNS: &'static [Column] = &[
        Column::text("source", "field.source_address").unsorted(),
        Column::text("reason", "field.refusal_reason").unsorted(),
        Column::text("fault", "field.refusal_fault").unsorted(),
        Column::number("count", "field.occurrences").unsorted(),
        Column::text("last_at", "field.last_at").unsorted(),
        Column::text("first_at", "field.first_at").unsorted(),
        Column::text("sent_from", "field.sent_from").unsorted(),
        Column::text("hex", "field.frame_hex").unsorted(),
        Column::text("all", "field.frame_hex_all").unsorted().export_only(),
    ];

    fn note(_: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Option<String>> {
        Ok(Some(words.t("panel.refusals_about")))
    }

    fn filters(_: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let reasons = words.choices("refusal_reason", RefusalReason::NAMES);
        Ok(vec![
            Filter { name: "source", label: "field.source_address", kind: FilterKind::Text },
            Filter { name: "reason", label: "field.refusal_reason", kind: reasons },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_refusals(connection, scope, request)?;
        Ok(Listed {
            rows: listed.rows.iter().map(|row| refusal_row(words, row, request.is_export)).collect(),
            total: listed.total,
        })
    }
}

fn refusal_row(words: &Words, row: &RefusalRow, is_export: bool) -> Row {
    let all = is_export.then(|| Cell::text(spaced(&row.raw)));
    Row {
        href: None,
        cells: [
            Cell::text(&row.source),
            Cell::chip(words.name_of("refusal_reason", row.reason.name()), "warn"),
            Cell::text(fault_text(words, &row.fault)),
            Cell::count(row.occurrences),
            instant(words, Some(row.last_at)),
            instant(words, Some(row.first_at)),
            Cell::text(&row.sent_from),
            Cell::text(spaced(&row.raw[..row.raw.len().min(HEX_BYTES_SHOWN)])),
        ]
        .into_iter()
        .chain(all)
        .collect(),
    }
}
