//! What is to be done so that the visits are those of the plan, without touching what has been told to a caregiver or has
//! happened.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};

use crate::visits::VisitState;

/// By which a visit of a plan is known: item, day of the rule, and part where two come at once.
pub type Key = (i64, NaiveDate, i32);

/// What a visit is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub item_version: i64,
    pub service_code: String,
    pub service_on: NaiveDate,
    pub window: (NaiveDateTime, NaiveDateTime),
    pub duration_min: i32,
}

/// What a visit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub content: Content,
    pub state: VisitState,
    /// When a caregiver is to begin, once one is assigned.
    pub starts_at: Option<NaiveDateTime>,
}

/// What is to be done for one visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// There is none yet.
    Add,
    /// It was withdrawn before.
    AddAgain,
    /// It is to be withdrawn and planned as it is now wanted.
    Replace,
    Withdraw,
    /// It was given to a caregiver: a coordinator decides.
    Settle,
}

/// The actions by key; what may stay as it is has none. Visits whose window has begun at `now` are left alone, and nothing is
/// added from the day `until` on.
pub fn reconcile(
    wanted: &BTreeMap<Key, Content>,
    known: &BTreeMap<Key, Known>,
    now: NaiveDateTime,
    until: NaiveDate,
) -> Vec<(Key, Action)> {
    let mut actions = Vec::new();
    for (key, content) in wanted {
        let action = match known.get(key) {
            None => may_add(content, now, until).then_some(Action::Add),
            Some(known) if known.state == VisitState::Unplanned => {
                may_add(content, now, until).then_some(Action::AddAgain)
            }
            Some(known) if known.content.window.0 <= now || fits(known, content) => None,
            Some(known) => match known.state {
                // Moved into the past, as it were: it cannot be planned there.
                VisitState::Planned if content.window.0 <= now => Some(Action::Withdraw),
                VisitState::Planned => Some(Action::Replace),
                state => settle(state),
            },
        };
        actions.extend(action.map(|action| (*key, action)));
    }
    for (key, known) in known.iter().filter(|(key, _)| !wanted.contains_key(key)) {
        let action = match known.state {
            _ if known.content.window.0 <= now => None,
            VisitState::Planned => Some(Action::Withdraw),
            state => settle(state),
        };
        actions.extend(action.map(|action| (*key, action)));
    }
    actions
}

fn may_add(content: &Content, now: NaiveDateTime, until: NaiveDate) -> bool {
    content.window.0 > now && content.service_on < until
}

fn settle(state: VisitState) -> Option<Action> {
    match state {
        VisitState::Unplanned
        | VisitState::Planned
        | VisitState::Arrived
        | VisitState::Done
        | VisitState::Confirmed
        | VisitState::NotDone => None,
        VisitState::Offered | VisitState::Assigned | VisitState::OnTheWay => Some(Action::Settle),
    }
}

/// Whether a visit may stay as it is. Of an item that has not changed, whoever moved the window by hand is right.
fn fits(known: &Known, wanted: &Content) -> bool {
    let is = &known.content;
    if is.service_on != wanted.service_on {
        return false;
    }
    if is.item_version == wanted.item_version {
        return true;
    }
    let same = is.service_code == wanted.service_code && is.duration_min == wanted.duration_min;
    match known.starts_at {
        // What a caregiver was told holds as long as it is still within the window.
        Some(starts_at) => same && wanted.window.0 <= starts_at && starts_at < wanted.window.1,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn day(days: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).unwrap() + TimeDelta::days(days)
    }

    fn content(version: i64, on: i64, hour: i64) -> Content {
        let at = |hour: i64| day(on).and_hms_opt(0, 0, 0).unwrap() + TimeDelta::hours(hour);
        Content {
            item_version: version,
            service_code: "bath".into(),
            service_on: day(on),
            window: (at(hour), at(hour + 2)),
            duration_min: 60,
        }
    }

    fn known(content: Content, state: VisitState) -> Known {
        let starts_at = (!matches!(state, VisitState::Unplanned | VisitState::Planned))
            .then_some(content.window.0 + TimeDelta::minutes(30));
        Known { content, state, starts_at }
    }

    fn now() -> NaiveDateTime {
        day(0).and_hms_opt(12, 0, 0).unwrap()
    }

    fn one(wanted: Option<Content>, is: Option<Known>) -> Option<Action> {
        let key = (1, day(1), 1);
        let wanted = wanted.into_iter().map(|content| (key, content)).collect();
        let is = is.into_iter().map(|known| (key, known)).collect();
        reconcile(&wanted, &is, now(), day(14)).pop().map(|(_, action)| action)
    }

    #[test]
    fn what_is_to_be_done_follows_from_state_and_difference() {
        use VisitState as S;
        let same = || content(1, 1, 9);
        assert_eq!(one(Some(same()), None), Some(Action::Add));
        assert_eq!(one(Some(content(1, 14, 9)), None), None, "beyond the horizon");
        assert_eq!(one(Some(content(1, 0, 12)), None), None, "its window has begun");
        assert_eq!(one(Some(same()), Some(known(same(), S::Planned))), None);
        assert_eq!(one(Some(same()), Some(known(same(), S::Unplanned))), Some(Action::AddAgain));
        let other = || content(2, 1, 14);
        assert_eq!(one(Some(other()), Some(known(same(), S::Planned))), Some(Action::Replace));
        assert_eq!(one(Some(other()), Some(known(same(), S::Assigned))), Some(Action::Settle));
        assert_eq!(one(Some(content(2, 1, 8)), Some(known(same(), S::Assigned))), None, "still within");
        assert_eq!(one(Some(content(1, 1, 14)), Some(known(same(), S::Planned))), None, "moved by hand");
        assert_eq!(one(Some(content(1, 2, 9)), Some(known(same(), S::Planned))), Some(Action::Replace));
        assert_eq!(one(None, Some(known(same(), S::Planned))), Some(Action::Withdraw));
        assert_eq!(one(None, Some(known(same(), S::Assigned))), Some(Action::Settle));
        for state in [S::Arrived, S::Done, S::NotDone, S::Unplanned] {
            assert_eq!(one(None, Some(known(same(), state))), None, "{state:?}");
        }
        assert_eq!(one(None, Some(known(content(1, 0, 12), S::Planned))), None, "its window has begun");
    }

    proptest! {
        #[test]
        fn doing_it_leaves_nothing_to_do(
            wanted in proptest::collection::btree_map(0_i64..20, (1_i64..3, 0_i64..16, 0_i64..22), 0..12),
            is in proptest::collection::btree_map(
                0_i64..20, (1_i64..3, 0_i64..16, 0_i64..22, proptest::sample::select(VisitState::ALL)), 0..12),
        ) {
            let key = |number: i64| (number, day(0), 1);
            let wanted: BTreeMap<Key, Content> =
                wanted.into_iter().map(|(number, (v, on, hour))| (key(number), content(v, on, hour))).collect();
            let mut is: BTreeMap<Key, Known> = is
                .into_iter()
                .map(|(number, (v, on, hour, state))| (key(number), known(content(v, on, hour), state)))
                .collect();
            let before = is.clone();
            for (key, action) in reconcile(&wanted, &is, now(), day(14)) {
                match action {
                    Action::Add | Action::AddAgain | Action::Replace => {
                        is.insert(key, known(wanted[&key].clone(), VisitState::Planned));
                    }
                    Action::Withdraw => is.get_mut(&key).unwrap().state = VisitState::Unplanned,
                    Action::Settle => {}
                }
            }
            let left = reconcile(&wanted, &is, now(), day(14));
            prop_assert!(left.iter().all(|(_, action)| *action == Action::Settle), "{left:?}");
            for (key, was) in before {
                let untouched = !matches!(was.state, VisitState::Planned | VisitState::Unplanned)
                    || (was.state == VisitState::Planned && was.content.window.0 <= now());
                prop_assert!(!untouched || is[&key] == was, "{key:?} was touched");
            }
        }
    }
}
