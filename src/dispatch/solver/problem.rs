//! What is to be planned: visits, caregivers, travel, and what counts how much. Plain data, nothing hidden.
//!
//! Times are whole ticks from one origin that the caller chooses; the product uses seconds from local midnight. Durations and
//! travel are ticks too. Indices name things by their position in the vectors of [`Problem`].

/// An instant or a duration in ticks (seconds in the product).
pub type Time = i32;

/// No time, duration or leg in a problem is larger: sums of a day stay far from overflow.
pub const TIME_MAX: Time = 1 << 28;
/// Skills are kept as bits of one word.
pub const SKILLS_MAX: usize = 128;
/// Visits that can be tied together in one [`Group`].
pub const GROUP_MEMBERS_MAX: usize = 4;

/// One day, or one part of a city's day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Problem {
    pub visits: Vec<Visit>,
    pub caregivers: Vec<Caregiver>,
    pub groups: Vec<Group>,
    /// One matrix for each travel mode; [`Caregiver::mode`] chooses.
    pub travel: Vec<Matrix>,
    /// Names of the skills that visits may ask for, for messages.
    pub skills: Vec<String>,
    pub rules: Rules,
    pub weights: Weights,
    /// The plan that people were told, for counting changes.
    pub baseline: Option<Baseline>,
}

/// Something to be done at a place by one caregiver. A visit of two caregivers is two visits in one [`Group`].
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    pub name: String,
    /// Row and column of the travel matrices.
    pub place: usize,
    pub duration: Time,
    /// When the visit may start (see [`Rules::due`] for what is compared with the end): disjoint and ascending, one at least.
    pub windows: Vec<Window>,
    pub lateness: Lateness,
    /// Indices into [`Problem::skills`]; the caregiver has all of them.
    pub skills: Vec<usize>,
    pub gender: Option<Wish<Gender>>,
    /// Any one of these languages (numbers of the caller's choice).
    pub languages: Option<Wish<Vec<u16>>>,
    /// How much one unserved visit counts; 1 is ordinary.
    pub priority: u32,
    /// Left out only when nothing else is possible: counted by its own weight.
    pub mandatory: bool,
    /// What is carried to the visit (meals, kit), against [`Caregiver::capacity`].
    pub load: i64,
    /// Caregivers whom the elder knows. Empty: no wish, no cost.
    pub preferred: Vec<Preferred>,
    /// Caregivers who may not come.
    pub barred: Vec<usize>,
    pub lock: Lock,
}

/// `[from, to]`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Time,
    pub to: Time,
}

/// What the end of a visit's windows means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lateness {
    /// The visit starts inside a window or not at all.
    Hard,
    /// Starting late costs [`Weights::lateness`] times this factor for each tick; starting before the first window is impossible.
    Soft { factor: u32 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish<T> {
    pub value: T,
    /// Never broken; otherwise each broken wish costs [`Weights::wishes`].
    pub hard: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    Female,
    Male,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferred {
    pub caregiver: usize,
    /// From 1 to [`Rules::familiarity_max`]: the share of the elder's past visits that this caregiver made.
    pub familiarity: u32,
}

/// What is no longer for the solver to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    None,
    /// This caregiver or nobody.
    Caregiver(usize),
    /// At this instant, by anybody who fits.
    Start(Time),
    /// By this caregiver at this instant, or not at all.
    Both {
        caregiver: usize,
        start: Time,
    },
    /// Done or running: it happened, whatever the rules say. No rule is checked against it and nothing is put before it.
    Fact {
        caregiver: usize,
        start: Time,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Caregiver {
    pub name: String,
    pub start_place: usize,
    pub end_place: usize,
    /// Leaves the start place at `from` at the earliest, is at the end place by `to` (see `overtime_max`).
    pub shift: Window,
    /// Coming back later than `shift.to` costs [`Weights::overtime`] for each tick, up to this many.
    pub overtime_max: Time,
    pub rest: Option<Rest>,
    pub skills: Vec<usize>,
    pub gender: Option<Gender>,
    pub languages: Vec<u16>,
    /// Index into [`Problem::travel`].
    pub mode: usize,
    /// Most service and travel in the day.
    pub work_max: Option<Time>,
    pub capacity: Option<i64>,
    pub on_the_way: Option<OnTheWay>,
}

/// A caregiver who has already left for a visit: as the first stop that is no fact it may be left for before [`Rules::now`]. Whoever is
/// sent elsewhere instead leaves at `now` from the stop before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnTheWay {
    pub visit: usize,
    /// Not there before, however short the leg.
    pub arrives_at: Time,
}

/// A break in the shift: starts inside `window`, between two stops or on the way. A caregiver without visits rests anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    pub window: Window,
    pub duration: Time,
    pub place: RestPlace,
    /// May be left out for [`Weights::missed_rests`]; otherwise a route without it is impossible.
    pub skippable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestPlace {
    /// Anywhere on the way: the leg is interrupted.
    OnTheWay,
    /// At the stop before or the stop after, not between them.
    AtStop,
}

/// Visits that are served all or none, each by another caregiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub members: Vec<usize>,
    pub relation: Relation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Only "all or none, by different people".
    Independent,
    /// All start at the same instant.
    Together,
    /// Each member starts between `lag_min` and `lag_max` after the **start** of the member before it.
    After { lag_min: Time, lag_max: Time },
}

/// Travel times between places, `size` x `size`, row by row: `ticks[from * size + to]`. Neither symmetry nor the triangle
/// inequality is assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matrix {
    pub size: usize,
    pub ticks: Vec<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Which instant of a visit is compared with the end of a soft window.
    pub due: Due,
    pub familiarity_max: u32,
    /// Nothing but [`Lock::Fact`] starts before this instant, and nobody leaves for a visit before it but by [`Caregiver::on_the_way`]: the
    /// present, when a running day is planned again.
    pub now: Option<Time>,
    /// At most this many visits may differ from [`Problem::baseline`].
    pub changes_max: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Start,
    End,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { due: Due::Start, familiarity_max: 100, now: None, changes_max: None }
    }
}

/// Cost of one unit of each component. The tiers of the objective are nothing but orders of magnitude here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// Each unserved mandatory visit, times its priority. A group counts each of its members.
    pub unserved_mandatory: i64,
    /// Each unserved other visit, times its priority.
    pub unserved: i64,
    /// Each tick of lateness, times the visit's factor.
    pub lateness: i64,
    /// Each tick of the largest single lateness.
    pub lateness_max: i64,
    /// Each tick after the end of a shift.
    pub overtime: i64,
    /// Each break left out.
    pub missed_rests: i64,
    /// Each point of familiarity missing, of visits with preferred caregivers.
    pub continuity: i64,
    /// Each soft wish (gender, language) not met.
    pub wishes: i64,
    /// Each tick of work (service and travel) above a caregiver's fair share (see [`crate::dispatch::solver::Components::unfair`]).
    pub fairness: i64,
    /// Each tick of the largest idle time of one caregiver.
    pub idle_max: i64,
    /// Each tick spent waiting between the first stop and the last.
    pub waiting: i64,
    /// Each visit that differs from the baseline.
    pub changes: i64,
    /// Each tick of travel.
    pub travel: i64,
}

impl Weights {
    /// Nothing costs anything: a base for weights that name only what counts.
    pub const NONE: Weights = Weights {
        unserved_mandatory: 0,
        unserved: 0,
        lateness: 0,
        lateness_max: 0,
        overtime: 0,
        missed_rests: 0,
        continuity: 0,
        wishes: 0,
        fairness: 0,
        idle_max: 0,
        waiting: 0,
        changes: 0,
        travel: 0,
    };
}

impl Default for Weights {
    /// The tiers of a city's day, in seconds of travel: serve, be in time, send whom the elder knows, drive little.
    fn default() -> Self {
        Weights {
            unserved_mandatory: 1_000_000,
            unserved: 100_000,
            lateness: 10,
            overtime: 5,
            missed_rests: 20_000,
            continuity: 6,
            wishes: 900,
            changes: 1_800,
            travel: 1,
            ..Weights::NONE
        }
    }
}

/// Who was told to come, and when: one entry for each visit, none where nobody was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    pub assigned: Vec<Option<Assigned>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    pub caregiver: usize,
    pub start: Time,
}

impl Matrix {
    pub fn get(&self, from: usize, to: usize) -> Time {
        self.ticks[from * self.size + to]
    }
}

impl Visit {
    /// What counts more is never pushed out for what counts less: mandatory before others, then by priority.
    pub(super) fn rank(&self) -> (bool, u32) {
        (self.mandatory, self.priority)
    }

    /// A visit with one hard window and no further demand.
    pub fn at(place: usize, duration: Time, window: Window) -> Self {
        Visit {
            name: String::new(),
            place,
            duration,
            windows: vec![window],
            lateness: Lateness::Hard,
            skills: Vec::new(),
            gender: None,
            languages: None,
            priority: 1,
            mandatory: false,
            load: 0,
            preferred: Vec::new(),
            barred: Vec::new(),
            lock: Lock::None,
        }
    }
}

impl Caregiver {
    /// A caregiver who starts and ends at one place and has no further limits.
    pub fn at(place: usize, shift: Window) -> Self {
        Caregiver {
            name: String::new(),
            start_place: place,
            end_place: place,
            shift,
            overtime_max: 0,
            rest: None,
            skills: Vec::new(),
            gender: None,
            languages: Vec::new(),
            mode: 0,
            work_max: None,
            capacity: None,
            on_the_way: None,
        }
    }
}
