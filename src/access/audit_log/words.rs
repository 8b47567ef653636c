//! Audit rows as people read them: names for what was done, and the detail without its JSON.

use serde_json::Value;

use crate::web::Words;

/// Every action that the program writes down; the filter offers them.
pub const ACTIONS: &[&str] = &[
    "session.open",
    "session.close",
    "session.revoke",
    "user.add",
    "user.disable",
    "user.enable",
    "user.grant",
    "user.revoke",
    "user.change_password",
    "user.reset_password",
    "user.work_phone",
    "institution.add",
    "institution.change",
    "institution.remove",
    "station.add",
    "station.change",
    "station.remove",
    "caregiver.add",
    "caregiver.change",
    "caregiver.remove",
    "caregiver.show_phone",
    "elder.add",
    "elder.change",
    "elder.remove",
    "elder.add_part",
    "elder.change_part",
    "elder.remove_part",
    "elder.show_scan",
    "elder.export",
    "elder.look_up",
    "elder.unmask",
    "elder.address",
    "elder.call",
    "elder.issue_card",
    "elder.revoke_card",
    "elder.print_card",
    "elder.readings",
    "stay.admit",
    "stay.discharge",
    "stay.plan_discharge",
    "stay.death",
    "stay.leave",
    "stay.return",
    "stay.move_out",
    "stay.move_in",
    "stay.correct",
    "stay.agree",
    "stay.contact",
    "stay.take_back",
    "room.add",
    "room.change",
    "room.remove",
    "bed.add",
    "bed.change",
    "bed.remove",
    "hold.add",
    "hold.release",
    "hold.expire",
    "hold.give_back",
    "outage.begin",
    "outage.end",
    "transfer.ask",
    "transfer.accept",
    "transfer.decline",
    "transfer.take_back",
    "waiting.ask",
    "waiting.withdraw",
    "waiting.jump",
    "waiting.take_back",
    "waiting.give_back",
    "class.add",
    "class.change",
    "room.close",
    "room.reopen",
    "bed.close",
    "bed.reopen",
    "beds.confirm",
    "beds.rule",
    "visit.plan",
    "visit.assign",
    "visit.release",
    "visit.arrive",
    "visit.finish",
    "visit.fail",
    "assessment.order",
    "assessment.draft",
    "assessment.finish",
    "assessment.correct",
    "assessment.give_back",
    "assessment.review",
    "assessment.enact",
    "assessment.dispute",
    "assessment.uphold",
    "assessment.supersede",
    "assessment.withdraw",
    "visit.withdraw",
    "visit.pin",
    "visit.unpin",
    "proposal.ask",
    "proposal.stop",
    "proposal.end",
    "proposal.accept",
    "proposal.discard",
    "visit.offer",
    "visit.accept",
    "visit.decline",
    "visit.depart",
    "visit.confirm",
    "visit.reject",
    "visit.correct",
    "visit.reopen",
    "visit.picture",
    "visit_exception.decide",
    "absence.add",
    "absence.cancel",
    "correction.ask",
    "correction.decide",
    "follow_up.answer",
    "service.add",
    "service.change",
    "service.price",
    "holiday.add",
    "holiday.change",
    "holiday.remove",
    "entitlement.add",
    "entitlement.change",
    "plan.begin",
    "plan.change",
    "plan.activate",
    "plan.end",
    "plan.pause",
    "plan.resume",
    "plan.add_item",
    "plan.change_item",
    "plan.remove_item",
    "demand.generate",
    "alert.acknowledge",
    "device.add",
    "device.disable",
    "device.place",
    "import.upload",
    "import.check",
    "import.look_up",
    "import.run",
    "import.undo",
    "import.errors",
    "import.wipe",
    "demo.create",
    "demo.day",
];

/// What actions are about.
pub const ENTITIES: &[&str] = &[
    "session",
    "user",
    "institution",
    "station",
    "caregiver",
    "elder",
    "stay",
    "room",
    "bed",
    "import",
    "hold",
    "outage",
    "transfer",
    "waiting",
    "class",
    "room",
    "bed",
    "visit",
    "assessment",
    "visit_exception",
    "absence",
    "correction",
    "follow_up",
    "service",
    "holiday",
    "entitlement",
    "plan",
    "plan_item",
    "plan_pause",
    "demand",
    "proposal",
    "alert",
    "device",
    "city",
];

/// `{"changes":{"phone":["1","2"]}}` as "Phone: 1 → 2"; a detail that is no object stays as it is.
pub fn detail(words: &Words, stored: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(stored) else { return stored.to_owned() };
    let mut parts = Vec::new();
    for (name, value) in &fields {
        match value {
            Value::Object(changes) if name == "changes" => {
                parts.extend(changes.iter().map(|(field, pair)| {
                    part(words, field, &format!("{} → {}", plain(&pair[0]), plain(&pair[1])))
                }));
            }
            other => parts.push(part(words, name, &plain(other))),
        }
    }
    parts.join(&words.t("audit.part_separator"))
}

fn part(words: &Words, field: &str, value: &str) -> String {
    // What a row calls "address" is the network's, not an elder's.
    let known = [format!("audit.detail.{field}"), format!("field.{field}")]
        .into_iter()
        .map(|key| (words.t(&key), key))
        .find(|(text, key)| text != key);
    let label = known.map_or_else(|| field.to_owned(), |(text, _)| text);
    format!("{label}{}{value}", words.t("audit.colon"))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}
