//! Forms: fields with their rules' messages beside them, and the conflict notice for whoever saved second.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::context::Context;
use super::list::Choice;
use super::page::Page;
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// What a form sent: every field by name, several values where boxes were ticked.
#[derive(Clone, Debug, Default)]
pub struct Input(BTreeMap<String, Vec<String>>);

impl Input {
    /// Reads a urlencoded body.
    pub fn parse(body: &str) -> Result<Input> {
        let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(body)
            .map_err(|error| Error::field("form", Text::new("error.malformed")).because(error))?;
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs.into_inner() {
            fields.entry(name).or_default().push(value);
        }
        Ok(Input(fields))
    }

    /// Values as if they had been sent.
    pub fn of<const N: usize>(values: [(&str, String); N]) -> Input {
        Input(values.into_iter().map(|(name, value)| (name.to_owned(), vec![value])).collect())
    }

    /// The same with several values under one more name.
    #[must_use]
    pub fn with(mut self, name: &str, values: Vec<String>) -> Input {
        self.0.insert(name.to_owned(), values);
        self
    }

    /// The field's text without white space around it; empty where it was not sent.
    pub fn text(&self, name: &str) -> String {
        self.0
            .get(name)
            .and_then(|values| values.first())
            .map(|value| value.trim().to_owned())
            .unwrap_or_default()
    }

    pub fn many(&self, name: &str) -> Vec<String> {
        self.0.get(name).cloned().unwrap_or_default()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The version that the editor saw.
    pub fn version(&self) -> Result<i64> {
        self.text("version").parse().map_err(|_| Error::field("version", Text::new("rule.version")))
    }
}

/// One control of a form.
#[derive(Clone, Debug, Default)]
pub struct FormField {
    pub name: &'static str,
    pub label: String,
    /// text, number, select, checkbox, checks, radios, time, date, textarea, password
    pub kind: &'static str,
    pub value: String,
    pub options: Vec<Choice>,
    pub error: Option<String>,
    pub hint: Option<String>,
    pub required: bool,
}

impl FormField {
    /// A control labelled `field.NAME` that holds what was typed.
    pub fn of(context: &Context, name: &'static str, kind: &'static str, input: &Input) -> FormField {
        FormField {
            name,
            label: context.t(&format!("field.{name}")).into_owned(),
            kind,
            value: input.text(name),
            ..FormField::default()
        }
    }

    #[must_use]
    pub fn required(mut self, required: bool) -> FormField {
        self.required = required;
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> FormField {
        self.hint = Some(hint.into());
        self
    }

    /// The values to choose from; the typed one is selected.
    #[must_use]
    pub fn options(mut self, options: Vec<(String, String)>) -> FormField {
        let chosen = self.value.clone();
        self.options = options
            .into_iter()
            .map(|(value, label)| Choice { selected: value == chosen, value, label })
            .collect();
        self
    }

    /// The values of boxes; all the typed ones are ticked.
    #[must_use]
    pub fn boxes(mut self, options: Vec<(String, String)>, ticked: &[String]) -> FormField {
        let in_order = options.iter().filter(|(value, _)| ticked.contains(value));
        self.value = in_order.map(|(value, _)| value.as_str()).collect::<Vec<_>>().join(",");
        self.options = options
            .into_iter()
            .map(|(value, label)| Choice { selected: ticked.contains(&value), value, label })
            .collect();
        self
    }
}

/// A form with what was typed so far.
#[derive(Default)]
pub struct Form {
    pub heading: String,
    pub action: String,
    pub version: Option<i64>,
    pub fields: Vec<FormField>,
    pub submit_label: String,
    pub cancel_href: String,
}

/// What the loser of an edit is shown.
pub struct Conflicted {
    pub who: String,
    pub when: String,
    pub changes: Vec<ChangeView>,
}

pub struct ChangeView {
    pub label: String,
    pub theirs: String,
    pub yours: String,
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage {
    page: Page,
    form: FormView,
}

#[derive(Template)]
#[template(path = "public_form.html")]
struct PublicFormPage {
    page: Page,
    form: FormView,
}

struct FormView {
    heading: String,
    action: String,
    version: Option<i64>,
    fields: Vec<FormField>,
    conflict: Option<Conflicted>,
    error: Option<String>,
    /// The record that stands in the way.
    link: Option<String>,
    submit_label: String,
    cancel_href: String,
    /// Where the form is sent while it is filled in, to show what it would give.
    preview: Option<String>,
}

/// Answers with the form: fresh, or with what was wrong. After a conflict the form carries the version that won, so that
/// saving again is a decision taken with the other's change in sight.
pub fn form_page(
    context: &Context,
    form: Form,
    problem: Option<(&Error, Option<i64>)>,
) -> Result<HttpResponse> {
    form_page_with(context, form, problem, None)
}

/// The same with a preview beside it: an address that is sent the form while it is filled in.
pub fn form_page_with(
    context: &Context,
    mut form: Form,
    problem: Option<(&Error, Option<i64>)>,
    preview: Option<String>,
) -> Result<HttpResponse> {
    let mut conflict = None;
    let mut general = None;
    let mut status = StatusCode::OK;
    if let Some((error, current_version)) = problem {
        status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        for field in &mut form.fields {
            let broken = error.fields.iter().find(|broken| broken.field == field.name);
            field.error = broken.map(|broken| broken.rule.to(context.lang));
        }
        if error.code == Code::Stale {
            conflict = Some(conflict_view(context, error, &form));
            form.version = current_version.or(form.version);
        } else if !form.fields.iter().any(|field| field.error.is_some()) {
            general = Some(error.text.to(context.lang));
        }
    }
    let page = Page::new(context, &form.heading);
    let view = FormView {
        heading: form.heading,
        action: form.action,
        version: form.version,
        fields: form.fields,
        conflict,
        error: general,
        link: problem.and_then(|(error, _)| error.link().map(str::to_owned)),
        submit_label: form.submit_label,
        cancel_href: form.cancel_href,
        preview,
    };
    // Somebody who is not signed in has no navigation, and no live link that would send them to the sign-in.
    let body = if context.admission.is_some() {
        FormPage { page, form: view }.render()
    } else {
        PublicFormPage { page, form: view }.render()
    };
    let body = body.map_err(|error| Error::internal("template").because(error))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}

fn conflict_view(context: &Context, error: &Error, form: &Form) -> Conflicted {
    let found = error.conflict.as_deref().cloned().unwrap_or_default();
    let changes = found
        .changes
        .into_iter()
        .map(|(name, _, now)| {
            let field = form.fields.iter().find(|field| field.name == name);
            ChangeView {
                label: field.map_or(name, |field| field.label.clone()),
                theirs: field.map_or_else(|| now.clone(), |field| shown(context, field, &now)),
                yours: field.map(|field| shown(context, field, &field.value)).unwrap_or_default(),
            }
        })
        .collect();
    Conflicted { who: found.who, when: found.when.map(|at| context.show(at)).unwrap_or_default(), changes }
}

/// A stored value as the form's reader knows it: the labels of options where there are some, yes or no for a box.
fn shown(context: &Context, field: &FormField, value: &str) -> String {
    let label =
        |value: &str| field.options.iter().find(|option| option.value == value).map(|option| &*option.label);
    match field.kind {
        "checkbox" => context.name_of("yes_no", if value == "true" { "true" } else { "false" }),
        "checks" => {
            let labels: Vec<&str> = value.split(',').filter_map(label).collect();
            labels.join(&context.t("list.separator"))
        }
        _ => label(value).unwrap_or(value).to_owned(),
    }
}
