//! Detail pages: a heading, sections of fields, related rows, and what can be done.

use actix_web::HttpResponse;
use askama::Template;

use super::chart::ChartsView;
use super::context::Context;
use super::page::{Page, html};
use super::table::TableView;
use crate::bus::Topic;
use crate::error::Result;

pub struct Detail {
    pub heading: String,
    pub subheading: String,
    pub actions: Vec<Action>,
    pub sections: Vec<Section>,
    /// Events after which the sections are fetched again.
    pub topic: Option<Topic>,
}

/// A link, or a button that posts.
pub struct Action {
    pub href: String,
    pub label: String,
    pub icon: &'static str,
    pub primary: bool,
    pub post: bool,
    /// Asked before posting: names what will be done.
    pub confirm: Option<String>,
    /// Hidden fields of a posting button.
    pub fields: Vec<(&'static str, String)>,
}

impl Action {
    pub fn link(href: impl Into<String>, label: impl Into<String>, icon: &'static str) -> Action {
        Action {
            href: href.into(),
            label: label.into(),
            icon,
            primary: false,
            post: false,
            confirm: None,
            fields: Vec::new(),
        }
    }

    pub fn post(href: impl Into<String>, label: impl Into<String>, icon: &'static str) -> Action {
        Action { post: true, ..Action::link(href, label, icon) }
    }

    #[must_use]
    pub fn primary(mut self) -> Action {
        self.primary = true;
        self
    }

    #[must_use]
    pub fn confirm(mut self, text: impl Into<String>) -> Action {
        self.confirm = Some(text.into());
        self
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Action {
        self.fields.push((name, value.to_string()));
        self
    }
}

#[derive(Default)]
pub struct Section {
    pub heading: String,
    pub fields: Vec<Field>,
    pub table: Option<TableView>,
}

#[derive(Default)]
pub struct Field {
    pub label: String,
    pub value: String,
    pub chip: Option<&'static str>,
    pub href: Option<String>,
    /// Masked personal data.
    pub sealed: bool,
    /// SVG that the program has drawn from numbers; never anything that somebody typed.
    pub drawing: Option<String>,
}

impl Field {
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Field {
        Field { label: label.into(), value: value.into(), ..Field::default() }
    }

    #[must_use]
    pub fn link(mut self, href: impl Into<String>) -> Field {
        self.href = Some(href.into());
        self
    }

    #[must_use]
    pub fn chip(mut self, tone: &'static str) -> Field {
        self.chip = Some(tone);
        self
    }

    #[must_use]
    pub fn sealed(mut self) -> Field {
        self.sealed = true;
        self
    }
}

/// What happened to a record, in order.
pub struct History {
    pub heading: String,
    pub steps: Vec<Step>,
}

pub struct Step {
    /// RFC 3339.
    pub at: String,
    pub at_text: String,
    pub what: String,
    /// Who did it, and what they wrote.
    pub who: String,
}

#[derive(Template)]
#[template(path = "detail.html")]
struct DetailPage {
    page: Page,
    detail: DetailView,
}

struct DetailView {
    heading: String,
    subheading: String,
    actions: Vec<Action>,
    sections: Vec<Section>,
    live_topic: Option<&'static str>,
    history: Option<History>,
    charts: Option<ChartsView>,
    /// After how many sections they stand.
    charts_after: usize,
}

/// Answers with a detail page.
pub fn detail_page(context: &Context, detail: Detail) -> Result<HttpResponse> {
    answer(context, detail, None, (0, None))
}

/// The same with what happened to the record below it.
pub fn detail_page_with(context: &Context, detail: Detail, history: Option<History>) -> Result<HttpResponse> {
    answer(context, detail, history, (0, None))
}

/// The same with charts after the first so many sections.
pub fn detail_page_charted(
    context: &Context,
    detail: Detail,
    charts: (usize, Option<ChartsView>),
) -> Result<HttpResponse> {
    answer(context, detail, None, charts)
}

fn answer(
    context: &Context,
    detail: Detail,
    history: Option<History>,
    (charts_after, charts): (usize, Option<ChartsView>),
) -> Result<HttpResponse> {
    html(&DetailPage {
        page: Page::new(context, &detail.heading),
        detail: DetailView {
            heading: detail.heading,
            subheading: detail.subheading,
            actions: detail.actions,
            sections: detail.sections,
            live_topic: detail.topic.map(Topic::name),
            history,
            charts,
            charts_after,
        },
    })
}
