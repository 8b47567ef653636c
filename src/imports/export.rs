//! Whole records of elders as a file that the import reads again unchanged.

use super::kinds::elders::{COLUMNS, cells};
use crate::access::Scope;
use crate::app::App;
use crate::elders::store::{Category, categories};
use crate::elders::{Record, age_years, reveal_records};
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::registry::codes;
use crate::registry::store::{names_of_towns, names_of_villages};
use crate::text::{Lang, Text};

crate::text_enum! {
    pub enum FileFormat {
        Xlsx = "xlsx",
        Csv = "csv",
    }
}

/// Records of one file at most.
pub const EXPORT_RECORDS_MAX: i64 = 5_000;

/// The records that the filters of the list of elders leave, with all that is on file in clear. Who exported whose is in the audit
/// chain before anything is read.
pub async fn export_elders(
    app: &App,
    scope: &Scope,
    request: ListRequest,
    (format, lang): (FileFormat, Lang),
) -> Result<Vec<u8>> {
    let asked = ListRequest { limit: EXPORT_RECORDS_MAX + 1, offset: 0, ..request };
    let revealed = app
        .write(scope, move |tx| {
            let revealed = reveal_records(tx, &asked)?;
            if revealed.len() as i64 > EXPORT_RECORDS_MAX {
                let rule = Text::new("import.export_too_many").with("max", EXPORT_RECORDS_MAX);
                return Err(Error::field("town", rule));
            }
            Ok(revealed)
        })
        .await?;
    let (keys, today) = (app.keys.clone(), app.calendar.day_of(app.clock.now()));
    app.db
        .read(move |connection| {
            let records = revealed.read(connection, &keys)?;
            let all = categories(connection)?;
            let towns = names_of_towns(connection)?;
            let codes = records.iter().map(|record| record.elder.village_code.clone());
            let villages = names_of_villages(connection, codes)?;
            let place = |record: &Record| {
                let town = towns.get(&record.elder.town_code);
                let town = town.map_or("", |name| match lang {
                    Lang::Chinese => name.zh.as_str(),
                    Lang::English => name.en.as_str(),
                });
                (town.to_owned(), villages.get(&record.elder.village_code).cloned().unwrap_or_default())
            };
            let rows = records.iter().map(|record| row(record, place(record), &all, (lang, today)));
            match format {
                FileFormat::Xlsx => workbook(rows, lang),
                FileFormat::Csv => text(rows, lang),
            }
        })
        .await
}

fn headings(lang: Lang) -> Vec<String> {
    COLUMNS.iter().map(|column| lang.t(column.label).into_owned()).collect()
}

/// One text for each column of the import.
fn row(
    record: &Record,
    (town, village): (String, String),
    all: &[Category],
    (lang, today): (Lang, chrono::NaiveDate),
) -> Vec<String> {
    let (elder, personal) = (&record.elder, &record.personal);
    let name = |kind: &str, value: &str| lang.t(&format!("enums.{kind}.{value}")).into_owned();
    let flag = |yes: bool| name("yes_no", if yes { "true" } else { "false" });
    let value = |key: &str| match key {
        "name" => elder.name.clone(),
        "gender" => name("gender", elder.gender.name()),
        "age" => age_years(elder.born_on, today).to_string(),
        "town_code" => town.clone(),
        "village_code" => village.clone(),
        "home_visits" => flag(elder.home_visits),
        "identity" => personal.identity.clone(),
        "born_on" => elder.born_on.to_string(),
        "phone" => personal.phone.clone(),
        "address" => personal.address.clone(),
        "door_note" => personal.door_note.clone(),
        "longitude" => elder.longitude.to_string(),
        "latitude" => elder.latitude.to_string(),
        "languages" => codes::shown(lang, "language", &elder.languages),
        "gender_wish" => elder.gender_wish.map(|gender| name("gender", gender.name())).unwrap_or_default(),
        "gender_wish_hard" => flag(elder.gender_wish_hard),
        "language_wish" => {
            elder.language_wish.map(|language| name("language", language.name())).unwrap_or_default()
        }
        "language_wish_hard" => flag(elder.language_wish_hard),
        key => match cells::PARTS.iter().find(|(_, column)| *column == key) {
            Some((part, _)) => cells::written(*part, record, all, lang),
            // What only informs, and the system of coordinates that are WGS-84 by now.
            None => String::new(),
        },
    };
    COLUMNS.iter().map(|column| value(column.key)).collect()
}

/// Text is written as text, so no cell can become a formula.
fn workbook(rows: impl Iterator<Item = Vec<String>>, lang: Lang) -> Result<Vec<u8>> {
    let fault = |error: rust_xlsxwriter::XlsxError| Error::internal("workbook").because(error);
    let mut book = rust_xlsxwriter::Workbook::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let wrapped = rust_xlsxwriter::Format::new().set_text_wrap();
    let sheet = book.add_worksheet();
    for (column, heading) in headings(lang).iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, heading, &bold).map_err(fault)?;
    }
    for (line, cells) in rows.enumerate() {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string_with_format(line as u32 + 1, column as u16, cell, &wrapped).map_err(fault)?;
        }
    }
    sheet.set_freeze_panes(1, 1).map_err(fault)?;
    book.save_to_buffer().map_err(fault)
}

/// With the mark that tells spreadsheet programs of UTF-8; what one would take for a formula is defused.
fn text(rows: impl Iterator<Item = Vec<String>>, lang: Lang) -> Result<Vec<u8>> {
    let fault = |error: csv::Error| Error::internal("csv").because(error);
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(headings(lang)).map_err(fault)?;
    for cells in rows {
        let defused = cells
            .into_iter()
            .map(|cell| if cell.starts_with(['=', '+', '-', '@', '\t']) { format!("'{cell}") } else { cell });
        writer.write_record(defused).map_err(fault)?;
    }
    writer.into_inner().map_err(|error| Error::internal("csv").because(error.to_string()))
}
