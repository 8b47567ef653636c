//! `songhe import`: records out of a workbook, from the command line of whoever holds the machine.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value as Json, json};

use super::{Failure, say, serve};
use crate::access::{Permission, Scope};
use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::imports::store::{self, BatchRow, Counts, RowRow};
use crate::imports::{self, ImportKind, Mapping, Problem, RowOutcome, Upload, read};
use crate::registry::institutions::store::find_called;
use crate::text::{Lang, Text};

/// Refused rows that are printed; all of them are in the workbook of errors.
const SHOWN_MAX: i64 = 20;

/// Import a workbook or a csv file; ends with status 1 where rows were refused.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    songhe import house rooms-and-residents.xlsx --dry-run\n  \
    songhe import house rooms.xlsx --institution 晋江市社会福利中心 --errors refused.xlsx\n  \
    songhe import stations stations.csv --map name=站名 --map village_code=所在村\n  \
    songhe import devices devices.xlsx --claim-codes to-print.xlsx\n  \
    songhe import --undo 17\n\n\
    Headings are known in Chinese and English, as the lists export them. The good rows are written, the others come with \
    their reason. An empty cell leaves what is on file as it is; the word 清空 or clear empties it. An import that was \
    interrupted can be sent again: what is written already is left as it is.")]
pub struct ImportArgs {
    /// What the rows are.
    #[arg(value_parser = PossibleValuesParser::new(ImportKind::NAMES), required_unless_present = "undo")]
    kind: Option<String>,
    /// xlsx, or csv in UTF-8 or GB 18030.
    #[arg(required_unless_present = "undo")]
    file: Option<PathBuf>,
    /// Take back what an import wrote, by its number; what has changed since stays and is listed.
    #[arg(long, value_name = "IMPORT", conflicts_with_all = ["kind", "file", "dry_run", "map", "institution", "errors"])]
    undo: Option<i64>,
    /// Say what would happen and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// A column of the system and the file's heading for it; may be given several times.
    #[arg(long, value_name = "COLUMN=HEADING")]
    map: Vec<String>,
    /// Name or number of the institution of rows that name none.
    #[arg(long, value_name = "INSTITUTION")]
    institution: Option<String>,
    /// Where to write the refused rows with their reasons.
    #[arg(long, value_name = "FILE.xlsx")]
    errors: Option<PathBuf>,
    /// Where to write the claim codes of the devices that were put on file, to be printed: they are shown this once.
    #[arg(long, value_name = "FILE.xlsx", conflicts_with_all = ["dry_run", "undo"])]
    claim_codes: Option<PathBuf>,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &ImportArgs, config: Config) -> std::result::Result<(), Failure> {
    match (args.undo, &args.file) {
        (Some(id), _) => take_back(id, args.json, config),
        (None, Some(file)) => bring_in(args, file, config),
        (None, None) => Err(Error::field("file", Text::new("rule.file")).into()),
    }
}

fn take_back(id: i64, json: bool, config: Config) -> std::result::Result<(), Failure> {
    let app = super::open(config)?;
    let scope = Scope::system();
    let (batch, counts, kept) = serve::runtime()?.block_on(async {
        imports::undo(&app, &scope, id).await?;
        outcome(&app, &scope, id, &[RowOutcome::Kept]).await
    })?;
    if json {
        let body = json!({
            "import": id, "kind": batch.kind.name(), "taken_back": counts.reverted, "kept": counts.kept,
            "kept_rows": rows_json(&kept)?,
        });
        say(&pretty(&body)?);
    } else {
        say(&format!("Import {id}. Taken back: {}, kept: {}.", counts.reverted, counts.kept));
        print_rows(&batch, &kept)?;
    }
    if counts.kept > 0 { Err(Failure::Found(format!("{} rows were kept", counts.kept))) } else { Ok(()) }
}

fn bring_in(args: &ImportArgs, file: &Path, config: Config) -> std::result::Result<(), Failure> {
    let bytes = file_of(file)?;
    let app = super::open(config)?;
    let scope = Scope::system();
    let kind = args.kind.as_deref().and_then(ImportKind::parse);
    let kind = kind.ok_or_else(|| Error::field("kind", Text::new("rule.import_kind")))?;
    let institution_id = args.institution.as_deref().map(|text| institution(&app, text)).transpose()?;
    let file_name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (batch, counts, refused) = serve::runtime()?.block_on(async {
        let upload = Upload { kind, file_name, institution_id, bytes };
        let id = imports::upload(&app, &scope, upload).await?;
        let outcome = work(&app, &scope, id, args).await;
        if args.dry_run || outcome.is_err() {
            // Nothing of it stays, whatever became of it.
            imports::forget(&app, &scope, id).await?;
        }
        outcome
    })?;
    if args.json {
        say(&as_json(&batch, &counts, &refused, args.dry_run)?);
    } else {
        print(&batch, &counts, &refused, args.dry_run)?;
    }
    let refused = counts.refused + counts.failed;
    if refused > 0 { Err(Failure::Found(format!("{refused} rows were refused"))) } else { Ok(()) }
}

async fn work(
    app: &App,
    scope: &Scope,
    id: i64,
    args: &ImportArgs,
) -> Result<(BatchRow, Counts, Vec<RowRow>)> {
    let reach = scope.clone();
    let batch = app.db.read(move |connection| store::get_batch(connection, &reach, id)).await?;
    imports::check(app, scope, id, Some(mapping(&batch, &args.map)?)).await?;
    if !args.dry_run {
        imports::run(app, scope, id).await?;
    }
    let write = |file: &Path, book: Vec<u8>| {
        std::fs::write(file, book)
            .map_err(|error| Error::internal(format!("cannot write {}", file.display())).because(error))
    };
    if let Some(file) = &args.errors {
        write(file, imports::errors_book(app, scope, id, Lang::Chinese).await?)?;
    }
    if let Some(file) = &args.claim_codes {
        write(file, imports::claim_codes_book(app, scope, id, Lang::Chinese).await?)?;
    }
    outcome(app, scope, id, &[RowOutcome::Refused, RowOutcome::Failed]).await
}

/// The batch with its counts and the first rows that came to this.
async fn outcome(
    app: &App,
    scope: &Scope,
    id: i64,
    outcomes: &'static [RowOutcome],
) -> Result<(BatchRow, Counts, Vec<RowRow>)> {
    let reach = scope.clone();
    app.db
        .read(move |connection| {
            let batch = store::get_batch(connection, &reach, id)?;
            let rows = store::list_rows(connection, id, outcomes, 0, SHOWN_MAX)?;
            Ok((batch, store::counts(connection, id)?, rows))
        })
        .await
}

fn file_of(path: &Path) -> Result<Vec<u8>> {
    let fault =
        |error: std::io::Error| Error::internal(format!("cannot read {}", path.display())).because(error);
    if std::fs::metadata(path).map_err(fault)?.len() > read::FILE_BYTES_MAX as u64 {
        return Err(read::too_large());
    }
    std::fs::read(path).map_err(fault)
}

fn institution(app: &App, text: &str) -> Result<i64> {
    let found = app.db.read_now(|connection| {
        find_called(connection, &Scope::system(), Permission::EditInstitution, text)
    })?;
    found.map(|row| row.id).ok_or_else(|| Error::field("institution", Text::new("rule.no_such_institution")))
}

/// What the headings say, changed by `COLUMN=HEADING`; a column is named by its key or its heading in either language.
fn mapping(batch: &BatchRow, changes: &[String]) -> Result<Mapping> {
    let fault = |error: serde_json::Error| Error::internal("a stored batch").because(error);
    let mut mapping: Mapping = serde_json::from_str(&batch.mapping).map_err(fault)?;
    let headings: Vec<String> = serde_json::from_str(&batch.headings).map_err(fault)?;
    for change in changes {
        let wrong = |rule: &'static str| Error::field("map", Text::new(rule).with("name", change));
        let (column, heading) = change.split_once('=').ok_or_else(|| wrong("rule.unknown_field"))?;
        let is_called =
            |label: &str| [Lang::Chinese, Lang::English].iter().any(|lang| lang.t(label) == column);
        let columns = imports::columns_of(batch.kind);
        let found = columns.iter().find(|known| known.key == column || is_called(known.label));
        let found = found.ok_or_else(|| wrong("rule.unknown_field"))?;
        let place = headings.iter().position(|known| known == heading);
        mapping.0.insert(found.key.to_owned(), place.ok_or_else(|| wrong("rule.unknown_field"))?);
    }
    Ok(mapping)
}

fn problems(row: &RowRow) -> Result<Vec<Problem>> {
    serde_json::from_str(&row.problems).map_err(|error| Error::internal("a stored problem").because(error))
}

fn label(batch: &BatchRow, column: &str, lang: Lang) -> String {
    let found = imports::columns_of(batch.kind).iter().find(|known| known.key == column);
    found.map(|column| lang.t(column.label).into_owned()).unwrap_or_default()
}

fn print(batch: &BatchRow, counts: &Counts, refused: &[RowRow], dry_run: bool) -> Result<()> {
    let done = if dry_run { "Would be written" } else { "Written" };
    let (written, unchanged) = (counts.good + counts.applied, counts.unchanged);
    let not = counts.refused + counts.failed;
    say(&format!("{} rows. {done}: {written}, unchanged: {unchanged}, refused: {not}.", batch.total_rows));
    print_rows(batch, refused)?;
    if not > refused.len() as i64 {
        say(&format!("  ... and {} more: see --errors FILE.xlsx", not - refused.len() as i64));
    }
    if !dry_run {
        say(&format!("To take it back: songhe import --undo {}, or the page of imports.", batch.id));
    }
    Ok(())
}

fn print_rows(batch: &BatchRow, rows: &[RowRow]) -> Result<()> {
    for row in rows {
        for problem in problems(row)? {
            for lang in [Lang::Chinese, Lang::English] {
                let place = format!("{} {}", row.sheet, row.sheet_row);
                let column = label(batch, &problem.column, lang);
                say(&format!("  {place}  {column}  {}", problem.text(lang)));
            }
        }
    }
    Ok(())
}

fn as_json(batch: &BatchRow, counts: &Counts, refused: &[RowRow], dry_run: bool) -> Result<String> {
    let body = json!({
        "import": batch.id, "kind": batch.kind.name(), "dry_run": dry_run, "rows": batch.total_rows,
        "written": counts.good + counts.applied, "unchanged": counts.unchanged,
        "refused": counts.refused + counts.failed, "refused_rows": rows_json(refused)?,
    });
    pretty(&body)
}

fn rows_json(rows: &[RowRow]) -> Result<Vec<Json>> {
    let told = rows.iter().map(|row| {
        let said = problems(row)?.into_iter().map(|problem| {
            let text = |lang: Lang| problem.text(lang);
            json!({ "column": problem.column, "zh-CN": text(Lang::Chinese), "en": text(Lang::English) })
        });
        Ok(json!({ "sheet": row.sheet, "row": row.sheet_row, "problems": said.collect::<Vec<_>>() }))
    });
    told.collect()
}

fn pretty(body: &Json) -> Result<String> {
    serde_json::to_string_pretty(body).map_err(|error| Error::internal("import").because(error))
}
