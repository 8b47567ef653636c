//! The form of a day of the schedule.

use super::model::HolidayInput;
use super::pages::Calendar;
use super::store::{HolidayRow, get_holiday};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::plans::model::HolidayKind;
use crate::text::Text;
use crate::web::{Context, Create, FormField, Input, RecordForm, Words};

impl RecordForm for Calendar {
    const NEW: Create = ("/holidays/new", "holiday.new", Permission::EditCatalogue);
    const ONE_PATH: &'static str = "/holidays/{id}";
    const EDIT_PATH: &'static str = "/holidays/{id}/edit";
    const EDIT_HEADING: &'static str = "holiday.edit";
    type Values = HolidayInput;
    type Row = HolidayRow;
    type Offer = ();

    fn read(input: &Input) -> Result<HolidayInput> {
        let day = input.text("day").parse();
        let kind = HolidayKind::parse(&input.text("kind"));
        Ok(HolidayInput {
            day: day.map_err(|_| Error::field("day", Text::new("rule.date")))?,
            kind: kind.ok_or_else(|| Error::field("kind", Text::new("rule.choose")))?,
            name_zh: input.text("name_zh"),
            name_en: input.text("name_en"),
            source: input.text("source"),
            confirmed: input.flag("confirmed"),
        })
    }

    fn typed(row: &HolidayRow) -> Input {
        let values = row.input();
        Input::of([
            ("day", values.day.to_string()),
            ("kind", values.kind.name().to_owned()),
            ("name_zh", values.name_zh),
            ("name_en", values.name_en),
            ("source", values.source),
            ("confirmed", values.confirmed.to_string()),
        ])
    }

    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<HolidayRow> {
        get_holiday(connection, scope, Permission::EditCatalogue, id)
    }

    fn version(row: &HolidayRow) -> i64 {
        row.version
    }

    fn add(tx: &mut Tx<'_>, values: &HolidayInput) -> Result<i64> {
        add(tx, values)
    }

    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &HolidayInput) -> Result<()> {
        change(tx, id, seen, values)
    }

    fn offer(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<()> {
        Ok(())
    }

    fn fields(context: &Context, (): (), _: Option<&HolidayRow>, input: &Input) -> Vec<FormField> {
        let field = |name, kind| FormField::of(context, name, kind, input).required(true);
        let kinds = HolidayKind::NAMES
            .iter()
            .map(|name| ((*name).to_owned(), context.name_of("holiday_kind", name)))
            .collect();
        vec![
            field("day", "date"),
            field("kind", "select").options(kinds),
            field("name_zh", "text"),
            field("name_en", "text"),
            field("source", "text").hint(context.t("hint.holiday_source")),
            field("confirmed", "checkbox").required(false).hint(context.t("hint.confirmed")),
        ]
    }
}
