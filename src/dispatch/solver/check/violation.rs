//! What can be wrong with a plan.

use std::fmt;

use crate::dispatch::solver::plan::Plan;
use crate::dispatch::solver::problem::Time;

macro_rules! violations {
    ($($name:ident { $($field:ident: $kind:ty),* } = $code:literal, $sentence:literal;)*) => {
        /// A rule that a plan breaks, and where. Visits, caregivers and groups are positions in the problem, times are ticks.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Violation {
            $($name { $($field: $kind),* },)*
        }

        impl Violation {
            /// The codes of all violations.
            pub const CODES: &'static [&'static str] = &[$($code,)*];

            /// Stable, for programs: lower case words joined by `-`.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Violation::$name { .. } => $code,)*
                }
            }
        }

        impl fmt::Display for Violation {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Violation::$name { $($field),* } => write!(f, $sentence),)*
                }
            }
        }
    };
}

violations! {
    // Everything is there once.
    RouteCount { routes: usize, caregivers: usize } = "route-count", "{routes} routes for {caregivers} caregivers";
    VisitUnknown { visit: usize } = "visit-unknown", "visit {visit} is not in the problem";
    VisitTwice { visit: usize } = "visit-twice", "visit {visit} is in a route more than once";
    VisitMissing { visit: usize } = "visit-missing", "visit {visit} is neither in a route nor unserved";
    VisitBoth { visit: usize } = "visit-both", "visit {visit} is in a route, but named as unserved";
    UnservedUnordered { visit: usize } = "unserved-unordered", "unserved visit {visit} is not after the one before it";

    // Who comes.
    SkillMissing { visit: usize, caregiver: usize } = "skill-missing", "visit {visit}: caregiver {caregiver} lacks a skill";
    GenderWish { visit: usize, caregiver: usize } = "gender-wish", "visit {visit}: caregiver {caregiver} is not of the gender";
    LanguageWish { visit: usize, caregiver: usize } = "language-wish", "visit {visit}: caregiver {caregiver} speaks none of the languages";
    Barred { visit: usize, caregiver: usize } = "barred", "visit {visit}: caregiver {caregiver} is barred";
    LockedCaregiver { visit: usize, caregiver: usize } = "locked-caregiver", "visit {visit} is locked to another than caregiver {caregiver}";

    // When.
    OutsideWindows { visit: usize, start: Time } = "outside-windows", "visit {visit} starts at {start}, which no window allows";
    BeforeWindows { visit: usize, start: Time } = "before-windows", "visit {visit} starts at {start}, before its first window";
    LockedStart { visit: usize, start: Time } = "locked-start", "visit {visit} starts at {start}, but is locked to another time";
    BeforeNow { visit: usize, start: Time } = "before-now", "visit {visit} starts at {start}, before the present";
    RestBeforeNow { caregiver: usize, start: Time } = "rest-before-now", "caregiver {caregiver} rests from {start}, before the present";
    EndWrong { visit: usize, end: Time } = "end-wrong", "visit {visit} ends at {end}, not its duration after its start";

    // What has happened.
    FactUnserved { visit: usize } = "fact-unserved", "visit {visit} has happened, but is unserved";
    FactMoved { visit: usize, caregiver: usize, start: Time } = "fact-moved", "visit {visit} did not happen by caregiver {caregiver} at {start}";
    FactNotFirst { visit: usize, caregiver: usize } = "fact-not-first", "caregiver {caregiver}: visit {visit} has happened, but something else is before it";

    // The route.
    TravelTooShort { visit: usize, caregiver: usize, ready: i64 } = "travel-too-short", "caregiver {caregiver} cannot start visit {visit} before {ready}";
    DepartsWrong { caregiver: usize, departs_at: i64 } = "departs-wrong", "caregiver {caregiver} should depart at {departs_at}";
    DepartsEarly { caregiver: usize } = "departs-early", "caregiver {caregiver} begins before the shift or the present";
    ReturnsWrong { caregiver: usize, returns_at: i64 } = "returns-wrong", "caregiver {caregiver} should return at {returns_at}";
    ReturnsLate { caregiver: usize, latest: i64 } = "returns-late", "caregiver {caregiver} returns after {latest}";
    WorkTooLong { caregiver: usize, work: i64 } = "work-too-long", "caregiver {caregiver} works {work}";
    LoadTooLarge { caregiver: usize, load: i64 } = "load-too-large", "caregiver {caregiver} carries {load}";

    // Breaks.
    RestMissing { caregiver: usize } = "rest-missing", "caregiver {caregiver} has no break";
    RestUndue { caregiver: usize } = "rest-undue", "caregiver {caregiver} has a break that is not due";
    RestMisplaced { caregiver: usize } = "rest-misplaced", "caregiver {caregiver} has a break where none can be";
    RestOutsideWindow { caregiver: usize, start: Time } = "rest-outside-window", "caregiver {caregiver} rests from {start}, outside the window";
    RestLength { caregiver: usize } = "rest-length", "caregiver {caregiver} rests longer or shorter than the break lasts";
    RestTooEarly { caregiver: usize, ready: i64 } = "rest-too-early", "caregiver {caregiver} cannot rest before {ready}";

    // Groups and changes.
    GroupSplit { group: usize } = "group-split", "group {group} is served in part";
    GroupCaregiver { group: usize, caregiver: usize } = "group-caregiver", "group {group}: caregiver {caregiver} makes two of its visits";
    NotTogether { group: usize, visit: usize } = "not-together", "group {group}: visit {visit} does not start with the one before it";
    LagOutside { group: usize, visit: usize, lag: i64 } = "lag-outside", "group {group}: visit {visit} starts {lag} after the one before it";
    ChangesTooMany { changes: usize, changes_max: usize } = "changes-too-many", "{changes} visits differ from the baseline, {changes_max} may";

    // Cost.
    ComponentWrong { component: &'static str, stated: i64, computed: i64 } = "component-wrong", "component {component} is {computed}, not {stated}";
    TotalWrong { stated: i64, computed: i64 } = "total-wrong", "the cost is {computed}, not {stated}";
}

/// What is wrong with the shape of a plan: visits that are in it twice, nowhere, or not in the problem.
pub(super) fn of_shape(plan: &Plan, visits: usize, caregivers: usize) -> Vec<Violation> {
    let mut found = Vec::new();
    if plan.routes.len() != caregivers {
        found.push(Violation::RouteCount { routes: plan.routes.len(), caregivers });
    }
    let mut times = vec![0_usize; visits];
    for stop in plan.routes.iter().flat_map(|route| &route.stops) {
        match times.get_mut(stop.visit) {
            Some(times) => *times += 1,
            None => found.push(Violation::VisitUnknown { visit: stop.visit }),
        }
    }
    let mut named = vec![false; visits];
    for (at, visit) in plan.unserved.iter().copied().enumerate() {
        match named.get_mut(visit) {
            Some(named) => *named = true,
            None => found.push(Violation::VisitUnknown { visit }),
        }
        if at > 0 && plan.unserved[at - 1] >= visit {
            found.push(Violation::UnservedUnordered { visit });
        }
    }
    for (visit, (times, named)) in times.into_iter().zip(named).enumerate() {
        match (times, named) {
            (0, false) => found.push(Violation::VisitMissing { visit }),
            (1.., true) => found.push(Violation::VisitBoth { visit }),
            (2.., false) => found.push(Violation::VisitTwice { visit }),
            _ => {}
        }
    }
    found
}
