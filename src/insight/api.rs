use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Figure, Value};
use super::pages::summary_of;
use super::summary::{Summary, value_text};
use crate::access::Permission;
use crate::api::{At, Endpoint, PathCode, ok};
use crate::error::Result;
use crate::web::{Need, Visitor};

const TAG: &str = "figures";

pub fn endpoints() -> Vec<Endpoint> {
    let need = Need::May(Permission::SeeBoard);
    vec![
        Endpoint::get("/api/v1/figures", need, || web::to(show))
            .about(TAG, "api.figure.list")
            .answers::<FigureSet>(200),
        Endpoint::get("/api/v1/towns/{code}/figures", need, || web::to(show_town))
            .about(TAG, "api.figure.town")
            .answers::<FigureSet>(200),
    ]
}

/// The figures of what the asker reaches, counted now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureSet {
    pub as_of: At,
    pub figures: Vec<FigureItem>,
}

/// One figure. Texts are in the asker's language.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureItem {
    pub key: &'static str,
    /// The number; null where there is nothing to divide by.
    pub value: Option<f64>,
    /// The whole that `value` is a part of, where it is a part.
    pub whole: Option<i64>,
    /// As the board shows it.
    pub shown: String,
    pub label: String,
    pub definition: String,
    /// The instant, or the day, that the figure describes.
    pub as_of: String,
    /// Tone of its age: live, ok, warn, off.
    pub freshness: &'static str,
    /// Address of the rows that it counts.
    pub rows: &'static str,
}

async fn show(visitor: Visitor) -> Result<HttpResponse> {
    Ok(ok(&set(&visitor, &*summary_of(&visitor, None).await?)))
}

async fn show_town(visitor: Visitor, code: PathCode) -> Result<HttpResponse> {
    Ok(ok(&set(&visitor, &*summary_of(&visitor, Some(code.0)).await?)))
}

fn set(visitor: &Visitor, summary: &Summary) -> FigureSet {
    FigureSet {
        as_of: At::new(visitor.app.calendar, summary.now),
        figures: summary.figures.iter().map(|figure| item(visitor, figure)).collect(),
    }
}

fn item(visitor: &Visitor, figure: &Figure) -> FigureItem {
    let text = |part: &str| visitor.t(&format!("figure.{}.{part}", figure.key)).into_owned();
    let (value, whole) = match figure.value {
        Value::Count(count) => (Some(count as f64), None),
        Value::Part(part, whole) => (Some(part as f64), Some(whole)),
        Value::Ratio(ratio, _) => (ratio, None),
    };
    let as_of = if figure.by_day {
        figure.as_of.date().to_string()
    } else {
        visitor.app.calendar.rfc3339(figure.as_of)
    };
    FigureItem {
        key: figure.key,
        value,
        whole,
        shown: value_text(figure.value),
        label: text("label"),
        definition: text("definition"),
        as_of,
        freshness: figure.freshness.name(),
        rows: figure.rows,
    }
}
