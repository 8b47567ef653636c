use actix_web::{HttpResponse, web};

use super::actions::actions;
use super::evidence::{self, Known};
use super::list::tone;
use super::period;
use crate::access::Permission;
use crate::bus::Topic;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::elders::cards::{code_of, grouped};
use crate::elders::store::visible_names;
use crate::error::{Error, Result};
use crate::visits::checkin::store::{files_of, steps_of};
use crate::visits::exceptions::ExceptionEvent;
use crate::visits::exceptions::store::{self as exceptions, ExceptionEventRow};
use crate::visits::follow_ups::store::{self as follow_ups, FollowUpListed};
use crate::visits::late::store::{NoticeRow, notices_of};
use crate::visits::model::{VisitEvent, WithdrawReason};
use crate::visits::proof::{rules_on, store as proofs};
use crate::visits::reasons::store::{FailReasonRow, fail_reasons};
use crate::visits::store::{
    EventRow, VisitListed, VisitRow, caregiver_names, events_of, get_visit, made_up_by, with_names,
};
use crate::visits::{confirm, release};
use crate::web::{Detail, Field, History, Input, Section, Step, Visitor, Words, detail_page_with, redirect};

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let (plans, keys) = (visitor.may(Permission::AssignVisits), visitor.app.keys.clone());
    let (listed, events, elder_is_visible, known, made_up) = visitor
        .app
        .db
        .read(move |connection| {
            let at = (words.calendar, words.now);
            let visit = get_visit(connection, &scope, Permission::SeeVisits, id, at)?;
            let visible = !visible_names(connection, &scope, &[visit.elder_id], words.now)?.is_empty();
            let events = events_of(connection, id)?;
            let ids: Vec<i64> = events.iter().filter_map(|event| event.caregiver_id).collect();
            let names = caregiver_names(connection, &ids)?;
            let reasons = fail_reasons(connection)?;
            let listed = with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)?;
            let mut known = known(connection, &listed.visit)?;
            if plans {
                known.sees_pictures = true;
                known.door_code =
                    code_of(connection, &keys, listed.visit.elder_id)?.map(|code| grouped(&code));
            }
            let made_up = made_up_by(connection, id)?;
            let mut steps: Vec<Step> =
                events.into_iter().map(|event| step(&words, event, &names, &reasons)).collect();
            steps.extend(notices_of(connection, id)?.into_iter().map(|notice| noticed(&words, &notice)));
            let to_do = follow_ups::of_visit(connection, id)?;
            let to_do = follow_ups::with_names(connection, to_do)?;
            steps.extend(to_do.iter().flat_map(|listed| followed(&words, listed)));
            if let Some(row) = exceptions::of_visit(connection, id)? {
                let decided = exceptions::events_of(connection, row.id)?;
                steps.extend(decided.iter().map(|event| decision(&words, event)));
            }
            steps.sort_by(|a, b| a.at.cmp(&b.at));
            Ok((listed, steps, visible, known, made_up))
        })
        .await?;
    let words = Words::of(&visitor);
    let mut fields = facts(&words, &listed, elder_is_visible);
    if let Some(item) = listed.visit.plan_item_id.filter(|_| visitor.may(Permission::SeePlans)) {
        let plan = Field::new(words.t("field.plan"), words.t("plan.open"));
        fields.push(plan.link(format!("/plan-items/{item}")));
    }
    let service = words.pick(&listed.service_zh, &listed.service_en);
    let detail = Detail {
        heading: format!("{} · {service}", listed.elder),
        subheading: format!("{} {}", listed.visit.service_on, window(&words, &listed)),
        actions: actions(&visitor, &listed),
        sections: {
            fields.extend(links(&words, &listed, made_up));
            let facts = Section { heading: visitor.t("detail.facts").into_owned(), fields, table: None };
            let mut sections = vec![facts];
            sections.extend(evidence::sections(&visitor, listed.visit.id, &known));
            sections
        },
        topic: Some(Topic::Visit),
    };
    let history = History { heading: visitor.t("visit.history").into_owned(), steps: events };
    detail_page_with(&visitor, detail, Some(history))
}

fn window(words: &Words, listed: &VisitListed) -> String {
    period(words.calendar, listed.visit.window_starts_at, listed.visit.window_ends_at)
}

fn facts(words: &Words, listed: &VisitListed, elder_is_visible: bool) -> Vec<Field> {
    let visit = &listed.visit;
    let elder = Field::new(words.t("field.elder_name"), &listed.elder);
    let elder = if elder_is_visible { elder.link(format!("/elders/{}", visit.elder_id)) } else { elder };
    let planned = visit.starts_at.zip(visit.ends_at);
    let time = |at: Option<_>| at.map(|at| words.calendar.show_time(at)).unwrap_or_default();
    let minutes = words.lang.fill("visit.minutes", &[("n", &visit.duration_min.to_string())]);
    let mut facts = vec![
        elder,
        Field::new(words.t("field.state"), words.name_of("visit_state", visit.state.name()))
            .chip(tone(visit.state)),
        Field::new(words.t("field.service_code"), words.pick(&listed.service_zh, &listed.service_en)),
        Field::new(words.t("field.duration_min"), minutes),
        Field::new(words.t("field.town_code"), words.pick(&listed.town_zh, &listed.town_en)),
        Field::new(words.t("field.window"), format!("{} {}", visit.service_on, window(words, listed))),
        Field::new(words.t("field.caregiver_id"), listed.caregiver.clone().unwrap_or_default()),
        Field::new(
            words.t("field.starts_at"),
            planned.map(|(from, to)| period(words.calendar, from, to)).unwrap_or_default(),
        ),
        Field::new(words.t("field.arrived_at"), time(listed.visit.arrived_at)),
        Field::new(words.t("field.done_at"), time(listed.visit.ended_at)),
    ];
    if let Some(reason) = &visit.pinned_reason {
        facts.push(Field::new(words.t("field.pinned_reason"), reason));
    }
    facts
}

fn known(connection: &mut AnyConnection, visit: &VisitRow) -> Result<Known> {
    Ok(Known {
        found: proofs::find(connection, visit.id)?,
        steps: steps_of(connection, visit.id)?,
        files: files_of(connection, visit.id)?,
        home: proofs::home_of(connection, visit.elder_id, visit.service_on)?,
        fence_m: rules_on(connection, visit.service_on)?.fence_m,
        door_code: None,
        sees_pictures: false,
    })
}

/// The visit that this one makes up for, and the one that makes up for it.
fn links(words: &Words, listed: &VisitListed, made_up: Option<i64>) -> Vec<Field> {
    let link = |key: &str, id: i64| {
        let text = words.lang.fill(key, &[("n", &id.to_string())]);
        Field::new(words.t("visit.make_up"), text).link(format!("/visits/{id}"))
    };
    let before = listed.visit.makes_up_id.map(|id| link("visit.makes_up", id));
    before.into_iter().chain(made_up.map(|id| link("visit.made_up_by", id))).collect()
}

fn told(words: &Words, at: Instant, what: String, who: &[&str]) -> Step {
    let who: Vec<&str> = who.iter().copied().filter(|part| !part.is_empty()).collect();
    Step { at: words.calendar.rfc3339(at), at_text: words.calendar.show(at), what, who: who.join(" · ") }
}

fn noticed(words: &Words, notice: &NoticeRow) -> Step {
    told(words, notice.due_at, words.name_of("late_kind", notice.kind.name()), &[])
}

fn followed(words: &Words, listed: &FollowUpListed) -> Vec<Step> {
    let row = &listed.row;
    let kind = words.name_of("follow_up_kind", row.kind.name());
    let due = format!("{} {}", words.t("field.due_at"), words.calendar.show(row.due_at));
    let opened = told(words, row.opened_at, kind.clone(), &[&due]);
    let held = row.held_since.zip(listed.holder.as_deref());
    let held =
        held.map(|(at, name)| told(words, at, format!("{kind} · {}", words.t("follow_up.taken")), &[name]));
    let closed = row.closed_at.zip(row.result).map(|(at, result)| {
        let result = words.name_of("follow_up_result", result.name());
        let whom = row.whom.map(|whom| words.name_of("whom", whom.name())).unwrap_or_default();
        let who = row.closed_by.clone().unwrap_or_default();
        told(words, at, format!("{kind} · {result}"), &[&who, &whom, &row.note])
    });
    std::iter::once(opened).chain(held).chain(closed).collect()
}

fn decision(words: &Words, event: &ExceptionEventRow) -> Step {
    let what = words.name_of("exception_event", event.kind.name());
    let reason = match event.kind {
        ExceptionEvent::Open if !event.reason.is_empty() => words.name_of("element", &event.reason),
        _ => event.reason.clone(),
    };
    told(words, event.at, format!("{} · {what}", words.t("exception.heading")), &[&event.actor, &reason])
}

fn step(words: &Words, event: EventRow, names: &[(i64, String)], reasons: &[FailReasonRow]) -> Step {
    let caregiver = event.caregiver_id.and_then(|id| names.iter().find(|(known, _)| *known == id));
    let kind = words.name_of("visit_event", event.kind.name());
    let what = match (event.kind, caregiver) {
        (
            VisitEvent::Assign | VisitEvent::Offer | VisitEvent::Accept | VisitEvent::Correct,
            Some((_, name)),
        ) => format!("{kind} · {name}"),
        _ => kind,
    };
    let text = event.note.as_str();
    let withdrawn = WithdrawReason::parse(&event.note).filter(|_| event.kind == VisitEvent::Withdraw);
    let withdrawn = withdrawn.map(|reason| words.name_of("withdraw_reason", reason.name()));
    let text = withdrawn.as_deref().unwrap_or(text);
    let reason = event.reason.as_deref().and_then(|code| reasons.iter().find(|row| row.code == code));
    let reason = reason.map(|row| words.pick(&row.name_zh, &row.name_en)).unwrap_or_default();
    let parts = [event.actor.as_str(), &reason, text];
    let who: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Step {
        at: words.calendar.rfc3339(event.at),
        at_text: words.calendar.show(event.at),
        what,
        who: who.join(" · "),
    }
}

pub async fn save_release(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| release(tx, id, version)).await?;
    Ok(redirect(&format!("/visits/{id}")))
}

pub async fn save_confirm(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| confirm(tx, id, version, "")).await?;
    Ok(redirect(&format!("/visits/{id}")))
}
