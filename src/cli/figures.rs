//! `songhe figures`: every figure of the board, for people or for scripts.

use serde_json::{Value as Json, json};

use super::{Failure, say};
use crate::access::Scope;
use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::insight::{self, Figure, Summary, Value, report, value_text};
use crate::text::Lang;

const LANGUAGES: [Lang; 2] = [Lang::Chinese, Lang::English];

/// Print every figure of the city with its value, definition and time.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Examples:\n  songhe figures --data data/demo\n  songhe figures --json | jq '.figures[] | {key, value}'"
)]
pub struct FiguresArgs {
    /// One JSON object instead of text, with both languages.
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &FiguresArgs, config: Config) -> Result<(), Failure> {
    let app = super::open(config)?;
    let (now, calendar) = (app.clock.now(), app.calendar);
    let day = calendar.day_of(now);
    let read = |connection: &mut _| insight::read(connection, &Scope::system(), None, day, now);
    let summary = app.db.read_now(read)?;
    if args.json {
        let text = serde_json::to_string_pretty(&as_json(&app, &summary));
        say(&text.map_err(|error| Error::internal("figures").because(error))?);
        return Ok(());
    }
    for figure in &summary.figures {
        print(&app, figure);
    }
    for lang in LANGUAGES {
        say(&format!("\n{}", report(lang, &summary.figures)));
    }
    Ok(())
}

fn print(app: &App, figure: &Figure) {
    say(&format!(
        "{:<32} {:>8} {:<4} {}",
        figure.key,
        value_text(figure.value),
        unit(Lang::English, figure),
        as_of(app, figure)
    ));
    for lang in LANGUAGES {
        say(&format!("    {}: {}", text(lang, figure, "label"), text(lang, figure, "definition")));
    }
}

fn text(lang: Lang, figure: &Figure, part: &str) -> String {
    lang.t(&format!("figure.{}.{part}", figure.key)).into_owned()
}

fn unit(lang: Lang, figure: &Figure) -> String {
    let unit = text(lang, figure, "unit");
    match figure.value {
        Value::Part(_, whole) => unit.replace("{whole}", &whole.to_string()),
        _ => unit,
    }
}

fn as_of(app: &App, figure: &Figure) -> String {
    if figure.by_day { figure.as_of.date().to_string() } else { app.calendar.rfc3339(figure.as_of) }
}

fn in_both(of: impl Fn(Lang) -> String) -> Json {
    LANGUAGES
        .into_iter()
        .map(|lang| (lang.code().to_owned(), Json::from(of(lang))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// `value` is a number, or null where there is nothing to divide by; `of` is the whole of a part.
fn as_json(app: &App, summary: &Summary) -> Json {
    let figures: Vec<Json> = summary
        .figures
        .iter()
        .map(|figure| {
            let (value, of) = match figure.value {
                Value::Count(count) => (json!(count), Json::Null),
                Value::Part(part, whole) => (json!(part), json!(whole)),
                Value::Ratio(ratio, _) => (json!(ratio), Json::Null),
            };
            json!({
                "key": figure.key,
                "value": value,
                "of": of,
                "shown": value_text(figure.value),
                "label": in_both(|lang| text(lang, figure, "label")),
                "unit": in_both(|lang| unit(lang, figure)),
                "definition": in_both(|lang| text(lang, figure, "definition")),
                "as_of": as_of(app, figure),
                "freshness": figure.freshness.name(),
                "rows": figure.rows,
            })
        })
        .collect();
    let city = &app.config.city;
    json!({
        "city": { "code": city.code, "zh-CN": city.name_zh, "en": city.name_en },
        "as_of": app.calendar.rfc3339(summary.now),
        "figures": figures,
        "report": in_both(|lang| report(lang, &summary.figures)),
    })
}
