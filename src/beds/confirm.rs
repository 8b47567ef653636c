//! An institution confirms its figures, also when nothing changed, so that every figure has an age.

use serde_json::json;

use super::model::{Counts, RuleCode, RuleMode};
use super::record::{Change, record};
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::error::Result;
use crate::registry::institutions::store::get_institution;

/// Writes down that the figures of an institution are right as they stand; gives them.
pub fn confirm(tx: &mut Tx<'_>, institution_id: i64) -> Result<Counts> {
    let house = get_institution(tx.connection, tx.scope, Permission::ManageStays, institution_id)?;
    let mut counts = Counts::default();
    for row in store::counts_at(tx.connection, tx.scope, tx.now)? {
        if row.institution_id == house.id {
            counts += row.counts;
        }
    }
    let actor = tx.scope.actor.clone();
    let id = store::insert_confirmation(tx.connection, house.id, &house.town_code, &actor, &counts, tx.now)?;
    let change = Change {
        action: "beds.confirm",
        entity: "institution",
        id: house.id,
        town_code: &house.town_code,
        institution_id: Some(house.id),
        bed_id: None,
        state: None,
    };
    let detail = json!({
        "confirmation": id, "beds": counts.beds(), "occupied": counts.occupied, "on_leave": counts.on_leave,
        "reserved": counts.reserved, "out_of_service": counts.out_of_service, "free": counts.free,
    });
    record(tx, &change, detail)?;
    Ok(counts)
}

/// Sets a rule of admission for the whole city.
pub fn set_rule(tx: &mut Tx<'_>, code: RuleCode, mode: RuleMode) -> Result<()> {
    let reach = tx.scope.reach(Permission::EditInstitution)?;
    if !reach.city {
        return Err(crate::error::Error::forbidden().context("the rules are the city's"));
    }
    let before = store::admission_rules(tx.connection)?.of(code);
    store::set_rule(tx.connection, code, mode)?;
    tx.audit(&crate::access::audit::Entry {
        action: "beds.rule",
        entity: "city",
        entity_id: code.name().to_owned(),
        town_code: None,
        detail: json!({ "changes": { code.name(): [before.name(), mode.name()] } }),
    })
}
