crate::text_enum! {
    pub enum AbsenceKind {
        Leave = "leave",
        Sick = "sick",
        Training = "training",
        Personal = "personal",
    }
}

/// Days of an absence at most.
pub const DAYS_MAX: i64 = 366;
