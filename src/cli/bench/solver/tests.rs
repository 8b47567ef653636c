//! Tiny instances of every format: what is read from them, what is written for a plan, and what is refused.

use serde_json::{Value, json};

use super::*;
use crate::dispatch::solver::{
    Components, Cost, Due, Lateness, Relation, RestAt, RestPlace, RestStop, Route, Stop, Time, Window,
    validate,
};

const VRPTW: &str = "NAME : tiny\nTYPE : CVRPTW\nDIMENSION : 3\nVEHICLES : 2\nCAPACITY : 9\nSERVICE_TIME : 10
EDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 1 1\n3 3 4\nDEMAND_SECTION\n1 0\n2 4\n3 5
TIME_WINDOW_SECTION\n1 0 230\n2 5 20\n3 7 30\nDEPOT_SECTION\n1\n-1\nEOF\n";

fn hhcrsp_value() -> Value {
    json!({
        "patients": [
            {"id": "p1", "location": [0, 0], "time_window": [10.5, 20],
             "required_caregivers": [{"service": "s1", "duration": 7.125}]},
            {"id": "p2", "location": [0, 0], "time_window": [0, 30.0],
             "required_caregivers": [{"service": "s1"}, {"service": "s2", "duration": 4}],
             "synchronization": {"type": "sequential", "distance": [2, 5.001]}},
        ],
        "services": [{"id": "s1", "default_duration": 3.0}, {"id": "s2", "default_duration": 4.0}],
        "caregivers": [{"id": "c1", "abilities": ["s1"]}, {"id": "c2", "abilities": ["s2", "s1"]}],
        "central_offices": [{"id": "d", "location": [0, 0]}],
        "distances": [[0, 1.234, 2], [1.234, 0, 3], [2, 3, 0]],
    })
}

fn uhhc_value() -> Value {
    json!({
        "metadata": {"time_window_met": "at_service_end", "origin": "generated", "cost_components": {
            "travel_time": 2, "total_tardiness": 3, "highest_tardiness": 4, "total_waiting_time": 5,
            "total_extra_time": 6, "max_idle_time": 7, "caregiver_preferences": 8, "optional_patients": 9,
            "missed_lunch_break": 10}},
        "distances": [[0, 5, 6], [5, 0, 7], [6, 7, 0]],
        "terminal_points": [{"id": "t0", "distance_matrix_index": 0}],
        "services": [{"id": "s1", "default_duration": 15}, {"id": "s2", "default_duration": 20}],
        "lunch_breaks": {"start": 180, "end": 360, "min_duration": 30},
        "caregivers": [
            {"id": "c1", "abilities": ["s1", "s2"], "departing_point": "t0", "arrival_point": "t0",
             "working_shift": {"start": 0, "end": 480}, "lunch_break": true},
            {"id": "c2", "abilities": ["s2"], "departing_point": "t0",
             "working_shift": {"start": 340, "end": 600}, "lunch_break": true},
        ],
        "patients": [
            {"id": "p1", "distance_matrix_index": 1, "optional": true, "preferred_caregivers": ["c1"],
             "incompatible_caregivers": ["c2"], "time_windows": [{"start": 200, "end": 260}, {"start": 30, "end": 90}],
             "required_services": [{"service": "s1", "duration": 25}]},
            {"id": "p2", "distance_matrix_index": 2, "optional": true, "preferred_caregivers": [],
             "time_windows": [{"start": 100, "end": 160}],
             "required_services": [{"service": "s1"}, {"service": "s2"}],
             "synchronization": {"type": "simultaneous"}},
        ],
    })
}

fn day_value() -> Value {
    json!({
        "visits": [{"id": 0, "duration": 1200, "skill": 2, "tw": [28800, 32400]},
                   {"id": 1, "duration": 600, "skill": 1, "tw": [30000, 36000]}],
        "caregivers": [{"id": 0, "skills": [1, 2], "shift": [27000, 55800],
                        "break": {"tw": [41400, 48600], "duration": 1800}}],
        "matrix": [[0, 60, 70], [60, 0, 80], [70, 80, 0]],
    })
}

fn plan(routes: Vec<Route>, unserved: Vec<usize>, components: Components) -> Plan {
    Plan { routes, unserved, cost: Cost { total: 0, components } }
}

fn route(stops: &[(usize, Time, Time)]) -> Route {
    let stops = stops.iter().map(|(visit, start, end)| Stop { visit: *visit, start: *start, end: *end });
    Route { stops: stops.collect(), ..Route::default() }
}

fn written(benchmark: &dyn Benchmark, plan: &Plan) -> Value {
    serde_json::from_str(&benchmark.solution(plan)[0].1).unwrap()
}

#[test]
fn hhcrsp_is_read_exactly_and_written_in_its_units() {
    let read = hhcrsp::read(&hhcrsp_value().to_string()).unwrap();
    let problem = read.problem();
    assert_eq!(validate(problem), Ok(()));
    assert_eq!(problem.travel[0].ticks[1], 1_234);
    assert_eq!(problem.visits[0].windows, [Window { from: 10_500, to: 20_000 }]);
    let durations: Vec<Time> = problem.visits.iter().map(|visit| visit.duration).collect();
    assert_eq!(durations, [7_125, 3_000, 4_000]);
    assert_eq!(problem.groups[0].relation, Relation::After { lag_min: 2_000, lag_max: 5_001 });
    let components =
        Components { travel: 3_000, lateness: 1_001, lateness_max: 1_001, ..Components::default() };
    let plan = plan(vec![route(&[(0, 10_500, 17_625)]), Route::default()], vec![1, 2], components);
    let score = read.score(&plan);
    assert_eq!((score.cost, score.components[0]), (Some(1.667), ("distance", 3.0)));
    let stop = json!({"patient": "p1", "service": "s1", "arrival_time": 10.5, "departure_time": 17.625});
    let expected = json!({"routes": [
        {"caregiver_id": "c1", "locations": [stop]}, {"caregiver_id": "c2", "locations": []}]});
    assert_eq!(written(&read, &plan), expected);
}

#[test]
fn uhhc_is_read_with_every_rule() {
    let read = uhhc::read(&uhhc_value().to_string()).unwrap();
    let problem = read.problem();
    assert_eq!(validate(problem), Ok(()));
    assert_eq!(problem.rules.due, Due::End);
    assert_eq!(problem.visits[0].windows.iter().map(|window| window.from).collect::<Vec<_>>(), [30, 200]);
    assert_eq!(problem.visits[0].barred, [1]);
    assert_eq!(problem.visits[0].preferred[0].caregiver, 0);
    assert_eq!(problem.visits[0].lateness, Lateness::Soft { factor: 1 });
    assert_eq!(problem.visits.iter().map(|visit| visit.priority).collect::<Vec<_>>(), [1, 1, 0]);
    assert!(problem.visits.iter().all(|visit| !visit.mandatory));
    // A list of nobody is a wish that nobody meets.
    assert!(problem.visits[1].preferred.is_empty() && problem.visits[1].gender.is_some());
    assert_eq!(problem.groups[0].relation, Relation::Together);
    let rest = problem.caregivers[0].rest.unwrap();
    assert_eq!(
        (rest.window, rest.place, rest.skippable),
        (Window { from: 180, to: 330 }, RestPlace::AtStop, true)
    );
    // The second shift begins too late for a lunch.
    assert_eq!(problem.caregivers[1].rest, None);
    let weights = problem.weights;
    assert_eq!((weights.travel, weights.waiting, weights.idle_max, weights.missed_rests), (2, 5, 7, 10));
}

#[test]
fn uhhc_is_written_with_its_lunches() {
    let read = uhhc::read(&uhhc_value().to_string()).unwrap();
    let mut first = route(&[(0, 215, 240)]);
    first.rest = Some(RestStop { before: 0, start: 185, end: 215, at: RestAt::Next });
    let components =
        Components { travel: 10, unserved: 1, idle_max: 260, wishes: 1, ..Components::default() };
    let with_lunch = plan(vec![first, Route::default()], vec![1, 2], components);
    let lunch = json!({"patient": "p1", "service": "lunch_break", "start_time": 185, "end_time": 215});
    let stop = json!({"patient": "p1", "service": "s1", "arrival_time": 215, "departure_time": 240});
    let expected = json!({"cost_components": {}, "routes": [
        {"caregiver_id": "c1", "locations": [lunch, stop]}, {"caregiver_id": "c2"}]});
    assert_eq!(written(&read, &with_lunch), expected);
    // The lunch that cannot be had counts as missed.
    let score = read.score(&with_lunch);
    assert_eq!(score.cost, Some(f64::from(2 * 10 + 9 + 7 * 260 + 8 + 10)));
    assert_eq!(score.components[0], ("travel_time", 10.0));
    let alone = plan(vec![Route::default(), Route::default()], vec![0, 1, 2], Components::default());
    let eaten = &written(&read, &alone)["routes"][0]["locations"][0];
    assert_eq!((&eaten["patient"], &eaten["start_time"]), (&json!("t0"), &json!(180)));
    let mut after = route(&[(0, 215, 240)]);
    after.rest = Some(RestStop { before: 1, start: 240, end: 270, at: RestAt::Previous });
    let after = plan(vec![after, Route::default()], vec![1, 2], components);
    assert_eq!(written(&read, &after)["routes"][0]["locations"][1]["patient"], "p1");
}

#[test]
fn uhhc_components_may_be_hard_or_without_a_weight() {
    let mut value = uhhc_value();
    value["metadata"]["cost_components"] = json!({"travel_time": 1, "total_tardiness": "HARD", "total_extra_time": "HARD",
        "workload_balance": 0, "qualification": "HARD"});
    value["caregivers"][1]["lunch_break"] = json!(false);
    let read = uhhc::read(&value.to_string()).unwrap();
    let problem = read.problem();
    assert!(problem.visits.iter().all(|visit| visit.mandatory && visit.lateness == Lateness::Hard));
    assert!(problem.caregivers.iter().all(|caregiver| caregiver.overtime_max == 0));
    assert!(!problem.caregivers[0].rest.unwrap().skippable);
    // Whoever is not preferred may not come.
    assert_eq!(problem.visits[1].barred, [0, 1]);
    value["caregivers"][1]["lunch_break"] = json!(true);
    let fault = uhhc::read(&value.to_string()).unwrap_err().to_string();
    assert_eq!(fault, "caregivers[1]: its lunch may not be missed, but does not fit into its shift");
}

#[test]
fn uhhc_takes_decimals() {
    let mut value = uhhc_value();
    value["distances"][0][1] = json!(5.125);
    let read = uhhc::read(&value.to_string()).unwrap();
    assert_eq!((read.problem().travel[0].ticks[1], read.problem().weights.unserved), (5_125, 9_000));
    let components = Components { travel: 5_125, unserved: 1, ..Components::default() };
    let nobody = plan(vec![Route::default(), Route::default()], vec![0, 1, 2], components);
    assert_eq!(read.score(&nobody).cost, Some(2.0 * 5.125 + 9.0 + 10.0));
}

#[test]
fn vrptw_is_read_in_tenths_and_written_twice() {
    let read = vrptw::read(VRPTW).unwrap();
    let problem = read.problem();
    assert_eq!(validate(problem), Ok(()));
    assert_eq!(problem.travel[0].ticks, [0, 14, 50, 14, 0, 36, 50, 36, 0]);
    assert_eq!((problem.caregivers.len(), problem.caregivers[0].capacity), (2, Some(9)));
    assert_eq!((problem.visits[1].load, problem.visits[1].duration), (5, 100));
    assert_eq!(problem.visits[1].windows, [Window { from: 70, to: 300 }]);
    let components = Components { travel: 128, ..Components::default() };
    let plan = plan(vec![Route::default(), route(&[(1, 70, 170), (0, 206, 306)])], Vec::new(), components);
    assert_eq!(read.score(&plan).cost, Some(12.8));
    assert_eq!(written(&read, &plan), json!({"routes": [[2, 1]], "cost": 12.8}));
    assert_eq!(read.solution(&plan)[1], ("sol", "Route #1: 2 1\nCost 12.8\n".to_owned()));
}

#[test]
fn a_day_is_read_with_or_without_breaks() {
    let text = day_value().to_string();
    let read = day::read(&text, false).unwrap();
    let problem = read.problem();
    assert_eq!(validate(problem), Ok(()));
    assert_eq!((problem.caregivers[0].rest, problem.visits[1].place), (None, 2));
    assert_eq!((problem.weights.unserved, problem.weights.travel), (28_801, 1));
    let with = day::read(&text, true).unwrap();
    let rest = with.problem().caregivers[0].rest.unwrap();
    assert_eq!((rest.duration, rest.place, rest.skippable), (1_800, RestPlace::OnTheWay, false));
    let components = Components { travel: 130, unserved: 1, ..Components::default() };
    let plan = plan(vec![route(&[(1, 30_000, 30_600)])], vec![0], components);
    assert_eq!((read.score(&plan).cost, read.score(&plan).travel), (Some(130.0), 130.0));
    let expected = json!({"routes": {"0": [1]}, "starts": {"1": 30_000}, "breaks": {}});
    assert_eq!(written(&read, &plan), expected);
}

/// The fault of an instance in which one value was replaced.
fn spoilt(format: Format, pointer: &str, value: Value) -> String {
    let mut instance = match format {
        Format::Hhcrsp => hhcrsp_value(),
        Format::Uhhc => uhhc_value(),
        _ => day_value(),
    };
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match instance.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        object => object[key] = value,
    }
    let text = instance.to_string();
    let fault = match format {
        Format::Hhcrsp => hhcrsp::read(&text).map(|_| ()),
        Format::Uhhc => uhhc::read(&text).map(|_| ()),
        _ => day::read(&text, true).map(|_| ()),
    };
    fault.unwrap_err().to_string()
}

#[test]
fn bad_input_is_refused_with_the_place_and_the_rule() {
    use Format::{Day, Hhcrsp};
    let cases = [
        (Hhcrsp, "/distances/0/1", json!(-1), "distances[0][1]: -1 is negative"),
        (Hhcrsp, "/distances/0/1", json!(1.2345), "distances[0][1]: 1.2345 has more than three decimals"),
        (Hhcrsp, "/distances/0/1", json!(null), "distances[0][1]: it is not a number"),
        (Hhcrsp, "/distances/0/1", json!("NaN"), "distances[0][1]: it is not a number"),
        (Hhcrsp, "/distances/0/1", json!(1e12), "distances[0][1]: 1000000000000 is too large"),
        (Hhcrsp, "/distances/2", json!([1, 2]), "distances[2]: it has 2 entries, not 3"),
        (Hhcrsp, "/patients/1/id", json!("p1"), "patients[1].id: it is defined twice"),
        (Hhcrsp, "/patients/1/synchronization", json!(null), "patients[1]: it has no \"synchronization\""),
        (
            Hhcrsp,
            "/caregivers/0/abilities",
            json!(["s9"]),
            "caregivers[0].abilities[0]: \"s9\" is not defined",
        ),
        (Hhcrsp, "/patients/0/time_window", json!([1]), "patients[0].time_window: it is not a pair"),
        (
            Hhcrsp,
            "/patients/0/required_caregivers",
            json!([]),
            "patients[0].required_caregivers: it does not have one or two services",
        ),
        (Day, "/matrix/0/1", json!(-1), "matrix[0][1]: -1 is negative"),
        (Day, "/matrix/2", json!([1, 2]), "matrix[2]: it has 2 entries, not 3"),
        (Day, "/matrix/2", json!(7), "matrix[2]: it is not a list"),
        (Day, "/matrix", json!({}), "matrix: it is not a list"),
        (Day, "/caregivers/0/break", json!(null), "caregivers[0]: it has no \"break\""),
        (Day, "/visits/0/duration", json!(1.5), "visits[0].duration: 1.5 is not a whole number"),
    ];
    for (format, pointer, value, expected) in cases {
        assert_eq!(spoilt(format, pointer, value), expected);
    }
    let not_json = hhcrsp::read("{\"distances\": [[NaN]]}").unwrap_err().to_string();
    assert!(not_json.starts_with("JSON: ") && not_json.contains("line 1"), "{not_json}");
}

#[test]
fn what_uhhc_cannot_have_is_refused_with_the_place_and_the_rule() {
    use Format::Uhhc;
    let cases = [
        (
            Uhhc,
            "/metadata/cost_components/workload_balance",
            json!(1),
            "metadata.cost_components: \"workload_balance\" has a weight, but cannot be planned for",
        ),
        (
            Uhhc,
            "/metadata/cost_components/max_idle_time",
            json!("HARD"),
            "metadata.cost_components: \"max_idle_time\" is HARD, which cannot be planned for",
        ),
        (
            Uhhc,
            "/metadata/cost_components/travel_time",
            json!(-1),
            "metadata.cost_components.travel_time: -1 is negative",
        ),
        (
            Uhhc,
            "/metadata/origin",
            json!("bazirha"),
            "metadata.origin: departures at the start of the shift cannot be planned for",
        ),
        (
            Uhhc,
            "/caregivers/0/departing_point",
            json!("t1"),
            "caregivers[0].departing_point: \"t1\" is not defined",
        ),
        (
            Uhhc,
            "/patients/0/required_services/0/duration",
            json!(-5),
            "patients[0].required_services[0].duration: -5 is negative",
        ),
        (
            Uhhc,
            "/patients/1/synchronization/type",
            json!("sometimes"),
            "patients[1].synchronization.type: it is neither independent nor simultaneous nor sequential",
        ),
    ];
    for (format, pointer, value, expected) in cases {
        assert_eq!(spoilt(format, pointer, value), expected);
    }
}

#[test]
fn bad_text_is_refused_with_the_place_and_the_rule() {
    let cases = [
        ("CAPACITY : 9\n", "", "CAPACITY: it is missing"),
        ("2 1 1\n", "2 1 x\n", "NODE_COORD_SECTION 2: x is not a number"),
        ("2 1 1\n", "2 1 NaN\n", "NODE_COORD_SECTION 2: NaN is not a whole number"),
        ("2 1 1\n", "", "NODE_COORD_SECTION: it does not have the nodes 1 to 3"),
        ("2 5 20\n", "2 5\n", "TIME_WINDOW_SECTION 2: a number is missing"),
        ("2 5 20\n", "", "TIME_WINDOW_SECTION 2: it is missing"),
        ("2 4\n", "2 -4\n", "DEMAND_SECTION 2: -4 is negative"),
        ("2 4\n", "2 4\n2 4\n", "DEMAND_SECTION 2: it is there twice"),
        ("SERVICE_TIME : 10", "SERVICE_TIME : 1.5", "SERVICE_TIME: 1.5 is not a whole number"),
    ];
    for (good, bad, expected) in cases {
        let fault = vrptw::read(&VRPTW.replacen(good, bad, 1)).unwrap_err();
        assert_eq!(fault.to_string(), expected);
    }
}

#[test]
fn a_plan_without_something_mandatory_has_no_cost() {
    let components = Components { unserved_mandatory: 1, ..Components::default() };
    let hhcrsp = hhcrsp::read(&hhcrsp_value().to_string()).unwrap();
    let nothing = plan(vec![Route::default(), Route::default()], vec![0, 1, 2], components);
    assert_eq!(hhcrsp.score(&nothing).cost, None);
    assert_eq!(vrptw::read(VRPTW).unwrap().score(&nothing).cost, None);
}

#[test]
fn the_time_is_a_number_of_seconds() {
    assert_eq!(seconds("15e-1"), Ok(Duration::from_millis(1_500)));
    assert!(seconds("-1").is_err() && seconds("NaN").is_err() && seconds("soon").is_err());
}
