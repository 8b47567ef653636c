use super::*;
use crate::dispatch::solver::plan::{Cost, Plan, Route, Stop};
use crate::dispatch::solver::problem::{Assigned, Gender, OnTheWay, Preferred, Rest, RestPlace, Wish};

type Spoil = fn(&mut Problem);

/// Two visits, two caregivers, everything that can be set is set.
fn problem() -> Problem {
    let window = |from, to| Window { from, to };
    let mut first = Visit::at(0, 10, window(0, 100));
    first.name = "Chen".to_owned();
    first.windows.push(window(200, 300));
    first.skills = vec![0];
    first.gender = Some(Wish { value: Gender::Female, hard: true });
    first.languages = Some(Wish { value: vec![1], hard: false });
    first.preferred =
        vec![Preferred { caregiver: 0, familiarity: 100 }, Preferred { caregiver: 1, familiarity: 1 }];
    first.barred = vec![1];
    let rest = Rest { window: window(40, 50), duration: 5, place: RestPlace::OnTheWay, skippable: true };
    let mut caregiver = Caregiver::at(0, window(0, 400));
    caregiver.name = "Lin".to_owned();
    caregiver.skills = vec![0];
    caregiver.rest = Some(rest);
    caregiver.work_max = Some(300);
    caregiver.capacity = Some(5);
    Problem {
        visits: vec![first, Visit::at(1, 10, window(0, 100)), Visit::at(1, 10, window(0, 100))],
        caregivers: vec![caregiver, Caregiver::at(1, window(0, 400))],
        groups: vec![Group { members: vec![0, 1], relation: Relation::After { lag_min: 0, lag_max: 10 } }],
        travel: vec![Matrix { size: 2, ticks: vec![0, 3, 4, 7] }],
        skills: vec!["washing".to_owned()],
        baseline: Some(Baseline { assigned: vec![Some(Assigned { caregiver: 0, start: 5 }), None, None] }),
        ..Problem::default()
    }
}

fn rest(problem: &mut Problem) -> &mut Rest {
    problem.caregivers[0].rest.as_mut().unwrap()
}

fn on_the_way_to(visit: usize) -> OnTheWay {
    OnTheWay { visit, arrives_at: 0 }
}

const CASES: &[(&str, &str, Spoil)] = &[
    ("unknown-place", "visit 1", |p| p.visits[1].place = 2),
    ("unknown-place", "caregiver 0 \"Lin\"", |p| p.caregivers[0].end_place = 2),
    ("time-too-large", "visit 1", |p| p.visits[1].duration = TIME_MAX + 1),
    ("time-too-large", "visit 1", |p| p.visits[1].windows[0].to = Time::MAX),
    ("time-too-large", "visit 1", |p| p.visits[1].lock = Lock::Start(-TIME_MAX - 1)),
    ("time-too-large", "caregiver 1", |p| p.caregivers[1].shift.from = Time::MIN),
    ("time-too-large", "caregiver 1", |p| p.caregivers[1].overtime_max = Time::MAX),
    ("time-too-large", "caregiver 1", |p| p.caregivers[1].work_max = Some(Time::MAX)),
    ("time-too-large", "caregiver 0 \"Lin\"", |p| rest(p).window.to = Time::MAX),
    ("time-too-large", "group 0", |p| {
        p.groups[0].relation = Relation::After { lag_min: 0, lag_max: Time::MAX };
    }),
    ("time-too-large", "travel matrix 0, from place 1 to 0", |p| p.travel[0].ticks[2] = Time::MAX),
    ("time-too-large", "rules", |p| p.rules.now = Some(Time::MAX)),
    ("time-too-large", "baseline of visit 0", |p| {
        p.baseline.as_mut().unwrap().assigned[0] = Some(Assigned { caregiver: 0, start: Time::MAX });
    }),
    ("unknown-skill", "visit 0 \"Chen\"", |p| p.visits[0].skills.push(1)),
    ("unknown-skill", "caregiver 1", |p| p.caregivers[1].skills.push(1)),
    ("unknown-caregiver", "baseline of visit 0", |p| {
        p.baseline.as_mut().unwrap().assigned[0] = Some(Assigned { caregiver: 2, start: 0 });
    }),
    ("window-missing", "visit 1", |p| p.visits[1].windows.clear()),
    ("window-empty", "visit 0 \"Chen\"", |p| p.visits[0].windows[1].to = 199),
    ("window-too-short", "visit 1", |p| {
        p.rules.due = Due::End;
        p.visits[1].duration = 101;
    }),
    ("windows-unordered", "visit 0 \"Chen\"", |p| p.visits[0].windows[1].from = 99),
    ("windows-unordered", "visit 0 \"Chen\"", |p| p.visits[0].windows.reverse()),
    ("duration-negative", "visit 1", |p| p.visits[1].duration = -1),
    ("load-negative", "visit 1", |p| p.visits[1].load = -1),
    ("languages-missing", "visit 0 \"Chen\"", |p| {
        p.visits[0].languages = Some(Wish { value: Vec::new(), hard: false });
    }),
    ("barred-unknown", "visit 1", |p| p.visits[1].barred.push(2)),
    ("preferred-unknown", "visit 0 \"Chen\"", |p| p.visits[0].preferred[1].caregiver = 2),
    ("preferred-twice", "visit 0 \"Chen\"", |p| p.visits[0].preferred[1].caregiver = 0),
    ("familiarity-outside", "visit 0 \"Chen\"", |p| p.visits[0].preferred[1].familiarity = 0),
    ("familiarity-outside", "visit 0 \"Chen\"", |p| p.rules.familiarity_max = 99),
    ("lock-unknown", "visit 1", |p| p.visits[1].lock = Lock::Fact { caregiver: 2, start: 0 }),
    ("shift-empty", "caregiver 1", |p| p.caregivers[1].shift.to = -1),
    ("overtime-negative", "caregiver 1", |p| p.caregivers[1].overtime_max = -1),
    ("work-negative", "caregiver 1", |p| p.caregivers[1].work_max = Some(-1)),
    ("capacity-negative", "caregiver 1", |p| p.caregivers[1].capacity = Some(-1)),
    ("rest-negative", "caregiver 0 \"Lin\"", |p| rest(p).duration = -1),
    ("rest-empty", "caregiver 0 \"Lin\"", |p| rest(p).window.to = 39),
    ("rest-too-long", "caregiver 0 \"Lin\"", |p| rest(p).duration = 401),
    ("unknown-visit", "caregiver 1", |p| p.caregivers[1].on_the_way = Some(on_the_way_to(3))),
    ("unknown-mode", "caregiver 1", |p| p.caregivers[1].mode = 1),
    ("group-too-small", "group 0", |p| p.groups[0].members.truncate(1)),
    ("group-too-large", "group 0", |p| p.groups[0].members = vec![0; GROUP_MEMBERS_MAX + 1]),
    ("member-unknown", "group 0", |p| p.groups[0].members[1] = 3),
    ("member-twice", "group 0", |p| p.groups[0].members[1] = 0),
    ("member-shared", "group 1", |p| {
        p.groups.push(Group { members: vec![2, 1], relation: Relation::Together });
    }),
    ("lags-crossed", "group 0", |p| {
        p.groups[0].relation = Relation::After { lag_min: 11, lag_max: 10 };
    }),
    ("matrix-size", "travel matrix 0", |p| p.travel[0].size = 3),
    ("matrix-size", "travel matrix 0", |p| p.travel[0].size = usize::MAX),
    ("matrix-sizes", "travel matrix 1", |p| p.travel.push(Matrix { size: 3, ticks: vec![0; 9] })),
    ("travel-negative", "travel matrix 0, from place 0 to 1", |p| p.travel[0].ticks[1] = -1),
    ("skills-too-many", "skills", |p| p.skills = vec![String::new(); SKILLS_MAX + 1]),
    ("weight-negative", "weight continuity", |p| p.weights.continuity = -1),
    ("cost-too-large", "weights", |p| p.weights.travel = i64::MAX),
    ("baseline-length", "baseline", |p| p.baseline.as_mut().unwrap().assigned.truncate(1)),
];

#[test]
fn every_rule_is_refused_with_its_item() {
    for (code, item, spoil) in CASES {
        let mut spoilt = problem();
        spoil(&mut spoilt);
        let refusal = validate(&spoilt).expect_err(code);
        assert_eq!((refusal.rule.code(), refusal.item.to_string()), (*code, (*item).to_owned()));
    }
}

#[test]
fn a_plan_and_numbers_of_another_problem_are_refused() {
    let problem = problem();
    let told = |refused: Result<(), Refusal>| {
        refused.map_err(|refusal| (refusal.rule.code(), refusal.item.to_string()))
    };
    let with = |plan: Plan| told(of_plan(&problem, &plan));
    let routes = vec![Route::default(); 2];
    let stop = |visit| Stop { visit, start: 0, end: 0 };
    let stops = |visit| vec![Route { stops: vec![stop(visit)], ..Route::default() }, Route::default()];
    let plan = |routes, unserved| Plan { routes, unserved, cost: Cost::default() };
    assert_eq!(with(plan(routes.clone(), vec![0, 1, 2])), Ok(()));
    assert_eq!(with(plan(routes[..1].to_vec(), vec![])), Err(("plan-routes", "plan".to_owned())));
    assert_eq!(with(plan(routes, vec![3])), Err(("no-such-item", "visit 3".to_owned())));
    assert_eq!(with(plan(stops(3), vec![])), Err(("no-such-item", "visit 3".to_owned())));
    assert_eq!(told(of_caregiver_number(&problem, 1)), Ok(()));
    assert_eq!(told(of_caregiver_number(&problem, 2)), Err(("no-such-item", "caregiver 2".to_owned())));
}

/// What only a plan or a number beside the problem can break.
const BESIDE: &[Rule] = &[Rule::PlanRoutes, Rule::NoSuchItem];

#[test]
fn every_rule_occurs_and_has_a_code_and_a_sentence_of_its_own() {
    for (index, rule) in Rule::ALL.iter().enumerate() {
        let occurs = CASES.iter().any(|(code, ..)| *code == rule.code());
        assert!(occurs || BESIDE.contains(rule), "{rule:?}");
        let others = &Rule::ALL[..index];
        assert!(others.iter().all(|other| other.code() != rule.code()));
        assert!(others.iter().all(|other| other.to_string() != rule.to_string()));
    }
}

#[test]
fn a_refusal_reads_as_a_sentence() {
    let mut spoilt = problem();
    spoilt.visits[0].windows.clear();
    assert_eq!(validate(&spoilt).unwrap_err().to_string(), "visit 0 \"Chen\": it has no time window");
}

#[test]
fn good_and_empty_problems_are_accepted() {
    assert_eq!(validate(&problem()), Ok(()));
    assert_eq!(validate(&Problem::default()), Ok(()));
    // Nobody to send and no map: every visit stays unserved.
    let alone = Problem { visits: problem().visits.split_off(1), ..Problem::default() };
    assert_eq!(validate(&alone), Ok(()));
}

#[test]
fn odd_but_possible_problems_are_accepted() {
    let accept: [Spoil; 7] = [
        |p| p.visits[1].priority = 0,
        |p| p.visits[0].windows[1].from = 100,
        |p| p.caregivers[1].shift.to = 0,
        |p| p.groups[0].relation = Relation::After { lag_min: -10, lag_max: -10 },
        |p| p.rules.changes_max = Some(0),
        |p| {
            // One of two windows is long enough.
            p.rules.due = Due::End;
            p.visits[0].windows[1].to = 200;
        },
        |p| {
            // It happened, whatever its window says.
            p.rules.due = Due::End;
            p.visits[1].duration = 101;
            p.visits[1].lock = Lock::Fact { caregiver: 0, start: 500 };
        },
    ];
    for change in accept {
        let mut changed = problem();
        change(&mut changed);
        assert_eq!(validate(&changed), Ok(()));
    }
}
