//! Random steps by random people against a simple model: the program takes exactly what the model takes, and whatever
//! happens, two people stand behind every result that counts, of which there is one.

use std::collections::BTreeMap;

use songhe::access::Scope;
use songhe::assessments::{
    AssessmentEvent as Event, AssessmentState as State, correct, dispute, enact, finish, give_back, order,
    review, uphold, withdraw,
};
use songhe::error::{Code, Result};

use super::help::{ABILITY, HARDSHIP, by, coordinator, practice, sheet, wanted};
use crate::support::app::{TestApp, both};

const STEPS: usize = 260;
const PEOPLE: [&str; 3] = ["lin", "wang", "chen"];

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

/// What the model knows of an assessment.
#[derive(Clone, Debug)]
struct One {
    elder: i64,
    scale: &'static str,
    state: State,
    version: i64,
    was_in_force: bool,
    writers: Vec<&'static str>,
    assessor: &'static str,
}

impl One {
    fn counts(&self) -> bool {
        self.state == State::InForce || (self.state == State::Disputed && self.was_in_force)
    }
}

type Model = BTreeMap<i64, One>;

fn others<'a>(model: &'a Model, id: i64, one: &'a One) -> impl Iterator<Item = i64> + 'a {
    let same =
        move |(other, two): &(&i64, &One)| **other != id && two.elder == one.elder && two.scale == one.scale;
    model
        .iter()
        .filter(same)
        .filter(|(_, two)| matches!(two.state, State::InForce | State::Disputed))
        .map(|(other, _)| *other)
}

fn attempt(app: &TestApp, who: &Scope, id: i64, one: &One, event: Event) -> Result<()> {
    let (seen, given) = (one.version, sheet(app, one.scale, &[]));
    match event {
        Event::Finish => by(app, who, |tx| finish(tx, practice(app), id, seen, &given)),
        Event::Correct => by(app, who, |tx| correct(tx, practice(app), id, seen, &given, "更正")),
        Event::GiveBack => by(app, who, |tx| give_back(tx, id, seen, "退回")),
        Event::Review => by(app, who, |tx| review(tx, id, seen, "", false)),
        Event::Enact => by(app, who, |tx| enact(tx, id, seen)),
        Event::Dispute => by(app, who, |tx| dispute(tx, id, seen, "异议")),
        Event::Uphold => by(app, who, |tx| uphold(tx, id, seen, "维持")),
        Event::Withdraw => by(app, who, |tx| withdraw(tx, id, seen, "撤销")),
        Event::Order | Event::Supersede => unreachable!("not a step of its own"),
    }
}

/// Whether the model takes the step, and what it does.
fn step(model: &mut Model, id: i64, who: &'static str, event: Event) -> bool {
    let one = model[&id].clone();
    let legal = one.state.allows(event);
    let two_people = match event {
        Event::Review => !one.writers.contains(&who),
        Event::Uphold => one.assessor != who,
        _ => true,
    };
    if !legal || !two_people {
        return false;
    }
    if event.leads_to() == State::InForce {
        let replaced: Vec<i64> = others(model, id, &one).collect();
        for other in replaced {
            let two = model.get_mut(&other).unwrap();
            if event == Event::Enact || two.counts() {
                (two.state, two.version) = (State::Superseded, two.version + 1);
            }
        }
    }
    let one = model.get_mut(&id).unwrap();
    (one.state, one.version) = (event.leads_to(), one.version + 1);
    one.was_in_force |= one.state == State::InForce;
    if matches!(event, Event::Finish | Event::Correct) {
        one.writers.push(who);
        one.assessor = who;
    }
    true
}

fn check(app: &TestApp, model: &Model) {
    for (id, one) in model {
        let stored = super::help::row(app, *id);
        assert_eq!((stored.state, stored.version), (one.state, one.version), "assessment {id}");
        assert_eq!(stored.counts(), one.counts());
    }
    let twice = app.count(
        "SELECT count(*) AS n FROM (SELECT elder_id FROM assessments WHERE state = 'in_force' \
         OR (state = 'disputed' AND in_force_on IS NOT NULL) GROUP BY elder_id, scale HAVING count(*) > 1) AS twice",
    );
    let alone = app.count(
        "SELECT count(*) AS n FROM assessments WHERE state IN ('reviewed', 'in_force', 'disputed', 'superseded') \
         AND (reviewer IS NULL OR assessor IS NULL OR reviewer = assessor)",
    );
    assert_eq!((twice, alone), (0, 0));
}

both!(random_steps_keep_to_the_model, |app| async {
    const EVENTS: [Event; 8] = [
        Event::Finish,
        Event::Correct,
        Event::GiveBack,
        Event::Review,
        Event::Enact,
        Event::Dispute,
        Event::Uphold,
        Event::Withdraw,
    ];
    app.add_towns();
    let elders = [app.add_elder(1), app.add_elder(1)];
    let (mut model, mut dice, mut taken) = (Model::new(), Dice(20_261_129), 0);
    for _ in 0..STEPS {
        let who = PEOPLE[dice.below(3)];
        let scope = coordinator(who);
        if dice.below(5) == 0 || model.is_empty() {
            let (elder, scale) = (elders[dice.below(2)], [ABILITY, HARDSHIP][dice.below(2)]);
            let open =
                model.values().any(|one| one.elder == elder && one.scale == scale && one.state.is_open());
            let outcome = by(app, &scope, |tx| order(tx, practice(app), &wanted(elder, scale)));
            assert_eq!(outcome.is_ok(), !open, "{outcome:?}");
            if let Ok(id) = outcome {
                let one = One {
                    elder,
                    scale,
                    state: State::Ordered,
                    version: 1,
                    was_in_force: false,
                    writers: Vec::new(),
                    assessor: "",
                };
                model.insert(id, one);
            }
            continue;
        }
        // Mostly one that something can still happen to.
        let live: Vec<i64> = model
            .iter()
            .filter(|(_, one)| !matches!(one.state, State::Superseded | State::Withdrawn))
            .map(|(id, _)| *id)
            .collect();
        let all: Vec<i64> = model.keys().copied().collect();
        let from = if live.is_empty() || dice.below(10) == 0 { &all } else { &live };
        let id = from[dice.below(from.len())];
        let legal: Vec<Event> = EVENTS.into_iter().filter(|event| model[&id].state.allows(*event)).collect();
        let event = if legal.is_empty() || dice.below(4) == 0 {
            EVENTS[dice.below(EVENTS.len())]
        } else {
            legal[dice.below(legal.len())]
        };
        let outcome = attempt(app, &scope, id, &model[&id].clone(), event);
        let may = step(&mut model, id, who, event);
        match outcome {
            Ok(()) => assert!(may, "{event:?} of {id} by {who} was done: {:?}", model[&id]),
            Err(error) => {
                assert!(!may, "{event:?} of {id} by {who} was refused: {}", error.for_log());
                assert!(matches!(error.code, Code::IllegalMove | Code::Taken), "{}", error.for_log());
            }
        }
        taken += usize::from(may);
        check(app, &model);
    }
    assert!(taken > 60, "{taken} steps were taken");
    assert!(model.values().any(One::counts) && model.values().any(|one| one.state == State::Superseded));
});
