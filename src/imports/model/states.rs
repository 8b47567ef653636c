crate::text_enum! {
    /// What the rows of a file are.
    pub enum ImportKind {
        House = "house",
        Elders = "elders",
        Caregivers = "caregivers",
        Stations = "stations",
        Institutions = "institutions",
        Waiting = "waiting",
        Devices = "devices",
    }
}

crate::text_enum! {
    /// How far a batch is. While somebody works on it (checking, running, undoing) it has a runner.
    pub enum BatchState {
        Uploaded = "uploaded",
        Checking = "checking",
        Checked = "checked",
        Running = "running",
        Done = "done",
        Undoing = "undoing",
        Undone = "undone",
        Discarded = "discarded",
    }
}

impl BatchState {
    /// Somebody works on it, unless the program was ended.
    pub fn is_busy(self) -> bool {
        matches!(self, BatchState::Checking | BatchState::Running | BatchState::Undoing)
    }
}

crate::text_enum! {
    /// What a row came to: first in the check (good, unchanged, refused), then in the run (applied, unchanged, failed), then
    /// where the batch was undone (reverted, kept).
    pub enum RowOutcome {
        Good = "good",
        Unchanged = "unchanged",
        Refused = "refused",
        Applied = "applied",
        Failed = "failed",
        Reverted = "reverted",
        Kept = "kept",
    }
}
