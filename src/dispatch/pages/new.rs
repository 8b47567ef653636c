use actix_web::{HttpRequest, HttpResponse};

use super::list::town_choices;
use crate::dispatch::model::{SECONDS, SECONDS_MAX};
use crate::dispatch::{Asked, ask};
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Visitor, Words, form_page, redirect};

/// Tomorrow, unless the address says another day.
pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let tomorrow = visitor.today().succ_opt().unwrap_or(visitor.today());
    let or =
        |name: &str, other: String| Some(asked.text(name)).filter(|text| !text.is_empty()).unwrap_or(other);
    let input = Input::of([
        ("town_code", asked.text("town")),
        ("day", or("day", tomorrow.to_string())),
        ("seconds", or("seconds", SECONDS.to_string())),
    ]);
    form_page(&visitor, form(&visitor, &input).await?, None)
}

pub async fn save(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let outcome = match read(&input) {
        Ok(asked) => visitor.app.write(&visitor.scope(), move |tx| ask(tx, &asked)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(id) => {
            visitor.app.planner.wake();
            Ok(redirect(&format!("/proposals/{id}")))
        }
        Err(error) if matches!(error.code, Code::Invalid | Code::Taken) => {
            form_page(&visitor, form(&visitor, &input).await?, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

fn read(input: &Input) -> Result<Asked> {
    let wrong = |field: &'static str, rule: Text| Error::field(field, rule);
    let range = || Text::new("rule.range").with("min", 1).with("max", SECONDS_MAX);
    Ok(Asked {
        town_code: input.text("town_code"),
        day: input.text("day").parse().map_err(|_| wrong("day", Text::new("rule.date")))?,
        seconds: input.text("seconds").parse().map_err(|_| wrong("seconds", range()))?,
    })
}

async fn form(visitor: &Visitor, input: &Input) -> Result<Form> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let towns = visitor.app.db.read(move |connection| town_choices(connection, &scope, &words)).await?;
    let field = |name, kind| FormField::of(visitor, name, kind, input).required(true);
    Ok(Form {
        heading: visitor.t("proposal.new").into_owned(),
        action: "/proposals".to_owned(),
        version: None,
        fields: vec![
            field("town_code", "select").options(towns),
            field("day", "date"),
            field("seconds", "number").hint(visitor.t("hint.seconds")),
        ],
        submit_label: visitor.t("proposal.ask").into_owned(),
        cancel_href: "/proposals".to_owned(),
    })
}
