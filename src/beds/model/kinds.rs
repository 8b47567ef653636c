crate::text_enum! {
    pub enum BedKind {
        SelfCare = "self_care",
        Nursing = "nursing",
        Dementia = "dementia",
        Rehabilitation = "rehabilitation",
        DayPlace = "day_place",
    }
}

crate::text_enum! {
    /// What a bed is at an instant; follows from the periods that fill it. The five exclude each other.
    pub enum BedState {
        Occupied = "occupied",
        OnLeave = "on_leave",
        Reserved = "reserved",
        OutOfService = "out_of_service",
        Free = "free",
    }
}

crate::text_enum! {
    /// What is shown of a bed: its state, or that it takes nobody any more. A closed bed is in no count.
    pub enum ShownState {
        Occupied = "occupied",
        OnLeave = "on_leave",
        Reserved = "reserved",
        OutOfService = "out_of_service",
        Free = "free",
        Closed = "closed",
    }
}

impl From<BedState> for ShownState {
    fn from(state: BedState) -> ShownState {
        match state {
            BedState::Occupied => ShownState::Occupied,
            BedState::OnLeave => ShownState::OnLeave,
            BedState::Reserved => ShownState::Reserved,
            BedState::OutOfService => ShownState::OutOfService,
            BedState::Free => ShownState::Free,
        }
    }
}

crate::text_enum! {
    /// What fills a bed.
    pub enum ClaimKind {
        Stay = "stay",
        Hold = "hold",
        Outage = "outage",
    }
}

crate::text_enum! {
    /// Who may share a room; `Same` means whoever is of the gender of those who are there.
    pub enum GenderRule {
        Any = "any",
        Female = "female",
        Male = "male",
        Same = "same",
    }
}

crate::text_enum! {
    /// The level of care that was agreed.
    pub enum CareLevel {
        SelfCare = "self_care",
        HalfCare = "half_care",
        FullCare = "full_care",
    }
}

crate::text_enum! {
    /// Where an elder is while the bed stays theirs.
    pub enum LeaveKind {
        Home = "home",
        Hospital = "hospital",
    }
}

crate::text_enum! {
    pub enum OutageReason {
        Cleaning = "cleaning",
        Repair = "repair",
        Isolation = "isolation",
        Other = "other_reason",
    }
}

crate::text_enum! {
    /// How a hold ended.
    pub enum HoldOutcome {
        Admitted = "admitted",
        Released = "released",
        Expired = "expired",
    }
}

crate::text_enum! {
    /// How a stay ended.
    pub enum Ending {
        Discharge = "discharge",
        Transfer = "transfer",
        Death = "death",
    }
}

crate::text_enum! {
    /// Where somebody went who was discharged.
    pub enum Destination {
        Home = "home",
        Relatives = "relatives",
        Hospital = "hospital",
        Institution = "institution",
        Elsewhere = "elsewhere",
    }
}

crate::text_enum! {
    /// The nine protections of GB 38600-2019, assessed before an admission.
    pub enum Risk {
        Choking = "choking",
        WrongMedicine = "wrong_medicine",
        PressureInjury = "pressure_injury",
        Scald = "scald",
        FallFromBed = "fall_from_bed",
        Fall = "fall",
        Wandering = "wandering",
        Harm = "harm",
        ActivityAccident = "activity_accident",
    }
}

crate::text_enum! {
    /// A rule of admission that the office sets.
    pub enum RuleCode {
        Licence = "licence",
        Risks = "risks",
        Gender = "gender",
        Level = "level",
    }
}

crate::text_enum! {
    pub enum RuleMode {
        Off = "off",
        Warn = "warn",
        Block = "block",
    }
}

crate::text_enum! {
    pub enum WaitingState {
        Waiting = "waiting",
        Admitted = "admitted",
        Withdrawn = "withdrawn",
    }
}

crate::text_enum! {
    /// A transfer between institutions: one end asks, the other answers.
    pub enum TransferState {
        Asked = "asked",
        Moved = "moved",
        Declined = "declined",
        TakenBack = "taken_back",
    }
}
