crate::text_enum! {
    /// A unit of the village level of the statistics code.
    pub enum VillageKind {
        Village = "village",
        Community = "community",
        /// A development zone, a farm or the like: not counted among the villages.
        Other = "other",
    }
}

/// Filter value for the kinds that count among the villages: village and community together.
pub const COUNTED: &str = "counted";
