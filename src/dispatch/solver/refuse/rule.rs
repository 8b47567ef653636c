//! The rules that a problem must obey, one by one.

use std::fmt;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $sentence:literal;)*) => {
        /// What is wrong with an item. Every rule has a code that never changes and a sentence for people.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            pub const ALL: &'static [Rule] = &[$(Rule::$name,)*];

            /// Stable, for programs: lower case words joined by `-`.
            pub fn code(self) -> &'static str {
                match self {
                    $(Rule::$name => $code,)*
                }
            }
        }

        impl fmt::Display for Rule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Rule::$name => $sentence,)*
                })
            }
        }
    };
}

rules! {
    // Any item.
    TimeTooLarge = "time-too-large", "it has a time, duration or leg beyond the largest that can be planned";
    UnknownPlace = "unknown-place", "its place has no row in the travel matrices";
    UnknownSkill = "unknown-skill", "it names a skill that is not in the list of skills";
    UnknownVisit = "unknown-visit", "it is on the way to a visit that is not in the problem";
    NoSuchItem = "no-such-item", "the problem has none of this number";
    UnknownCaregiver = "unknown-caregiver", "it names a caregiver who is not in the problem";

    // Visits.
    WindowMissing = "window-missing", "it has no time window";
    WindowEmpty = "window-empty", "a time window ends before it starts";
    /// Where a visit must end within its window, and no window is as long as the visit.
    WindowTooShort = "window-too-short", "it must end inside a time window, but takes longer than each of them";
    WindowsUnordered = "windows-unordered", "its time windows overlap or are not in ascending order";
    DurationNegative = "duration-negative", "its duration is negative";
    LoadNegative = "load-negative", "its load is negative";
    LanguagesMissing = "languages-missing", "it asks for one of several languages, but names none";
    BarredUnknown = "barred-unknown", "it bars a caregiver who is not in the problem";
    PreferredUnknown = "preferred-unknown", "it prefers a caregiver who is not in the problem";
    PreferredTwice = "preferred-twice", "it prefers a caregiver twice";
    FamiliarityOutside = "familiarity-outside", "the familiarity of a preferred caregiver is not between 1 and the largest";
    LockUnknown = "lock-unknown", "it is locked to a caregiver who is not in the problem";

    // Caregivers.
    ShiftEmpty = "shift-empty", "the shift ends before it starts";
    OvertimeNegative = "overtime-negative", "the longest overtime is negative";
    WorkNegative = "work-negative", "the longest work is negative";
    CapacityNegative = "capacity-negative", "the capacity is negative";
    RestNegative = "rest-negative", "the duration of the break is negative";
    RestEmpty = "rest-empty", "the time window of the break ends before it starts";
    RestTooLong = "rest-too-long", "the break is longer than the shift";
    UnknownMode = "unknown-mode", "the travel mode has no matrix";

    // Groups.
    GroupTooSmall = "group-too-small", "it has fewer than two visits";
    GroupTooLarge = "group-too-large", "it has more visits than can be tied together";
    MemberUnknown = "member-unknown", "it names a visit that is not in the problem";
    MemberTwice = "member-twice", "it names a visit twice";
    MemberShared = "member-shared", "it names a visit of another group";
    LagsCrossed = "lags-crossed", "the shortest lag is longer than the longest";

    // Travel, skills, weights, rules, baseline.
    MatrixSize = "matrix-size", "it does not have one entry for each pair of its places";
    MatrixSizes = "matrix-sizes", "it has another number of places than the matrix before it";
    TravelNegative = "travel-negative", "the travel time is negative";
    SkillsTooMany = "skills-too-many", "there are more skills than can be told apart";
    WeightNegative = "weight-negative", "it is negative";
    /// The objective would not fit its integer in the worst plan.
    CostTooLarge = "cost-too-large", "with these weights the cost of a bad plan is too large to be counted";
    PlanRoutes = "plan-routes", "it does not have one route for each caregiver";
    BaselineLength = "baseline-length", "it does not have one entry for each visit";
}
