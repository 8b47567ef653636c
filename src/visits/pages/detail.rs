use actix_web::{HttpResponse, web};

use super::list::tone;
use super::period;
use crate::access::Permission;
use crate::bus::Topic;
use crate::elders::store::visible_names;
use crate::error::{Error, Result};
use crate::visits::model::{VisitEvent, WithdrawReason, read_note};
use crate::visits::release;
use crate::visits::store::{EventRow, VisitListed, caregiver_names, events_of, get_visit, with_names};
use crate::web::{
    Action, Detail, Field, History, Input, Section, Step, Visitor, Words, detail_page_with, redirect,
};

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let (listed, events, elder_is_visible) = visitor
        .app
        .db
        .read(move |connection| {
            let at = (words.calendar, words.now);
            let visit = get_visit(connection, &scope, Permission::SeeVisits, id, at)?;
            let visible = !visible_names(connection, &scope, &[visit.elder_id], words.now)?.is_empty();
            let events = events_of(connection, id)?;
            let ids: Vec<i64> = events.iter().filter_map(|event| event.caregiver_id).collect();
            let names = caregiver_names(connection, &ids)?;
            let listed = with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)?;
            let steps = events.into_iter().map(|event| step(&words, event, &names)).collect();
            Ok((listed, steps, visible))
        })
        .await?;
    let words = Words::of(&visitor);
    let service = words.pick(&listed.service_zh, &listed.service_en);
    let detail = Detail {
        heading: format!("{} · {service}", listed.elder),
        subheading: format!("{} {}", listed.visit.service_on, window(&words, &listed)),
        actions: actions(&visitor, &listed),
        sections: vec![Section {
            heading: visitor.t("detail.facts").into_owned(),
            fields: facts(&words, &listed, elder_is_visible),
            table: None,
        }],
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
        Field::new(words.t("field.arrived_at"), time(listed.arrived_at)),
        Field::new(words.t("field.done_at"), time(listed.done_at)),
    ];
    if let Some(reason) = &visit.pinned_reason {
        facts.push(Field::new(words.t("field.pinned_reason"), reason));
    }
    facts
}

fn step(words: &Words, event: EventRow, names: &[(i64, String)]) -> Step {
    let caregiver = event.caregiver_id.and_then(|id| names.iter().find(|(known, _)| *known == id));
    let kind = words.name_of("visit_event", event.kind.name());
    let what = match (event.kind, caregiver) {
        (VisitEvent::Assign, Some((_, name))) => format!("{kind} · {name}"),
        _ => kind,
    };
    let (reason, text) = read_note(&event.note);
    let withdrawn = WithdrawReason::parse(&event.note).filter(|_| event.kind == VisitEvent::Withdraw);
    let withdrawn = withdrawn.map(|reason| words.name_of("withdraw_reason", reason.name()));
    let text = withdrawn.as_deref().unwrap_or(text);
    let reason = reason.map(|reason| words.name_of("fail_reason", reason.name())).unwrap_or_default();
    let parts = [event.actor.as_str(), &reason, text];
    let who: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Step {
        at: words.calendar.rfc3339(event.at),
        at_text: words.calendar.show(event.at),
        what,
        who: who.join(" · "),
    }
}

fn actions(visitor: &Visitor, listed: &VisitListed) -> Vec<Action> {
    let visit = &listed.visit;
    let covers = |permission: Permission| {
        let reach = visitor.scope().reach(permission);
        reach.is_ok_and(|reach| {
            let own = visit.caregiver_id.is_some_and(|id| reach.caregivers.contains(&id));
            reach.covers(Some(&visit.town_code), None) || own || !reach.providers.is_empty()
        })
    };
    let path = |step: &str| format!("/visits/{}/{step}", visit.id);
    let ask = |key: &str| visitor.lang.fill(key, &[("elder", &listed.elder)]);
    let mut actions = Vec::new();
    if covers(Permission::DoVisits) {
        if visit.state.allows(VisitEvent::Arrive) {
            actions.push(
                Action::post(path("arrive"), visitor.t("visit.arrive"), "map-pin")
                    .confirm(ask("visit.arrive_confirm"))
                    .with("version", visit.version),
            );
        }
        if visit.state.allows(VisitEvent::Finish) {
            actions.push(
                Action::post(path("finish"), visitor.t("visit.finish"), "check")
                    .primary()
                    .confirm(ask("visit.finish_confirm"))
                    .with("version", visit.version),
            );
        }
        if visit.state.allows(VisitEvent::Fail) {
            actions.push(Action::link(path("fail"), visitor.t("visit.fail"), "octagon-alert"));
        }
    }
    if covers(Permission::AssignVisits) {
        if visit.state.allows(VisitEvent::Release) {
            actions.push(
                Action::post(path("release"), visitor.t("visit.release"), "x")
                    .confirm(ask("visit.release_confirm"))
                    .with("version", visit.version),
            );
        }
        if visit.pinned_reason.is_some() {
            actions.push(
                Action::post(path("unpin"), visitor.t("visit.unpin"), "lock")
                    .confirm(ask("visit.unpin_confirm"))
                    .with("version", visit.version),
            );
        } else if visit.caregiver_id.is_some() && visit.state.allows(VisitEvent::Assign) {
            actions.push(Action::link(path("pin"), visitor.t("visit.pin"), "lock"));
        }
        if visit.state.allows(VisitEvent::Assign) {
            let label = if visit.caregiver_id.is_some() { "visit.assign_again" } else { "visit.assign" };
            actions.push(Action::link(path("assign"), visitor.t(label), "user").primary());
        }
    }
    actions
}

pub async fn save_release(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| release(tx, id, version)).await?;
    Ok(redirect(&format!("/visits/{id}")))
}
