//! One value that says who asks and what is within reach; every store function takes it.

use super::model::{Grant, Permission, Place, Role};
use crate::error::{Error, Result};

/// Who asks, with all their grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub user_id: Option<i64>,
    /// The login, or `system` for the program itself; kept in audit rows.
    pub actor: String,
    grants: Vec<Grant>,
    system: bool,
}

/// The places where one permission holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Everything; the lists are then empty.
    pub city: bool,
    pub towns: Vec<String>,
    pub institutions: Vec<i64>,
    pub providers: Vec<i64>,
    pub caregivers: Vec<i64>,
}

impl Scope {
    pub fn new(user_id: i64, actor: impl Into<String>, grants: Vec<Grant>) -> Self {
        Scope { user_id: Some(user_id), actor: actor.into(), grants, system: false }
    }

    /// The program itself: start-up, timers, the command line of whoever holds the database.
    pub fn system() -> Self {
        Scope { user_id: None, actor: "system".to_owned(), grants: Vec::new(), system: true }
    }

    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    pub fn has_role(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.system || self.grants.iter().any(|grant| grant.role.may(permission))
    }

    /// Where `permission` holds; `Forbidden` where it holds nowhere.
    pub fn reach(&self, permission: Permission) -> Result<Reach> {
        if self.system {
            return Ok(Reach { city: true, ..Reach::default() });
        }
        let mut reach = Reach::default();
        let mut held = false;
        for grant in self.grants.iter().filter(|grant| grant.role.may(permission)) {
            held = true;
            match &grant.place {
                Place::City => reach.city = true,
                Place::Town(code) => reach.towns.push(code.clone()),
                Place::Institution(id) => reach.institutions.push(*id),
                Place::Provider(id) => reach.providers.push(*id),
                Place::Own(id) => reach.caregivers.push(*id),
            }
        }
        match (held, reach.city) {
            (false, _) => Err(Error::forbidden().context(format!("{permission:?}"))),
            (true, true) => Ok(Reach { city: true, ..Reach::default() }),
            (true, false) => Ok(reach),
        }
    }
}

impl Reach {
    pub fn has_town(&self, code: &str) -> bool {
        self.city || self.towns.iter().any(|town| town == code)
    }

    pub fn has_institution(&self, id: i64) -> bool {
        self.city || self.institutions.contains(&id)
    }

    pub fn has_provider(&self, id: i64) -> bool {
        self.city || self.providers.contains(&id)
    }

    /// Whether a record of this town or institution is within reach.
    pub fn covers(&self, town_code: Option<&str>, institution_id: Option<i64>) -> bool {
        self.city
            || town_code.is_some_and(|code| self.has_town(code))
            || institution_id.is_some_and(|id| self.has_institution(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(role: Role, place: Place) -> Scope {
        Scope::new(1, "w", vec![Grant { role, place }])
    }

    #[test]
    fn a_permission_reaches_only_the_places_of_roles_that_hold_it() {
        let mixed = Scope::new(
            1,
            "w",
            vec![
                Grant { role: Role::Coordinator, place: Place::Town("350582001".into()) },
                Grant { role: Role::AuditAdministrator, place: Place::City },
            ],
        );
        let reach = mixed.reach(Permission::SeeElders).unwrap();
        assert!(reach.has_town("350582001") && !reach.has_town("350582002") && !reach.city);
        assert!(mixed.reach(Permission::SeeAudit).unwrap().city);
        assert!(mixed.reach(Permission::ManageUsers).is_err());
    }

    #[test]
    fn a_town_does_not_reach_into_another() {
        let reach =
            scope(Role::Coordinator, Place::Town("350582001".into())).reach(Permission::SeeBeds).unwrap();
        assert!(!reach.covers(Some("350582002"), Some(7)));
        assert!(reach.covers(Some("350582001"), None));
    }
}
