//! Roles, places, and the one table of what each role may do.

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Coordinator,
    Caregiver,
    InstitutionManager,
    CityManager,
    DutyOfficer,
    SystemAdministrator,
    SecurityAdministrator,
    AuditAdministrator,
}

/// Something a role may do; where, the grant's place says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    SeeBoard,
    SeeRegistry,
    EditInstitution,
    EditStation,
    SeeCaregivers,
    EditCaregiver,
    SeeElders,
    /// Putting elders on file and changing what is on file of them.
    EditElder,
    /// Identity number, phone and address in clear; each look is audited.
    UnmaskElder,
    /// A caregiver's phone in clear; each look is audited.
    UnmaskCaregiver,
    SeeBeds,
    ManageStays,
    /// Putting elders in line for a bed, and moving them in it.
    ManageWaiting,
    SeeVisits,
    AssignVisits,
    DoVisits,
    SeeAssessments,
    /// Ordering and answering assessments.
    Assess,
    /// Deciding on assessments that somebody else has answered.
    ReviewAssessment,
    /// Care plans, the catalogue, the calendar and entitlements.
    SeePlans,
    EditPlans,
    /// What holds for the whole city: services and prices, holidays, entitlements.
    EditCatalogue,
    SeeDevices,
    /// Saying where a device stands.
    PlaceDevice,
    /// Putting devices on file, and giving and taking what they sign in with.
    ManageDevice,
    SeeAlerts,
    AnswerAlerts,
    ManageUsers,
    GrantRoles,
    SeeSessions,
    SeeAudit,
    /// Records out of a workbook; each kind needs its own permission beside it.
    ImportRecords,
}

impl Permission {
    pub const ALL: [Permission; 32] = [
        Permission::SeeBoard,
        Permission::SeeRegistry,
        Permission::EditInstitution,
        Permission::EditStation,
        Permission::SeeCaregivers,
        Permission::EditCaregiver,
        Permission::SeeElders,
        Permission::EditElder,
        Permission::UnmaskElder,
        Permission::UnmaskCaregiver,
        Permission::SeeBeds,
        Permission::ManageStays,
        Permission::ManageWaiting,
        Permission::SeeVisits,
        Permission::AssignVisits,
        Permission::DoVisits,
        Permission::SeeAssessments,
        Permission::Assess,
        Permission::ReviewAssessment,
        Permission::SeePlans,
        Permission::EditPlans,
        Permission::EditCatalogue,
        Permission::SeeDevices,
        Permission::PlaceDevice,
        Permission::ManageDevice,
        Permission::SeeAlerts,
        Permission::AnswerAlerts,
        Permission::ManageUsers,
        Permission::GrantRoles,
        Permission::SeeSessions,
        Permission::SeeAudit,
        Permission::ImportRecords,
    ];
}

impl Role {
    pub const ALL: [Role; 8] = [
        Role::Coordinator,
        Role::Caregiver,
        Role::InstitutionManager,
        Role::CityManager,
        Role::DutyOfficer,
        Role::SystemAdministrator,
        Role::SecurityAdministrator,
        Role::AuditAdministrator,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Role::Coordinator => "coordinator",
            Role::Caregiver => "caregiver",
            Role::InstitutionManager => "institution_manager",
            Role::CityManager => "city_manager",
            Role::DutyOfficer => "duty_officer",
            Role::SystemAdministrator => "system_administrator",
            Role::SecurityAdministrator => "security_administrator",
            Role::AuditAdministrator => "audit_administrator",
        }
    }

    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    /// One of the three administrators, of which a user can be only one.
    pub fn is_administrator(self) -> bool {
        matches!(self, Role::SystemAdministrator | Role::SecurityAdministrator | Role::AuditAdministrator)
    }

    /// What the role may do, by the one table of it.
    pub fn permissions(self) -> &'static [Permission] {
        match self {
            Role::Coordinator => table::COORDINATOR,
            Role::Caregiver => table::CAREGIVER,
            Role::InstitutionManager => table::INSTITUTION_MANAGER,
            Role::CityManager => table::CITY_MANAGER,
            Role::DutyOfficer => table::DUTY_OFFICER,
            Role::SystemAdministrator => table::SYSTEM_ADMINISTRATOR,
            Role::SecurityAdministrator => table::SECURITY_ADMINISTRATOR,
            Role::AuditAdministrator => table::AUDIT_ADMINISTRATOR,
        }
    }

    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// The kinds of place that a grant of this role can name.
    pub fn place_kinds(self) -> &'static [&'static str] {
        match self {
            Role::Coordinator => &["city", "town", "provider"],
            Role::Caregiver => &["own"],
            Role::InstitutionManager => &["institution"],
            Role::DutyOfficer => &["city", "town"],
            Role::CityManager
            | Role::SystemAdministrator
            | Role::SecurityAdministrator
            | Role::AuditAdministrator => &["city"],
        }
    }
}

/// The one table of what each role may do.
mod table {
    use super::Permission::{
        self, AnswerAlerts, Assess, AssignVisits, DoVisits, EditCaregiver, EditCatalogue, EditElder,
        EditInstitution, EditPlans, EditStation, GrantRoles, ImportRecords, ManageDevice, ManageStays,
        ManageUsers, ManageWaiting, PlaceDevice, ReviewAssessment, SeeAlerts, SeeAssessments, SeeAudit,
        SeeBeds, SeeBoard, SeeCaregivers, SeeDevices, SeeElders, SeePlans, SeeRegistry, SeeSessions,
        SeeVisits, UnmaskCaregiver, UnmaskElder,
    };

    pub const COORDINATOR: &[Permission] = &[
        SeeBoard,
        SeeRegistry,
        EditStation,
        SeeCaregivers,
        EditCaregiver,
        SeeElders,
        EditElder,
        ImportRecords,
        UnmaskElder,
        UnmaskCaregiver,
        SeeBeds,
        ManageWaiting,
        SeeVisits,
        AssignVisits,
        DoVisits,
        SeeAssessments,
        Assess,
        ReviewAssessment,
        SeePlans,
        EditPlans,
        SeeDevices,
        PlaceDevice,
        SeeAlerts,
        AnswerAlerts,
    ];
    pub const CAREGIVER: &[Permission] = &[SeeVisits, DoVisits];
    pub const INSTITUTION_MANAGER: &[Permission] = &[
        SeeBoard,
        SeeRegistry,
        EditInstitution,
        SeeElders,
        EditElder,
        ImportRecords,
        UnmaskElder,
        SeeBeds,
        ManageStays,
        ManageWaiting,
        SeeAssessments,
        Assess,
        SeeDevices,
        PlaceDevice,
        SeeAlerts,
        AnswerAlerts,
    ];
    pub const CITY_MANAGER: &[Permission] = &[
        SeeBoard,
        SeeRegistry,
        EditInstitution,
        EditStation,
        SeeCaregivers,
        EditCaregiver,
        SeeElders,
        EditElder,
        ImportRecords,
        SeeBeds,
        ManageWaiting,
        SeeVisits,
        SeeAssessments,
        ReviewAssessment,
        SeePlans,
        EditCatalogue,
        SeeDevices,
        PlaceDevice,
        ManageDevice,
        SeeAlerts,
    ];
    pub const DUTY_OFFICER: &[Permission] =
        &[SeeBoard, SeeRegistry, SeeElders, UnmaskElder, SeeDevices, SeeAlerts, AnswerAlerts];
    pub const SYSTEM_ADMINISTRATOR: &[Permission] = &[ManageUsers, SeeDevices, ManageDevice];
    pub const SECURITY_ADMINISTRATOR: &[Permission] = &[GrantRoles, SeeSessions];
    pub const AUDIT_ADMINISTRATOR: &[Permission] = &[SeeAudit];
}

/// Where a role holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    City,
    /// A town by its code.
    Town(String),
    Institution(i64),
    Provider(i64),
    /// What belongs to one caregiver.
    Own(i64),
}

impl Place {
    pub fn kind(&self) -> &'static str {
        match self {
            Place::City => "city",
            Place::Town(_) => "town",
            Place::Institution(_) => "institution",
            Place::Provider(_) => "provider",
            Place::Own(_) => "own",
        }
    }

    /// The stored id of the place; empty for the city.
    pub fn id(&self) -> String {
        match self {
            Place::City => String::new(),
            Place::Town(code) => code.clone(),
            Place::Institution(id) | Place::Provider(id) | Place::Own(id) => id.to_string(),
        }
    }

    pub fn parse(kind: &str, id: &str) -> Option<Place> {
        Some(match kind {
            "city" if id.is_empty() => Place::City,
            "town" if !id.is_empty() => Place::Town(id.to_owned()),
            "institution" => Place::Institution(id.parse().ok()?),
            "provider" => Place::Provider(id.parse().ok()?),
            "own" => Place::Own(id.parse().ok()?),
            _ => return None,
        })
    }
}

/// A role at a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    pub role: Role,
    pub place: Place,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_places_round_trip_through_their_stored_names() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
        }
        for place in [
            Place::City,
            Place::Town("350582001".into()),
            Place::Institution(4),
            Place::Provider(5),
            Place::Own(6),
        ] {
            assert_eq!(Place::parse(place.kind(), &place.id()), Some(place));
        }
        assert_eq!(Place::parse("town", ""), None);
        assert_eq!(Place::parse("institution", "x"), None);
    }

    #[test]
    fn every_permission_is_held_by_some_role() {
        for permission in Permission::ALL {
            assert!(Role::ALL.iter().any(|role| role.may(permission)), "{permission:?}");
        }
    }

    #[test]
    fn the_three_administrators_share_no_permission() {
        let administrators: Vec<Role> =
            Role::ALL.into_iter().filter(|role| role.is_administrator()).collect();
        for permission in Permission::ALL {
            assert!(administrators.iter().filter(|role| role.may(permission)).count() <= 1, "{permission:?}");
        }
    }
}
