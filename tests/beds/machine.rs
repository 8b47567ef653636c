//! Random days of a small house against a simple model: the five states always add up to the beds, and the program refuses
//! exactly what the model refuses.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use songhe::beds::{
    Admission, BedState, Departure, Going, Holding, LeaveKind, Move, OutageReason, Taking, Whom, admit,
    discharge, end_leave, hold, move_within, put_back, release_hold, start_leave, take_out,
};
use songhe::clock::Instant;
use songhe::error::{Code, Result};

use super::help::{Dice, counts, now, state, try_write, version_of};
use crate::support::app::{TestApp, both};

const STEPS: usize = 160;

/// What fills a bed, as far as the model knows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fill {
    Stay { id: i64, elder: i64, leave: Option<i64> },
    Hold { id: i64, elder: i64, until: Instant },
    Out { id: i64 },
}

struct Model {
    beds: BTreeMap<i64, Option<Fill>>,
}

impl Model {
    /// Holds end by themselves.
    fn pass(&mut self, at: Instant) {
        for fill in self.beds.values_mut() {
            if matches!(fill, Some(Fill::Hold { until, .. }) if *until <= at) {
                *fill = None;
            }
        }
    }

    fn state(&self, bed: i64) -> BedState {
        match self.beds[&bed] {
            None => BedState::Free,
            Some(Fill::Stay { leave: None, .. }) => BedState::Occupied,
            Some(Fill::Stay { leave: Some(_), .. }) => BedState::OnLeave,
            Some(Fill::Hold { .. }) => BedState::Reserved,
            Some(Fill::Out { .. }) => BedState::OutOfService,
        }
    }

    fn home_of(&self, elder: i64) -> Option<i64> {
        let found = self
            .beds
            .iter()
            .find(|(_, fill)| matches!(fill, Some(Fill::Stay { elder: one, .. }) if *one == elder));
        found.map(|(bed, _)| *bed)
    }

    fn held_for(&self, elder: i64) -> Option<i64> {
        let found = self
            .beds
            .iter()
            .find(|(_, fill)| matches!(fill, Some(Fill::Hold { elder: one, .. }) if *one == elder));
        found.map(|(bed, _)| *bed)
    }
}

#[track_caller]
fn agrees<T>(outcome: &Result<T>, may: bool, what: &str) {
    match outcome {
        Ok(_) => assert!(may, "{what} was done and should not have been"),
        Err(error) => {
            assert!(!may, "{what} was refused: {}", error.for_log());
            assert!(
                matches!(error.code, Code::Taken | Code::Invalid | Code::IllegalMove),
                "{}",
                error.for_log()
            );
        }
    }
}

fn admits(app: &TestApp, model: &mut Model, elder: i64, bed: i64) {
    let may =
        model.home_of(elder).is_none() && (model.beds[&bed].is_none() || model.held_for(elder) == Some(bed));
    let outcome = try_write(app, |tx| admit(tx, &Admission::now(Whom::Elder(elder), bed)));
    agrees(&outcome, may, &format!("admitting {elder} to {bed}"));
    if let Ok(id) = outcome {
        if let Some(held) = model.held_for(elder) {
            model.beds.insert(held, None);
        }
        model.beds.insert(bed, Some(Fill::Stay { id, elder, leave: None }));
    }
}

fn leaves_or_returns(app: &TestApp, model: &mut Model, bed: i64) {
    let Some(Fill::Stay { id, elder, leave }) = model.beds[&bed] else { return };
    let leave = match leave {
        None => {
            let going = Going {
                kind: LeaveKind::Home,
                from: None,
                due: None,
                note: String::new(),
                reason: String::new(),
            };
            let version = version_of(app, "stays", id);
            Some(app.write(|tx| start_leave(tx, id, version, &going)))
        }
        Some(leave) => {
            let version = version_of(app, "leaves", leave);
            app.write(|tx| end_leave(tx, leave, version, None, ""));
            None
        }
    };
    model.beds.insert(bed, Some(Fill::Stay { id, elder, leave }));
}

fn moves(app: &TestApp, model: &mut Model, from: i64, to: i64) {
    let Some(Fill::Stay { id, elder, leave }) = model.beds[&from] else { return };
    let may = from != to && (model.beds[&to].is_none() || model.held_for(elder) == Some(to));
    let version = version_of(app, "stays", id);
    let step = Move { bed_id: to, at: None, reason: String::new() };
    let outcome = try_write(app, |tx| move_within(tx, id, version, &step));
    if from == to {
        // A move to the same bed only begins a new stay there.
        assert!(outcome.is_ok() || model.beds[&to].is_some());
        if let Ok(id) = outcome {
            let leave = leave.map(|_| app.count(&format!("SELECT id AS n FROM leaves WHERE stay_id = {id}")));
            model.beds.insert(to, Some(Fill::Stay { id, elder, leave }));
        }
        return;
    }
    agrees(&outcome, may, &format!("moving from {from} to {to}"));
    if let Ok(id) = outcome {
        let leave = leave.map(|_| app.count(&format!("SELECT id AS n FROM leaves WHERE stay_id = {id}")));
        model.beds.insert(from, None);
        model.beds.insert(to, Some(Fill::Stay { id, elder, leave }));
    }
}

fn holds_or_releases(app: &TestApp, model: &mut Model, elder: i64, bed: i64, hours: i64) {
    if let Some(Fill::Hold { id, .. }) = model.beds[&bed] {
        let version = version_of(app, "holds", id);
        app.write(|tx| release_hold(tx, id, version, ""));
        model.beds.insert(bed, None);
        return;
    }
    let until = now(app) + TimeDelta::hours(hours);
    let may = model.beds[&bed].is_none() && model.held_for(elder).is_none();
    let holding = Holding { whom: Whom::Elder(elder), bed_id: bed, until, note: String::new() };
    let outcome = try_write(app, |tx| hold(tx, &holding));
    agrees(&outcome, may, &format!("holding {bed} for {elder}"));
    if let Ok(id) = outcome {
        model.beds.insert(bed, Some(Fill::Hold { id, elder, until }));
    }
}

fn breaks_or_mends(app: &TestApp, model: &mut Model, bed: i64) {
    if let Some(Fill::Out { id }) = model.beds[&bed] {
        app.write(|tx| put_back(tx, id, 1, None, ""));
        model.beds.insert(bed, None);
        return;
    }
    let taking = Taking {
        why: OutageReason::Cleaning,
        from: None,
        due: None,
        note: String::new(),
        reason: String::new(),
    };
    let outcome = try_write(app, |tx| take_out(tx, bed, &taking));
    agrees(&outcome, model.beds[&bed].is_none(), &format!("taking {bed} out"));
    if let Ok(id) = outcome {
        model.beds.insert(bed, Some(Fill::Out { id }));
    }
}

fn leaves_for_good(app: &TestApp, model: &mut Model, bed: i64) {
    let Some(Fill::Stay { id, .. }) = model.beds[&bed] else { return };
    let version = version_of(app, "stays", id);
    app.write(|tx| discharge(tx, id, version, &Departure::default()));
    model.beds.insert(bed, None);
}

both!(random_days_keep_to_the_model, |app| async {
    app.add_towns();
    let home = app.add_institution(1);
    let beds: Vec<i64> = (0..5).map(|_| app.add_bed(1, home)).collect();
    let elders: Vec<i64> = (0..7).map(|_| app.add_elder(1)).collect();
    let mut model = Model { beds: beds.iter().map(|bed| (*bed, None)).collect() };
    let mut dice = Dice(20_261_123);
    for _ in 0..STEPS {
        // From minutes to days, over midnights of the city's zone.
        app.hand.advance(TimeDelta::minutes([1, 47, 360, 1_441][dice.below(4)]));
        model.pass(now(app));
        let (elder, bed, to) = (dice.pick(&elders), dice.pick(&beds), dice.pick(&beds));
        match dice.below(9) {
            0..=2 => admits(app, &mut model, elder, bed),
            3 => leaves_or_returns(app, &mut model, bed),
            4 => moves(app, &mut model, bed, to),
            5 | 6 => holds_or_releases(app, &mut model, elder, bed, 1 + dice.below(60) as i64),
            7 => breaks_or_mends(app, &mut model, bed),
            _ => leaves_for_good(app, &mut model, bed),
        }
        for bed in &beds {
            assert_eq!(state(app, *bed), model.state(*bed), "bed {bed}");
        }
        assert_eq!(counts(app).beds(), beds.len() as i64);
    }
    let verdict = app.read(|connection| songhe::access::audit::verify(connection, app.keys(), None));
    assert!(matches!(verdict, songhe::access::audit::Verdict::Whole { rows } if rows > 40), "{verdict:?}");
});
