//! The model of the random months: two houses as nothing but periods, and what a step does to them.

use chrono::TimeDelta;
use songhe::beds::{
    Admission, BedState, Correction, Departure, Going, Holding, LeaveKind, Move, OutageReason, Taking, Whom,
    accept_transfer, admit, ask_transfer, close_transfer, correct_stay, discharge, end_leave, expire_due,
    hold, move_within, put_back, release_hold, start_leave, take_out,
};
use songhe::clock::Instant;
use songhe::error::{Code, Result};

use super::help::{now, try_write, version_of};
use crate::support::app::TestApp;

/// What somebody tries; places and people by their place in the house's lists, times in minutes.
#[derive(Clone, Copy, Debug)]
pub enum Doing {
    Admit {
        elder: usize,
        bed: usize,
        back: i64,
    },
    Discharge {
        bed: usize,
        back: i64,
    },
    /// Within the house, or by a transfer to the other one.
    Move {
        from: usize,
        to: usize,
        back: i64,
    },
    Hold {
        elder: usize,
        bed: usize,
        ahead: i64,
    },
    Release {
        bed: usize,
    },
    TakeOut {
        bed: usize,
        back: i64,
    },
    PutBack {
        bed: usize,
        back: i64,
    },
    GoOnLeave {
        bed: usize,
        back: i64,
    },
    ComeBack {
        bed: usize,
        back: i64,
    },
    Correct {
        stay: usize,
        from: i64,
        to: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Stay,
    Hold,
    Outage,
}

#[derive(Clone, Debug)]
struct Period {
    kind: Kind,
    id: i64,
    bed: i64,
    elder: i64,
    from: Instant,
    to: Option<Instant>,
    /// Of a hold: used up, let go or expired.
    is_closed: bool,
    /// Number, start and end of each leave, in order.
    leaves: Vec<(i64, Instant, Option<Instant>)>,
}

impl Period {
    fn covers(&self, at: Instant) -> bool {
        self.from <= at && self.to.is_none_or(|to| to > at)
    }

    fn overlaps(&self, from: Instant, to: Option<Instant>) -> bool {
        self.to.is_none_or(|end| end > from && end > self.from) && to.is_none_or(|to| self.from < to)
    }

    /// The first leave that goes on at `at` or begins later.
    fn leave_after(&self, at: Instant) -> Option<usize> {
        self.leaves.iter().position(|(_, _, to)| to.is_none_or(|to| to > at))
    }

    /// Whether the stay can end at `to`: a leave that goes on then is open and began before.
    fn can_end(&self, to: Instant) -> bool {
        self.leave_after(to).is_none_or(|index| self.leaves[index].2.is_none() && self.leaves[index].1 < to)
    }

    fn end(&mut self, to: Instant) -> bool {
        self.to = Some(to);
        match self.leave_after(to) {
            Some(index) => {
                self.leaves[index].2 = Some(to);
                true
            }
            None => false,
        }
    }
}

/// Two houses with three beds each, and five elders.
pub struct Houses {
    pub institutions: [i64; 2],
    pub beds: Vec<i64>,
    elders: Vec<i64>,
    periods: Vec<Period>,
}

impl Houses {
    pub fn found(app: &TestApp) -> Houses {
        let institutions = [app.add_institution(1), app.add_institution(2)];
        let beds = (0..6).map(|index| app.add_bed(1 + index / 3, institutions[index / 3])).collect();
        let elders = (0..5).map(|_| app.add_elder(1)).collect();
        Houses { institutions, beds, elders, periods: Vec::new() }
    }

    fn house_of(&self, bed: i64) -> usize {
        self.beds.iter().position(|one| *one == bed).unwrap() / 3
    }

    pub fn state(&self, bed: i64, at: Instant) -> BedState {
        let filled = self.periods.iter().find(|period| period.bed == bed && period.covers(at));
        match filled.map(|period| (period.kind, period)) {
            None => BedState::Free,
            Some((Kind::Hold, _)) => BedState::Reserved,
            Some((Kind::Outage, _)) => BedState::OutOfService,
            Some((Kind::Stay, stay)) => {
                let away = |(_, from, to): &(i64, Instant, Option<Instant>)| {
                    *from <= at && to.is_none_or(|to| to > at)
                };
                if stay.leaves.iter().any(away) { BedState::OnLeave } else { BedState::Occupied }
            }
        }
    }

    /// Beds of a house that somebody lives in.
    pub fn lived_in(&self, institution: i64, at: Instant) -> i64 {
        let own = |period: &&Period| self.institutions[self.house_of(period.bed)] == institution;
        let stays = self.periods.iter().filter(|period| period.kind == Kind::Stay && period.covers(at));
        stays.filter(own).count() as i64
    }

    /// Holds whose time is over are closed; the program writes that down by a timer, here at once.
    pub fn expire(&mut self, app: &TestApp) {
        let runtime = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| runtime.block_on(expire_due(&app.app))).unwrap();
        let at = now(app);
        for hold in self.periods.iter_mut().filter(|period| period.kind == Kind::Hold) {
            hold.is_closed |= hold.to.is_some_and(|to| to <= at);
        }
    }

    fn bed_is_free(&self, bed: i64, from: Instant, to: Option<Instant>, except: Option<(Kind, i64)>) -> bool {
        let gives_way = |period: &Period| Some((period.kind, period.id)) == except;
        !self.periods.iter().any(|one| one.bed == bed && !gives_way(one) && one.overlaps(from, to))
    }

    fn elder_is_free(&self, elder: i64, from: Instant, to: Option<Instant>, except: Option<i64>) -> bool {
        let stays = self.periods.iter().filter(|one| one.kind == Kind::Stay && Some(one.id) != except);
        !stays.filter(|one| one.elder == elder).any(|one| one.overlaps(from, to))
    }

    fn open_holds(&self, elder: i64, at: Instant) -> Vec<usize> {
        let is_open = |one: &Period| {
            one.kind == Kind::Hold && one.elder == elder && !one.is_closed && one.to > Some(at)
        };
        (0..self.periods.len()).filter(|index| is_open(&self.periods[*index])).collect()
    }

    fn close_hold(&mut self, index: usize, at: Instant) {
        let hold = &mut self.periods[index];
        hold.is_closed = true;
        hold.to = hold.to.map(|to| at.clamp(hold.from, to));
    }

    /// The period of this kind in the bed that goes on without an end.
    fn open(&self, bed: i64, kind: Kind) -> Option<usize> {
        self.periods.iter().position(|one| one.bed == bed && one.kind == kind && one.to.is_none())
    }

    fn add(&mut self, kind: Kind, id: i64, bed: i64, elder: i64, from: Instant, to: Option<Instant>) {
        let (is_closed, leaves) = (false, Vec::new());
        self.periods.push(Period { kind, id, bed, elder, from, to, is_closed, leaves });
    }

    /// Does one step in the program and in the model; says where they part.
    pub fn run(&mut self, app: &TestApp, doing: Doing) -> Result<(), String> {
        let late = |back: i64| now(app) - TimeDelta::minutes(back);
        match doing {
            Doing::Admit { elder, bed, back } => {
                self.admit(app, self.elders[elder], self.beds[bed], late(back))
            }
            Doing::Discharge { bed, back } => self.discharge(app, self.beds[bed], late(back)),
            Doing::Move { from, to, back } => self.relocate(app, self.beds[from], self.beds[to], late(back)),
            Doing::Hold { elder, bed, ahead } => self.hold(app, self.elders[elder], self.beds[bed], ahead),
            Doing::Release { bed } => self.release(app, self.beds[bed]),
            Doing::TakeOut { bed, back } => self.take_out(app, self.beds[bed], late(back)),
            Doing::PutBack { bed, back } => self.put_back(app, self.beds[bed], late(back)),
            Doing::GoOnLeave { bed, back } => self.go_on_leave(app, self.beds[bed], late(back)),
            Doing::ComeBack { bed, back } => self.come_back(app, self.beds[bed], late(back)),
            Doing::Correct { stay, from, to } => self.correct(app, stay, from, to),
        }
    }

    fn admit(&mut self, app: &TestApp, elder: i64, bed: i64, at: Instant) -> Result<(), String> {
        let holds = self.open_holds(elder, now(app));
        let own = holds
            .iter()
            .find(|index| self.periods[**index].bed == bed)
            .map(|i| (Kind::Hold, self.periods[*i].id));
        let may = self.bed_is_free(bed, at, None, own) && self.elder_is_free(elder, at, None, None);
        let admission =
            Admission { reason: "补录".into(), ..Admission::now(Whom::Elder(elder), bed).from(Some(at)) };
        let Some(id) = agree(try_write(app, |tx| admit(tx, &admission)), may)? else { return Ok(()) };
        for index in holds {
            if self.house_of(self.periods[index].bed) == self.house_of(bed) {
                let is_this = self.periods[index].bed == bed;
                self.close_hold(index, if is_this { at } else { now(app) });
            }
        }
        self.add(Kind::Stay, id, bed, elder, at, None);
        Ok(())
    }

    fn discharge(&mut self, app: &TestApp, bed: i64, at: Instant) -> Result<(), String> {
        let Some(index) = self.open(bed, Kind::Stay) else { return Ok(()) };
        let stay = self.periods[index].clone();
        let may = at > stay.from && stay.can_end(at);
        let left = Departure { at: Some(at), reason: "补录".into(), ..Departure::default() };
        let version = version_of(app, "stays", stay.id);
        if agree(try_write(app, |tx| discharge(tx, stay.id, version, &left)), may)?.is_some() {
            self.periods[index].end(at);
        }
        Ok(())
    }

    fn relocate(&mut self, app: &TestApp, from: i64, to: i64, at: Instant) -> Result<(), String> {
        let Some(index) = self.open(from, Kind::Stay) else { return Ok(()) };
        let stay = self.periods[index].clone();
        let holds = self.open_holds(stay.elder, now(app));
        let own = holds.into_iter().find(|index| self.periods[*index].bed == to);
        let own_id = own.map(|index| (Kind::Hold, self.periods[index].id));
        let may = at > stay.from
            && stay.can_end(at)
            && self.bed_is_free(to, at, None, own_id)
            && self.elder_is_free(stay.elder, at, None, Some(stay.id));
        let step = Move { bed_id: to, at: Some(at), reason: "补录".into() };
        let version = version_of(app, "stays", stay.id);
        let outcome = if self.house_of(from) == self.house_of(to) {
            try_write(app, |tx| move_within(tx, stay.id, version, &step))
        } else {
            self.transfer(app, &stay, version, &step)
        };
        let Some(id) = agree(outcome, may)? else { return Ok(()) };
        let leave = self.periods[index].end(at);
        if let Some(index) = own {
            self.close_hold(index, at);
        }
        self.add(Kind::Stay, id, to, stay.elder, at, None);
        if leave {
            let leave = app.count(&format!("SELECT id AS n FROM leaves WHERE stay_id = {id}"));
            self.periods.last_mut().unwrap().leaves.push((leave, at, None));
        }
        Ok(())
    }

    /// Asked and answered; what is refused is closed, so that it can be asked for again.
    fn transfer(&self, app: &TestApp, stay: &Period, version: i64, step: &Move) -> Result<i64> {
        let house = self.institutions[self.house_of(step.bed_id)];
        let asked = app.write(|tx| ask_transfer(tx, stay.id, version, house, "离家近"));
        let outcome = try_write(app, |tx| accept_transfer(tx, asked, 1, step));
        if outcome.is_err() {
            app.write(|tx| close_transfer(tx, asked, 1, "不合适"));
        }
        outcome
    }

    fn hold(&mut self, app: &TestApp, elder: i64, bed: i64, ahead: i64) -> Result<(), String> {
        let (from, to) = (now(app), now(app) + TimeDelta::minutes(ahead));
        let mut of_elder = self.periods.iter().filter(|one| one.kind == Kind::Hold && one.elder == elder);
        let may =
            self.bed_is_free(bed, from, Some(to), None) && !of_elder.any(|one| one.overlaps(from, Some(to)));
        let holding = Holding { whom: Whom::Elder(elder), bed_id: bed, until: to, note: String::new() };
        if let Some(id) = agree(try_write(app, |tx| hold(tx, &holding)), may)? {
            self.add(Kind::Hold, id, bed, elder, from, Some(to));
        }
        Ok(())
    }

    fn release(&mut self, app: &TestApp, bed: i64) -> Result<(), String> {
        let is_of_bed = |one: &Period| one.kind == Kind::Hold && one.bed == bed;
        let Some(index) = self.periods.iter().rposition(is_of_bed) else { return Ok(()) };
        let hold = self.periods[index].clone();
        let may = !hold.is_closed && hold.to > Some(now(app));
        let version = version_of(app, "holds", hold.id);
        if agree(try_write(app, |tx| release_hold(tx, hold.id, version, "")), may)?.is_some() {
            self.close_hold(index, now(app));
        }
        Ok(())
    }

    fn take_out(&mut self, app: &TestApp, bed: i64, from: Instant) -> Result<(), String> {
        let may = self.bed_is_free(bed, from, None, None);
        let why = OutageReason::Cleaning;
        let taking =
            Taking { why, from: Some(from), due: None, note: String::new(), reason: "补录".into() };
        if let Some(id) = agree(try_write(app, |tx| take_out(tx, bed, &taking)), may)? {
            self.add(Kind::Outage, id, bed, 0, from, None);
        }
        Ok(())
    }

    fn put_back(&mut self, app: &TestApp, bed: i64, at: Instant) -> Result<(), String> {
        let Some(index) = self.open(bed, Kind::Outage) else { return Ok(()) };
        let outage = self.periods[index].clone();
        let outcome = try_write(app, |tx| put_back(tx, outage.id, 1, Some(at), "补录"));
        if agree(outcome, at > outage.from)?.is_some() {
            self.periods[index].to = Some(at);
        }
        Ok(())
    }

    fn go_on_leave(&mut self, app: &TestApp, bed: i64, from: Instant) -> Result<(), String> {
        let Some(index) = self.open(bed, Kind::Stay) else { return Ok(()) };
        let stay = self.periods[index].clone();
        let may = from >= stay.from && stay.leave_after(from).is_none();
        let kind = LeaveKind::Home;
        let going = Going { kind, from: Some(from), due: None, note: String::new(), reason: "补录".into() };
        let version = version_of(app, "stays", stay.id);
        if let Some(id) = agree(try_write(app, |tx| start_leave(tx, stay.id, version, &going)), may)? {
            self.periods[index].leaves.push((id, from, None));
        }
        Ok(())
    }

    fn come_back(&mut self, app: &TestApp, bed: i64, at: Instant) -> Result<(), String> {
        let Some(index) = self.open(bed, Kind::Stay) else { return Ok(()) };
        let Some((leave, from, None)) = self.periods[index].leaves.last().copied() else { return Ok(()) };
        let version = version_of(app, "leaves", leave);
        let outcome = try_write(app, |tx| end_leave(tx, leave, version, Some(at), "补录"));
        if agree(outcome, at > from)?.is_some() {
            self.periods[index].leaves.last_mut().unwrap().2 = Some(at);
        }
        Ok(())
    }

    fn correct(&mut self, app: &TestApp, which: usize, from: i64, to: i64) -> Result<(), String> {
        let stays: Vec<usize> =
            (0..self.periods.len()).filter(|index| self.periods[*index].kind == Kind::Stay).collect();
        let Some(index) = stays.get(which % stays.len().max(1)).copied() else { return Ok(()) };
        let stay = self.periods[index].clone();
        let from = stay.from + TimeDelta::minutes(from);
        let to = stay.to.map(|end| end + TimeDelta::minutes(to));
        let at = now(app);
        let holds_leaves = stay
            .leaves
            .iter()
            .all(|(_, start, end)| *start >= from && to.is_none_or(|to| end.is_some_and(|end| end <= to)));
        let may = from <= at
            && to.is_none_or(|to| to > from && to <= at)
            && holds_leaves
            && self.bed_is_free(stay.bed, from, to, Some((Kind::Stay, stay.id)))
            && self.elder_is_free(stay.elder, from, to, Some(stay.id));
        let correction = Correction { from, to, reason: "日期写错".into() };
        let version = version_of(app, "stays", stay.id);
        if agree(try_write(app, |tx| correct_stay(tx, stay.id, version, &correction)), may)?.is_some() {
            (self.periods[index].from, self.periods[index].to) = (from, to);
        }
        Ok(())
    }
}

/// What was made, none where both refuse; or that they do not agree.
fn agree<T>(outcome: Result<T>, may: bool) -> Result<Option<T>, String> {
    match outcome {
        Ok(made) if may => Ok(Some(made)),
        Ok(_) => Err("was done and should not have been".to_owned()),
        Err(error) if may => Err(format!("was refused: {}", error.for_log())),
        Err(error) if matches!(error.code, Code::Taken | Code::Invalid | Code::IllegalMove) => Ok(None),
        Err(error) => Err(format!("was refused as {}", error.for_log())),
    }
}
