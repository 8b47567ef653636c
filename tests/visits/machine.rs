//! Random events against the database: it takes exactly those that the model allows, and keeps what follows from them.

use songhe::visits::{VisitEvent, VisitState, assign};

use super::{planned, visit_of};
use crate::support::app::both;

const STEPS: usize = 400;

/// A small generator with a fixed seed: the same course in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

fn event(visit: i64, seq: i64, (from, kind, to): (VisitState, VisitEvent, VisitState)) -> String {
    let prev = if seq == 1 { "NULL".to_owned() } else { (seq - 1).to_string() };
    let reason = if to == VisitState::NotDone { "'other'" } else { "NULL" };
    let (from, kind, to) = (from.name(), kind.name(), to.name());
    let at = format!("2026-11-23 {:02}:{:02}:00.000", 1 + seq / 60 % 22, seq % 60);
    format!(
        "INSERT INTO visit_events (visit_id, seq, prev_seq, kind, from_state, to_state, at, recorded_at, actor, note, reason) \
         VALUES ({visit}, {seq}, {prev}, '{kind}', '{from}', '{to}', '{at}', '{at}', 'x', '', {reason})"
    )
}

both!(the_database_takes_what_the_model_allows_and_nothing_else, |app| async {
    app.add_towns();
    let elder = app.add_elder(1);
    let mut dice = Dice(20_261_129);
    let (mut id, mut seq, mut state) = (0, 0, VisitState::Unplanned);
    let mut seen = std::collections::BTreeSet::new();
    for step in 0..STEPS {
        if step % 40 == 0 {
            id += 1;
            (seq, state) = (0, VisitState::Unplanned);
            app.taken(&format!(
                "INSERT INTO visits (id, elder_id, town_code, service_code, service_on, window_starts_at, window_ends_at, \
                 duration_min) VALUES ({id}, {elder}, '350582001', 'meal', '2026-11-23', '2026-11-23 00:00:00.000', \
                 '2026-11-23 04:00:00.000', 30)"
            ));
        }
        // Mostly forward, or nothing would ever be done.
        let forward: Vec<VisitEvent> =
            VisitEvent::ALL.iter().copied().filter(|one| state.allows(*one)).collect();
        let kind = if dice.below(3) > 0 {
            forward[dice.below(forward.len())]
        } else {
            VisitEvent::ALL[dice.below(VisitEvent::ALL.len())]
        };
        match state.apply(kind) {
            Ok(next) => {
                app.taken(&event(id, seq + 1, (state, kind, next)));
                (seq, state) = (seq + 1, next);
                seen.insert(kind.name());
            }
            Err(_) => {
                for to in VisitState::ALL {
                    app.refused(&event(id, seq + 1, (state, kind, *to)));
                }
            }
        }
        if state != VisitState::Unplanned {
            let visit = visit_of(app, id);
            assert_eq!((visit.state, visit.version), (state, seq));
            assert_eq!(visit.fail_reason.is_some(), state == VisitState::NotDone, "{state:?}");
            let has_come = matches!(state, VisitState::Arrived | VisitState::Done | VisitState::Confirmed);
            assert!(!has_come || visit.arrived_at.is_some(), "{state:?}");
            assert!(visit.arrived_at.is_none() || state != VisitState::Planned);
        }
    }
    assert!(seen.len() >= 12, "{seen:?}");
});

both!(facts_follow_events_and_cannot_be_set_by_hand, |app| async {
    app.add_towns();
    let id = planned(app, app.add_elder(1), (600, 720));
    let caregiver = app.add_caregiver(1, app.add_provider(1));
    app.write(|tx| assign(tx, id, 1, caregiver, None));
    app.refused(&format!("UPDATE visits SET arrived_at = '2026-11-23 02:00:00.000' WHERE id = {id}"));
    app.refused(&format!("UPDATE visits SET ended_at = '2026-11-23 02:00:00.000' WHERE id = {id}"));
    app.refused(&format!("UPDATE visits SET fail_reason = 'other' WHERE id = {id}"));
    app.refused("DELETE FROM caregiver_claims");
});
