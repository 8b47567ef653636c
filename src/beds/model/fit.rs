use chrono::{NaiveDate, NaiveDateTime};

use super::{BedKind, BedState, CareLevel, GenderRule, RuleCode, RuleMode};
use crate::registry::caregivers::Gender;
use crate::text::Text;

/// Who looks for a bed.
#[derive(Clone, Debug)]
pub struct Person {
    pub gender: Gender,
    pub level: Option<CareLevel>,
    /// The kind of bed that is wanted; any where there is none.
    pub kind: Option<BedKind>,
    /// Has to be kept apart from others.
    pub isolation: bool,
}

/// What of a bed, its room and its institution decides whether somebody fits.
#[derive(Clone, Debug)]
pub struct BedFacts {
    pub kind: BedKind,
    pub state: BedState,
    /// The end of what fills it now, where it has one.
    pub state_until: Option<NaiveDateTime>,
    pub gender_rule: GenderRule,
    pub is_couple_room: bool,
    pub is_isolation: bool,
    /// Genders of those who live in the room's other beds.
    pub room_mates: Vec<Gender>,
    pub is_operating: bool,
    pub licence_ends_on: Option<NaiveDate>,
}

/// The office's rules: what each does where it is broken.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub licence: RuleMode,
    pub risks: RuleMode,
    pub gender: RuleMode,
    pub level: RuleMode,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            licence: RuleMode::Warn,
            risks: RuleMode::Warn,
            gender: RuleMode::Block,
            level: RuleMode::Warn,
        }
    }
}

impl Rules {
    pub fn of(self, code: RuleCode) -> RuleMode {
        match code {
            RuleCode::Licence => self.licence,
            RuleCode::Risks => self.risks,
            RuleCode::Gender => self.gender,
            RuleCode::Level => self.level,
        }
    }

    pub fn set(&mut self, code: RuleCode, mode: RuleMode) {
        match code {
            RuleCode::Licence => self.licence = mode,
            RuleCode::Risks => self.risks = mode,
            RuleCode::Gender => self.gender = mode,
            RuleCode::Level => self.level = mode,
        }
    }
}

/// Why a bed does not fit somebody, and whether that keeps them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    NotOperating,
    NotFree(BedState),
    Kind(BedKind),
    Licence { blocks: bool },
    Gender { blocks: bool },
    Level { blocks: bool },
    Isolation,
}

impl Misfit {
    /// False where it is only pointed out.
    pub fn blocks(self) -> bool {
        match self {
            Misfit::Licence { blocks } | Misfit::Gender { blocks } | Misfit::Level { blocks } => blocks,
            Misfit::NotOperating | Misfit::NotFree(_) | Misfit::Kind(_) | Misfit::Isolation => true,
        }
    }

    pub fn text(self) -> Text {
        match self {
            Misfit::NotOperating => Text::new("fit.not_operating"),
            Misfit::NotFree(state) => {
                Text::new("fit.not_free").with("state", format!("@enums.bed_state.{}", state.name()))
            }
            Misfit::Kind(kind) => {
                Text::new("fit.kind").with("kind", format!("@enums.bed_kind.{}", kind.name()))
            }
            Misfit::Licence { .. } => Text::new("fit.licence"),
            Misfit::Gender { .. } => Text::new("fit.gender"),
            Misfit::Level { .. } => Text::new("fit.level"),
            Misfit::Isolation => Text::new("fit.isolation"),
        }
    }
}

/// Every reason why the bed does not fit, those that keep out and those that are pointed out.
pub fn misfits(person: &Person, bed: &BedFacts, rules: Rules, today: NaiveDate) -> Vec<Misfit> {
    let mut found = Vec::new();
    if !bed.is_operating {
        found.push(Misfit::NotOperating);
    }
    if bed.state != BedState::Free {
        found.push(Misfit::NotFree(bed.state));
    }
    if person.kind.is_some_and(|kind| kind != bed.kind) {
        found.push(Misfit::Kind(bed.kind));
    }
    if bed.is_isolation && !person.isolation {
        found.push(Misfit::Isolation);
    }
    let mut by_rule = |mode: RuleMode, is_broken: bool, misfit: fn(bool) -> Misfit| {
        if is_broken && mode != RuleMode::Off {
            found.push(misfit(mode == RuleMode::Block));
        }
    };
    let is_expired = bed.licence_ends_on.is_some_and(|last| last < today);
    by_rule(rules.licence, is_expired, |blocks| Misfit::Licence { blocks });
    by_rule(rules.gender, !allows_gender(bed, person.gender), |blocks| Misfit::Gender { blocks });
    by_rule(rules.level, !allows_level(bed.kind, person.level), |blocks| Misfit::Level { blocks });
    found
}

/// A couple's room takes both genders.
fn allows_gender(bed: &BedFacts, gender: Gender) -> bool {
    match bed.gender_rule {
        _ if bed.is_couple_room => true,
        GenderRule::Any => true,
        GenderRule::Female => gender == Gender::Female,
        GenderRule::Male => gender == Gender::Male,
        GenderRule::Same => bed.room_mates.iter().all(|mate| *mate == gender),
    }
}

/// Whoever needs care does not fit a self-care bed.
fn allows_level(kind: BedKind, level: Option<CareLevel>) -> bool {
    kind != BedKind::SelfCare || matches!(level, None | Some(CareLevel::SelfCare))
}

/// Great-circle distance of two places in metres, longitude first.
pub fn distance_m(from: (f64, f64), to: (f64, f64)) -> i64 {
    const EARTH_RADIUS_M: f64 = 6_371_008.8;
    let (from_latitude, to_latitude) = (from.1.to_radians(), to.1.to_radians());
    let half_up = ((to_latitude - from_latitude) / 2.0).sin();
    let half_along = ((to.0 - from.0).to_radians() / 2.0).sin();
    let chord = half_up * half_up + from_latitude.cos() * to_latitude.cos() * half_along * half_along;
    (2.0 * EARTH_RADIUS_M * chord.sqrt().asin()).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bed() -> BedFacts {
        BedFacts {
            kind: BedKind::SelfCare,
            state: BedState::Free,
            state_until: None,
            gender_rule: GenderRule::Any,
            is_couple_room: false,
            is_isolation: false,
            room_mates: Vec::new(),
            is_operating: true,
            licence_ends_on: None,
        }
    }

    fn person() -> Person {
        Person { gender: Gender::Female, level: Some(CareLevel::SelfCare), kind: None, isolation: false }
    }

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
    }

    #[test]
    fn each_reason_is_named() {
        let rules = Rules::default();
        let found = |person: &Person, bed: &BedFacts| misfits(person, bed, rules, today());
        assert_eq!(found(&person(), &bed()), []);
        assert_eq!(found(&person(), &BedFacts { is_operating: false, ..bed() }), [Misfit::NotOperating]);
        for state in BedState::ALL.iter().filter(|state| **state != BedState::Free) {
            let taken = BedFacts { state: *state, ..bed() };
            assert_eq!(found(&person(), &taken), [Misfit::NotFree(*state)]);
        }
        let nursing = Person { kind: Some(BedKind::Nursing), ..person() };
        assert_eq!(found(&nursing, &bed()), [Misfit::Kind(BedKind::SelfCare)]);
        assert_eq!(found(&person(), &BedFacts { is_isolation: true, ..bed() }), [Misfit::Isolation]);
        let frail = Person { level: Some(CareLevel::FullCare), ..person() };
        assert_eq!(found(&frail, &bed()), [Misfit::Level { blocks: false }]);
        let expired = BedFacts { licence_ends_on: today().pred_opt(), ..bed() };
        assert_eq!(found(&person(), &expired), [Misfit::Licence { blocks: false }]);
        assert_eq!(found(&person(), &BedFacts { licence_ends_on: Some(today()), ..bed() }), []);
    }

    #[test]
    fn the_gender_rule_of_the_room_holds_except_for_couples() {
        let rules = Rules::default();
        let refused = [Misfit::Gender { blocks: true }];
        let found = |bed: &BedFacts| misfits(&person(), bed, rules, today());
        assert_eq!(found(&BedFacts { gender_rule: GenderRule::Male, ..bed() }), refused);
        assert_eq!(found(&BedFacts { gender_rule: GenderRule::Female, ..bed() }), []);
        let shared = BedFacts { gender_rule: GenderRule::Same, ..bed() };
        assert_eq!(found(&shared), []);
        let with_a_man = BedFacts { room_mates: vec![Gender::Male], ..shared };
        assert_eq!(found(&with_a_man), refused);
        assert_eq!(found(&BedFacts { is_couple_room: true, ..with_a_man }), []);
    }

    #[test]
    fn a_degree_of_latitude_is_111_km_and_one_of_longitude_less() {
        assert_eq!(distance_m((118.5, 24.0), (118.5, 25.0)), 111_195);
        assert_eq!(distance_m((118.5, 24.8), (118.5, 24.8)), 0);
        let along = distance_m((118.0, 24.8), (119.0, 24.8));
        assert!((100_900..101_000).contains(&along), "{along}");
    }

    #[test]
    fn a_rule_is_data() {
        let mut rules = Rules::default();
        let expired = BedFacts { licence_ends_on: today().pred_opt(), ..bed() };
        for (mode, wanted) in
            [(RuleMode::Off, None), (RuleMode::Warn, Some(false)), (RuleMode::Block, Some(true))]
        {
            rules.set(RuleCode::Licence, mode);
            assert_eq!(rules.of(RuleCode::Licence), mode);
            let blocks = misfits(&person(), &expired, rules, today()).first().map(|found| found.blocks());
            assert_eq!(blocks, wanted);
        }
    }
}
