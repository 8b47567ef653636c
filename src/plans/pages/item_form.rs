//! The form of an item: plain controls that make the rule, and the rule's controls again from a stored one.

use actix_web::{HttpResponse, web};
use chrono::{NaiveDate, Weekday};

use crate::access::Permission;
use crate::beds::pages::steps::{chosen, day, is_for_form, names};
use crate::error::{Error, Result};
use crate::input::minutes;
use crate::plans::model::{HolidayRule, ItemInput, Pattern, PlanState, Recurrence, Until, clock};
use crate::plans::store::{ItemRow, get_item, get_plan, items_of};
use crate::plans::words::{nth_name, weekday};
use crate::plans::{add_item, change_item};
use crate::text::Text;
use crate::visits::CaregiverRule;
use crate::visits::catalogue::store::{ServiceRow, services};
use crate::visits::store::caregivers_for;
use crate::web::{Form, FormField, Input, Visitor, form_page_with, redirect};

/// How the form calls the patterns.
const REPEATS: [&str; 6] = ["daily", "weekly", "month_day", "month_nth", "month_last", "custom"];
const WEEKDAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
const DAY_MIN: i32 = 24 * 60;

/// What the selects offer.
struct Offer {
    services: Vec<ServiceRow>,
    items: Vec<ItemRow>,
    caregivers: Vec<(i64, String)>,
}

pub async fn show_new(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let form = new_form(&visitor, id, None).await?;
    form_page_with(&visitor, form, None, Some(preview_of(id)))
}

pub async fn create(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let outcome = match read(&input) {
        Ok(values) => visitor.app.write(&visitor.scope(), move |tx| add_item(tx, id, &values)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => Ok(redirect(&format!("/plans/{id}"))),
        Err(error) if is_for_form(&error) => {
            let form = new_form(&visitor, id, Some(&input)).await?;
            form_page_with(&visitor, form, Some((&error, None)), Some(preview_of(id)))
        }
        Err(error) => Err(error),
    }
}

pub async fn show_edit(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (form, item) = edit_form(&visitor, id.into_inner(), None).await?;
    form_page_with(&visitor, form, None, Some(preview_of(item.plan_id)))
}

pub async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let seen = input.version()?;
    let outcome = match read(&input) {
        Ok(values) => visitor.app.write(&visitor.scope(), move |tx| change_item(tx, id, seen, &values)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&format!("/plan-items/{id}"))),
        Err(error) if is_for_form(&error) => {
            let (form, item) = edit_form(&visitor, id, Some(&input)).await?;
            let preview = Some(preview_of(item.plan_id));
            let form = Form { version: Some(seen), ..form };
            form_page_with(&visitor, form, Some((&error, Some(item.version))), preview)
        }
        Err(error) => Err(error),
    }
}

fn preview_of(plan: i64) -> String {
    format!("/plans/{plan}/preview")
}

/// What the form sent, with its controls made into a rule.
pub fn read(input: &Input) -> Result<ItemInput> {
    let starts_on = day(input, "starts_on")?;
    let starts_on = starts_on.ok_or_else(|| Error::field("starts_on", Text::new("rule.date")))?;
    let time = |field: &'static str| {
        minutes(&input.text(field)).ok_or_else(|| Error::field(field, Text::new("rule.window_time")))
    };
    let (from, to) = (time("window_from")?, time("window_to")?);
    let choose = |field| Error::field(field, Text::new("rule.choose"));
    let after_item_id = whole::<i64>(input, "after_item_id")?;
    let caregiver_rule = chosen(input, "caregiver_rule", CaregiverRule::parse)?;
    let lag = |field| Ok::<_, Error>(if after_item_id.is_some() { whole(input, field)? } else { None });
    Ok(ItemInput {
        service_code: input.text("service_code"),
        rule: read_rule(input)?,
        starts_on,
        ends_on: day(input, "ends_on")?,
        window_starts_min: from,
        window_ends_min: if to <= from { to + DAY_MIN } else { to },
        duration_min: whole(input, "duration_min")?,
        tolerance_days: whole(input, "tolerance_days")?.unwrap_or(0),
        holiday_rule: chosen(input, "holiday_rule", HolidayRule::parse)?
            .ok_or_else(|| choose("holiday_rule"))?,
        caregivers: whole(input, "caregivers")?.ok_or_else(|| choose("caregivers"))?,
        lag_min_min: lag("lag_min_min")?,
        lag_max_min: lag("lag_max_min")?,
        after_item_id,
        caregiver_rule: caregiver_rule.unwrap_or(CaregiverRule::Any),
        preferred_caregiver_id: whole(input, "preferred_caregiver_id")?,
        note: input.text("note"),
    })
}

/// A whole number, or none where the field is empty.
fn whole<T: std::str::FromStr>(input: &Input, field: &'static str) -> Result<Option<T>> {
    match input.text(field).as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::field(field, Text::new("rule.whole_number"))),
    }
}

fn read_rule(input: &Input) -> Result<String> {
    let interval = whole::<u16>(input, "every")?.unwrap_or(1);
    let pattern = match input.text("repeat").as_str() {
        "custom" => return Ok(input.text("rule")),
        "daily" => Pattern::Daily,
        "weekly" => {
            let sent = input.many("weekdays");
            let days: Vec<Weekday> = WEEKDAYS
                .into_iter()
                .filter(|day| sent.contains(&day.number_from_monday().to_string()))
                .collect();
            if days.is_empty() {
                return Err(Error::field("weekdays", Text::new("rule.choose_one")));
            }
            Pattern::Weekly(days)
        }
        "month_day" => {
            let day = whole::<i8>(input, "month_day")?.filter(|day| (1..=31).contains(day));
            let wrong = || Error::field("month_day", Text::new("rule.range").with("min", 1).with("max", 31));
            Pattern::MonthDays(vec![day.ok_or_else(wrong)?])
        }
        "month_last" => Pattern::MonthDays(vec![-1]),
        "month_nth" => {
            let choose = |field| Error::field(field, Text::new("rule.choose"));
            let nth = NTHS.into_iter().find(|nth| nth_name(*nth) == input.text("nth"));
            let day = WEEKDAYS
                .into_iter()
                .find(|day| day.number_from_monday().to_string() == input.text("nth_weekday"));
            Pattern::MonthWeekday(
                nth.ok_or_else(|| choose("nth"))?,
                day.ok_or_else(|| choose("nth_weekday"))?,
            )
        }
        _ => return Err(Error::field("repeat", Text::new("rule.choose"))),
    };
    let recurrence = Recurrence { pattern, interval, until: Until::Never };
    recurrence.check().map_err(|rule| Error::field("every", rule))?;
    Ok(recurrence.to_rule())
}

const NTHS: [i8; 6] = [1, 2, 3, 4, 5, -1];

/// The stored values as the form would send them.
fn typed(item: &ItemRow) -> Input {
    let text = |value: Option<String>| value.unwrap_or_default();
    let rule = Recurrence::parse(&item.rule, item.starts_on);
    let mut input = Input::of([
        ("service_code", item.service_code.clone()),
        ("rule", item.rule.clone()),
        ("starts_on", item.starts_on.to_string()),
        ("ends_on", text(item.ends_on.map(|day| day.to_string()))),
        ("window_from", clock(item.window_starts_min)),
        ("window_to", clock(item.window_ends_min)),
        ("duration_min", text(item.duration_min.map(|n| n.to_string()))),
        ("tolerance_days", item.tolerance_days.to_string()),
        ("holiday_rule", item.holiday_rule.name().to_owned()),
        ("caregivers", item.caregivers.to_string()),
        ("after_item_id", text(item.after_item_id.map(|n| n.to_string()))),
        ("lag_min_min", text(item.lag_min_min.map(|n| n.to_string()))),
        ("lag_max_min", text(item.lag_max_min.map(|n| n.to_string()))),
        ("caregiver_rule", item.caregiver_rule.name().to_owned()),
        ("preferred_caregiver_id", text(item.preferred_caregiver_id.map(|n| n.to_string()))),
        ("note", item.note.clone()),
    ]);
    let set = |input: Input, name: &str, value: String| input.with(name, vec![value]);
    let Ok(rule) = rule else { return set(input, "repeat", "custom".to_owned()) };
    input = set(input, "every", rule.interval.to_string());
    let repeat = match (&rule.pattern, rule.until) {
        (_, Until::Count(_) | Until::Day(_)) => "custom",
        (Pattern::Daily, _) => "daily",
        (Pattern::Weekly(days), _) => {
            let days = days.iter().map(|day| day.number_from_monday().to_string()).collect();
            input = input.with("weekdays", days);
            "weekly"
        }
        (Pattern::MonthDays(days), _) => match days[..] {
            [-1] => "month_last",
            [day] => {
                input = set(input, "month_day", day.to_string());
                "month_day"
            }
            _ => "custom",
        },
        (Pattern::MonthWeekday(nth, day), _) => {
            input = set(input, "nth", nth_name(*nth).to_owned());
            input = set(input, "nth_weekday", day.number_from_monday().to_string());
            "month_nth"
        }
    };
    set(input, "repeat", repeat.to_owned())
}

fn fresh(today: NaiveDate) -> Input {
    Input::of([
        ("repeat", "weekly".to_owned()),
        ("every", "1".to_owned()),
        ("starts_on", today.to_string()),
        ("tolerance_days", "3".to_owned()),
        ("holiday_rule", HolidayRule::AsPlanned.name().to_owned()),
        ("caregivers", "1".to_owned()),
        ("caregiver_rule", CaregiverRule::Any.name().to_owned()),
    ])
}

async fn new_form(visitor: &Visitor, plan: i64, input: Option<&Input>) -> Result<Form> {
    let (first, offer) = offer(visitor, plan).await?;
    let start = fresh(first.max(visitor.today()));
    Ok(Form {
        heading: visitor.t("plan.add_item").into_owned(),
        action: format!("/plans/{plan}/items"),
        version: None,
        fields: fields(visitor, &offer, None, input.unwrap_or(&start)),
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("/plans/{plan}"),
    })
}

/// The form for a known item, and the item as it is stored now.
async fn edit_form(visitor: &Visitor, id: i64, input: Option<&Input>) -> Result<(Form, ItemRow)> {
    let (scope, now) = (visitor.scope(), visitor.now);
    let item = visitor
        .app
        .db
        .read(move |connection| get_item(connection, &scope, Permission::EditPlans, id, now))
        .await?;
    let (_, offer) = offer(visitor, item.plan_id).await?;
    let stored = typed(&item);
    let form = Form {
        heading: visitor.t("plan.edit_item").into_owned(),
        action: format!("/plan-items/{id}"),
        version: Some(item.version),
        fields: fields(visitor, &offer, Some(&item), input.unwrap_or(&stored)),
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("/plan-items/{id}"),
    };
    Ok((form, item))
}

/// The plan's first day, and what the selects offer.
async fn offer(visitor: &Visitor, plan: i64) -> Result<(NaiveDate, Offer)> {
    let (scope, now) = (visitor.scope(), visitor.now);
    visitor
        .app
        .db
        .read(move |connection| {
            let plan = get_plan(connection, &scope, Permission::EditPlans, plan, now)?;
            if plan.state == PlanState::Ended {
                return Err(Error::new(crate::error::Code::IllegalMove, Text::new("plan.is_ended")));
            }
            let town = crate::elders::store::get_person(connection, plan.elder_id)?.town_code;
            let caregivers = caregivers_for(connection, &scope, &town)?;
            let offer = Offer {
                services: services(connection)?,
                items: items_of(connection, plan.id)?,
                caregivers: caregivers.into_iter().map(|row| (row.id, row.name)).collect(),
            };
            Ok((plan.starts_on, offer))
        })
        .await
}

type Choices = Vec<(String, String)>;

fn fields(visitor: &Visitor, offer: &Offer, known: Option<&ItemRow>, input: &Input) -> Vec<FormField> {
    let field = |name: &'static str, kind: &'static str| FormField::of(visitor, name, kind, input);
    let day = |day: &Weekday| (day.number_from_monday().to_string(), weekday(visitor.lang, *day));
    let weekdays: Choices = WEEKDAYS.iter().map(day).collect();
    let nths = NTHS.into_iter().map(|nth| {
        let name = nth_name(nth);
        (name.to_owned(), visitor.t(&format!("repeat.nth.{name}")).into_owned())
    });
    let counts = [("1", "plan.one"), ("2", "plan.two")];
    let counts = counts.map(|(value, key)| (value.to_owned(), visitor.t(key).into_owned()));
    let people = offer.caregivers.iter().map(|(id, name)| (id.to_string(), name.clone()));
    vec![
        field("service_code", "select").required(true).options(service_choices(visitor, offer, known)),
        field("repeat", "select").required(true).options(names(visitor, "repeat", &REPEATS, false)),
        field("every", "number").hint(visitor.t("hint.every")),
        field("weekdays", "checks").boxes(weekdays.clone(), &input.many("weekdays")),
        field("month_day", "number").hint(visitor.t("hint.month_day")),
        field("nth", "select").options(nths.collect()),
        field("nth_weekday", "select").options(weekdays),
        field("rule", "text").hint(visitor.t("hint.rule")),
        field("window_from", "time").required(true).hint(visitor.t("hint.window")),
        field("window_to", "time").required(true).hint(visitor.t("hint.window_to")),
        field("duration_min", "number").hint(visitor.t("hint.duration")),
        field("starts_on", "date").required(true).hint(visitor.t("hint.starts_on")),
        field("ends_on", "date").hint(visitor.t("hint.ends_on")),
        field("holiday_rule", "select").required(true).options(names(
            visitor,
            "holiday_rule",
            HolidayRule::NAMES,
            false,
        )),
        field("tolerance_days", "number").hint(visitor.t("hint.tolerance")),
        field("caregivers", "select").required(true).options(counts.to_vec()),
        field("preferred_caregiver_id", "select").options(or_open(people.collect())),
        field("after_item_id", "select")
            .options(or_open(before_choices(visitor, offer, known)))
            .hint(visitor.t("hint.after_item")),
        field("lag_min_min", "number"),
        field("lag_max_min", "number").hint(visitor.t("hint.lag")),
        field("caregiver_rule", "select").options(names(
            visitor,
            "caregiver_rule",
            CaregiverRule::NAMES,
            false,
        )),
        field("note", "textarea").hint(visitor.t("hint.plan_note")),
    ]
}

fn or_open(choices: Choices) -> Choices {
    std::iter::once((String::new(), "—".to_owned())).chain(choices).collect()
}

fn service_choices(visitor: &Visitor, offer: &Offer, known: Option<&ItemRow>) -> Choices {
    let is_offered = |service: &&ServiceRow| {
        !service.retired || known.is_some_and(|item| item.service_code == service.code)
    };
    let choices = offer.services.iter().filter(is_offered).map(|service| {
        let minutes = visitor.lang.fill("visit.minutes", &[("n", &service.duration_min.to_string())]);
        let group = visitor.name_of("service_category", service.category.name());
        let name = visitor.pick(&service.name_zh, &service.name_en);
        (service.code.clone(), format!("{group} · {name} · {minutes}"))
    });
    choices.collect()
}

/// Items that this one can follow: of one caregiver, and following none themselves.
fn before_choices(visitor: &Visitor, offer: &Offer, known: Option<&ItemRow>) -> Choices {
    let can_lead = |item: &&ItemRow| {
        item.caregivers == 1 && item.after_item_id.is_none() && known.is_none_or(|known| known.id != item.id)
    };
    let name = |code: &str| {
        let found = offer.services.iter().find(|service| service.code == code);
        found.map_or(code, |service| visitor.pick(&service.name_zh, &service.name_en)).to_owned()
    };
    let label = |item: &ItemRow| {
        format!(
            "{} · {}",
            name(&item.service_code),
            super::plan::rule_text(&crate::web::Words::of(visitor), item)
        )
    };
    offer.items.iter().filter(can_lead).map(|item| (item.id.to_string(), label(item))).collect()
}
