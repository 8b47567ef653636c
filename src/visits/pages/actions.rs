//! What can be done with a visit as it stands, by whoever looks at it.

use crate::access::Permission;
use crate::visits::model::{VisitEvent, VisitState};
use crate::visits::store::VisitListed;
use crate::web::{Action, Visitor};

pub fn actions(visitor: &Visitor, listed: &VisitListed) -> Vec<Action> {
    let visit = &listed.visit;
    let covers = |permission: Permission| {
        let reach = visitor.scope().reach(permission);
        reach.is_ok_and(|reach| {
            let own = visit.caregiver_id.is_some_and(|id| reach.caregivers.contains(&id));
            reach.covers(Some(&visit.town_code), None) || own || !reach.providers.is_empty()
        })
    };
    let mut actions = Vec::new();
    if covers(Permission::DoVisits) {
        actions.extend(on_the_day(visitor, listed));
    }
    if covers(Permission::AssignVisits) {
        actions.extend(in_the_office(visitor, listed));
    }
    actions
}

fn on_the_day(visitor: &Visitor, listed: &VisitListed) -> Vec<Action> {
    let visit = &listed.visit;
    let path = |step: &str| format!("/visits/{}/{step}", visit.id);
    let ask = |key: &str| visitor.lang.fill(key, &[("elder", &listed.elder)]);
    let mut actions = Vec::new();
    if visit.state.allows(VisitEvent::Accept) {
        actions.push(
            Action::post(path("accept"), visitor.t("visit.accept"), "check")
                .primary()
                .with("version", visit.version),
        );
        actions.push(Action::link(path("decline"), visitor.t("visit.decline"), "x"));
    }
    if visit.state.allows(VisitEvent::Depart) {
        actions.push(
            Action::post(path("depart"), visitor.t("visit.depart"), "play")
                .confirm(ask("visit.depart_confirm"))
                .with("version", visit.version),
        );
    }
    if visit.state.allows(VisitEvent::Correct) {
        actions.push(Action::link(path("correct"), visitor.t("visit.correct"), "pencil"));
    }
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
    actions
}

fn in_the_office(visitor: &Visitor, listed: &VisitListed) -> Vec<Action> {
    let visit = &listed.visit;
    let path = |step: &str| format!("/visits/{}/{step}", visit.id);
    let ask = |key: &str| visitor.lang.fill(key, &[("elder", &listed.elder)]);
    let mut actions = Vec::new();
    if visit.state.allows(VisitEvent::Confirm) {
        actions.push(
            Action::post(path("confirm"), visitor.t("visit.confirm"), "check")
                .confirm(ask("visit.confirm_confirm"))
                .with("version", visit.version),
        );
    }
    if visit.state == VisitState::NotDone {
        actions.push(Action::link(path("make-up"), visitor.t("visit.make_up"), "plus"));
    }
    if visit.state.allows(VisitEvent::Reopen) {
        actions.push(Action::link(path("reopen"), visitor.t("visit.reopen"), "history"));
    }
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
    actions
}
