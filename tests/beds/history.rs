//! Whether what clients saw of a bed can have happened one thing after another: their histories, which overlap, are checked
//! against a bed that knows no concurrency. A request that was never answered stays open: it may have had its effect or not.

use std::collections::BTreeMap;

use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

/// What a client asked of a bed.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// To admit; with the stay that came of it, where one did.
    Admit(Option<i64>),
    /// To end this stay.
    Discharge(i64),
    /// Who is in it.
    Look,
}

/// What the client was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Admitted(i64),
    BedTaken,
    /// The bed is looked at first: it was free.
    ElderElsewhere,
    Discharged,
    /// The stay is over already.
    NotThere,
    /// In the millisecond of the admission there is no length yet.
    TooSoon,
    Holds(Option<i64>),
}

/// A bed with the stay that is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bed(pub Option<i64>);

impl SequentialSpec for Bed {
    type Op = Asked;
    type Ret = Told;

    fn invoke(&mut self, asked: &Asked) -> Told {
        match *asked {
            Asked::Admit(Some(stay)) if self.0.is_none() => {
                self.0 = Some(stay);
                Told::Admitted(stay)
            }
            Asked::Admit(_) => Told::BedTaken,
            Asked::Discharge(stay) if self.0 == Some(stay) => {
                self.0 = None;
                Told::Discharged
            }
            Asked::Discharge(_) => Told::NotThere,
            Asked::Look => Told::Holds(self.0),
        }
    }

    fn is_valid_step(&mut self, asked: &Asked, told: &Told) -> bool {
        match (asked, told) {
            (Asked::Admit(_), Told::BedTaken) => self.0.is_some(),
            (Asked::Admit(_), Told::ElderElsewhere) => self.0.is_none(),
            (Asked::Discharge(stay), Told::TooSoon) => self.0 == Some(*stay),
            _ => self.invoke(asked) == *told,
        }
    }
}

/// A request leaves or its answer arrives; in the order in which that happened.
#[derive(Clone, Debug)]
pub enum Step {
    /// To admit under this key.
    Admit(String),
    Discharge(i64),
    Look,
    Told(Told),
}

#[derive(Clone, Debug)]
pub struct Event {
    pub bed: i64,
    /// Who asks; one that got no answer asks nothing any more.
    pub thread: usize,
    pub step: Step,
}

/// Checks the events of each bed from what it held at first to what it holds now; `stay_of` knows which stay came of a key.
/// Gives how many requests were checked, or the first bed whose history is impossible.
pub fn check(
    events: &[Event],
    first: &BTreeMap<i64, Option<i64>>,
    last: &BTreeMap<i64, Option<i64>>,
    stay_of: impl Fn(&str) -> Option<i64>,
) -> Result<usize, String> {
    let mut checked = 0;
    for (bed, held) in first {
        let mut tester = LinearizabilityTester::<usize, Bed>::new(Bed(*held));
        let own: Vec<&Event> = events.iter().filter(|event| event.bed == *bed).collect();
        for event in &own {
            let taken = match &event.step {
                Step::Admit(key) => tester.on_invoke(event.thread, Asked::Admit(stay_of(key))),
                Step::Discharge(stay) => tester.on_invoke(event.thread, Asked::Discharge(*stay)),
                Step::Look => tester.on_invoke(event.thread, Asked::Look),
                Step::Told(told) => tester.on_return(event.thread, told.clone()),
            };
            taken.map_err(|fault| format!("bed {bed}: a client that does two things at once: {fault}"))?;
        }
        let at_last = tester.on_invret(usize::MAX, Asked::Look, Told::Holds(last[bed]));
        at_last.map_err(|fault| format!("bed {bed}: {fault}"))?;
        if !tester.is_consistent() {
            return Err(format!("bed {bed} held {held:?}, holds {:?}, and never so: {own:#?}", last[bed]));
        }
        checked += own.iter().filter(|event| !matches!(event.step, Step::Told(_))).count();
    }
    Ok(checked)
}

/// The tester on small histories of bed 1: what is possible passes, and every seeded fault is found.
mod of_small_beds {
    use super::*;

    fn event(thread: usize, step: Step) -> Event {
        Event { bed: 1, thread, step }
    }

    fn admit(thread: usize, key: &str) -> Event {
        event(thread, Step::Admit(key.to_owned()))
    }

    fn told(thread: usize, told: Told) -> Event {
        event(thread, Step::Told(told))
    }

    /// Key `a` made stay 1 and key `b` stay 2.
    fn verdict(held: Option<i64>, holds: Option<i64>, events: &[Event]) -> Result<usize, String> {
        let known = |key: &str| ["a", "b"].iter().position(|one| *one == key).map(|index| index as i64 + 1);
        check(events, &BTreeMap::from([(1, held)]), &BTreeMap::from([(1, holds)]), known)
    }

    #[test]
    fn one_of_two_who_ask_at_once_is_admitted() {
        let events = [admit(0, "a"), admit(1, "b"), told(1, Told::Admitted(2)), told(0, Told::BedTaken)];
        assert_eq!(verdict(None, Some(2), &events), Ok(2));
    }

    #[test]
    fn two_in_one_bed_are_found() {
        let events = [admit(0, "a"), admit(1, "b"), told(1, Told::Admitted(2)), told(0, Told::Admitted(1))];
        assert!(verdict(None, Some(2), &events).is_err());
        assert!(verdict(None, Some(1), &events).is_err());
    }

    #[test]
    fn an_admission_that_is_forgotten_is_found() {
        let events = [admit(0, "a"), told(0, Told::Admitted(1))];
        assert!(verdict(None, None, &events).is_err());
        assert!(verdict(None, Some(2), &events).is_err());
    }

    #[test]
    fn a_bed_refused_while_it_is_free_is_found() {
        let left = [event(0, Step::Discharge(7)), told(0, Told::Discharged)];
        let refused = [admit(1, "a"), told(1, Told::BedTaken)];
        assert!(verdict(Some(7), None, &[left.clone(), refused.clone()].concat()).is_err());
        assert_eq!(verdict(Some(7), None, &[refused, left].concat()), Ok(2));
    }

    #[test]
    fn a_look_into_the_past_is_found() {
        let seen = |holds| [event(1, Step::Look), told(1, Told::Holds(holds))];
        let made = [admit(0, "a"), told(0, Told::Admitted(1))];
        assert!(verdict(None, Some(1), &[&made[..], &seen(None)].concat()).is_err());
        assert!(verdict(None, Some(1), &[&made[..], &seen(Some(1))].concat()).is_ok());
        // While it is asked for, either may be seen, but not first the new and then the old.
        let open = |first, second| [&made[..1], &seen(first), &seen(second), &made[1..]].concat();
        assert!(verdict(None, Some(1), &open(None, Some(1))).is_ok());
        assert!(verdict(None, Some(1), &open(Some(1), None)).is_err());
    }

    #[test]
    fn an_admission_without_an_answer_may_have_been_made_or_not() {
        let asked = [admit(0, "a")];
        assert!(verdict(None, Some(1), &asked).is_ok());
        assert!(verdict(None, None, &asked).is_ok());
        let seen = [admit(0, "a"), event(1, Step::Look), told(1, Told::Holds(Some(1)))];
        assert!(verdict(None, None, &seen).is_err(), "what was seen stays until somebody ends it");
    }

    #[test]
    fn an_elder_who_is_elsewhere_says_that_the_bed_was_free() {
        let events = [admit(0, "a"), told(0, Told::ElderElsewhere)];
        assert!(verdict(None, None, &events).is_ok());
        assert!(verdict(Some(7), Some(7), &events).is_err());
    }

    #[test]
    fn an_end_too_soon_leaves_the_stay() {
        let events = [event(0, Step::Discharge(7)), told(0, Told::TooSoon)];
        assert!(verdict(Some(7), Some(7), &events).is_ok());
        assert!(verdict(Some(7), None, &events).is_err());
        assert!(verdict(None, None, &events).is_err());
    }
}
