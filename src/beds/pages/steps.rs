//! One frame for every form that changes a bed or a stay: shown fresh, saved, or shown again with what was wrong.

use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::access::Permission;
use crate::clock::{Calendar, Instant};
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Need, Route, Visitor, form_page, get, post, redirect};

/// A form about one record.
pub trait Step: 'static {
    /// Address of the form and of saving it; `{id}` is the record.
    const PATH: &'static str;
    const NEED: Permission = Permission::ManageStays;

    /// The form as it holds `input`, with the version that is stored.
    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form>;

    /// Does it; gives the address of what is shown next.
    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String>;
}

/// Form and saving of a step.
pub fn step_routes<S: Step>() -> [Route; 2] {
    [
        get(S::PATH, Need::May(S::NEED), || web::to(show::<S>)),
        post(S::PATH, Need::May(S::NEED), || web::to(save::<S>)),
    ]
}

async fn show<S: Step>(visitor: Visitor, id: web::Path<i64>, http: HttpRequest) -> Result<HttpResponse> {
    let input = fresh(&visitor, http.query_string())?;
    let form = S::form(&visitor, id.into_inner(), &input).await?;
    form_page(&visitor, form, None)
}

async fn save<S: Step>(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    match S::save(&visitor, id, &input).await {
        Ok(next) => Ok(redirect(&next)),
        Err(error) if is_for_form(&error) => {
            let mut form = S::form(&visitor, id, &input).await?;
            let stored = form.version;
            // Only a conflict moves the editor to the newer version.
            form.version = input.version().ok().or(stored);
            form_page(&visitor, form, Some((&error, stored)))
        }
        Err(error) => Err(error),
    }
}

pub fn is_for_form(error: &Error) -> bool {
    matches!(error.code, Code::Invalid | Code::Stale | Code::Taken | Code::IllegalMove)
}

/// Now in every pair of day and time, and what the address says of the fields.
pub fn fresh(visitor: &Visitor, query: &str) -> Result<Input> {
    let (day, time) = (visitor.today().to_string(), visitor.app.calendar.show_time(visitor.now));
    let mut input = Input::default();
    for (on, at) in [("from_on", "from_time"), ("to_on", "to_time"), ("at_on", "at_time")] {
        input = input.with(on, vec![day.clone()]).with(at, vec![time.clone()]);
    }
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    for (name, value) in pairs.into_inner().into_iter().filter(|(name, _)| name != "lang") {
        input = input.with(&name, vec![value]);
    }
    Ok(input)
}

/// Two controls for an instant.
pub fn at_fields(
    visitor: &Visitor,
    input: &Input,
    on: &'static str,
    time: &'static str,
    required: bool,
) -> [FormField; 2] {
    [
        FormField::of(visitor, on, "date", input).required(required),
        FormField::of(visitor, time, "time", input).required(required),
    ]
}

/// The same called otherwise than where somebody is admitted: `key` is the text of the day, with `_time` behind it that of the time.
pub fn called(visitor: &Visitor, mut fields: [FormField; 2], key: &str) -> [FormField; 2] {
    fields[0].label = visitor.t(key).into_owned();
    fields[1].label = visitor.t(&format!("{key}_time")).into_owned();
    fields
}

/// Day and time of a form as an instant; none where both are empty, which means now or never.
pub fn instant(
    calendar: Calendar,
    input: &Input,
    day: &'static str,
    time: &'static str,
) -> Result<Option<Instant>> {
    let (on, at) = (input.text(day), input.text(time));
    if on.is_empty() && at.is_empty() {
        return Ok(None);
    }
    let on = on.parse().map_err(|_| Error::field(day, Text::new("rule.date")))?;
    let minutes = crate::input::minutes(&at).ok_or_else(|| Error::field(time, Text::new("rule.time")))?;
    Ok(Some(calendar.at(on, minutes)))
}

/// The same where the form shows the minute: now, where it names the minute that is now.
pub fn happened(
    visitor: &Visitor,
    input: &Input,
    day: &'static str,
    time: &'static str,
) -> Result<Option<Instant>> {
    let at = instant(visitor.app.calendar, input, day, time)?;
    Ok(at.filter(|at| visitor.show(*at) != visitor.show(visitor.now)))
}

/// A day that may be empty.
pub fn day(input: &Input, name: &'static str) -> Result<Option<chrono::NaiveDate>> {
    match input.text(name).as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::field(name, Text::new("rule.date"))),
    }
}

/// The number in a field.
pub fn number(input: &Input, name: &'static str) -> Result<i64> {
    input.text(name).parse().map_err(|_| Error::field(name, Text::new("rule.choose")))
}

/// One of an enum's values, or none where the field is empty.
pub fn chosen<T>(input: &Input, name: &'static str, parse: fn(&str) -> Option<T>) -> Result<Option<T>> {
    match input.text(name).as_str() {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or_else(|| Error::field(name, Text::new("rule.choose"))),
    }
}

/// The names of an enum's values for a select; an empty one in front where it may stay open.
pub fn names(visitor: &Visitor, kind: &str, values: &[&str], may_be_empty: bool) -> Vec<(String, String)> {
    let empty = may_be_empty.then(|| (String::new(), "—".to_owned()));
    let values = values.iter().map(|value| ((*value).to_owned(), visitor.name_of(kind, value)));
    empty.into_iter().chain(values).collect()
}

/// The field for why something is written down late.
pub fn reason_field(visitor: &Visitor, input: &Input, required: bool) -> FormField {
    let field = FormField::of(visitor, "reason", "textarea", input).required(required);
    if required { field } else { field.hint(visitor.t("hint.reason_of_backdating")) }
}
