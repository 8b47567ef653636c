//! Every route for every role: what each may do, and that nobody sees another town's records.

use reqwest::Response;
use songhe::access::Role;
use songhe::web::{self, Need, Route};

use super::examples::{
    FOREIGN, Records, add_records, add_users, ends_session, is_allowed, is_of_a_town, mark_foreign, method,
};
use crate::support::app::{TestApp, both};
use crate::support::client::Client;

async fn call(client: &Client, route: &Route, address: &str) -> Response {
    let request = client.request(method(route), address).header("sec-fetch-site", "same-origin");
    let request = match (route.method.as_str(), address.starts_with("/api/v1")) {
        ("GET" | "DELETE", _) => request,
        (_, true) => request.json(&serde_json::json!({})),
        (_, false) => request.form(&[("version", "1")]),
    };
    request.send().await.unwrap()
}

/// Where a redirect leads: a page may send on to the record that it belongs to.
async fn arrive(client: &Client, response: Response) -> Response {
    let Some(to) = response.headers().get("location") else { return response };
    client.get(to.to_str().unwrap()).await
}

fn seed(app: &TestApp) -> (Records, Records) {
    app.add_towns();
    let (home, foreign) = (add_records(app, 1), add_records(app, 2));
    mark_foreign(app);
    add_users(app, &home);
    (home, foreign)
}

#[test]
fn every_route_has_an_example() {
    let records = Records::none();
    let missing: Vec<&str> =
        web::all().iter().map(|route| route.path).filter(|path| records.address(path).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new(), "add these subjects to tests/access/examples.rs");
}

both!(without_a_session_nothing_is_shown, |app| async {
    let (_, foreign) = seed(app);
    let nobody = app.client();
    for route in web::all().iter().filter(|route| !matches!(route.need, Need::Open | Need::Local)) {
        let address = foreign.address(route.path).unwrap();
        let response = call(&nobody, route, &address).await;
        let wanted = match address.as_str() {
            // An EventSource cannot see a status: the stream itself says that it is over.
            "/live" => 200,
            _ if address.starts_with("/api/v1") => 401,
            _ => 303,
        };
        assert_eq!(response.status(), wanted, "{} {address}", route.method);
        assert!(!response.text().await.unwrap().contains(FOREIGN), "{address}");
    }
});

both!(a_role_without_the_permission_is_refused_everywhere, |app| async {
    let (_, foreign) = seed(app);
    for role in Role::ALL {
        let client = app.login(role.name()).await;
        for route in web::all().iter().filter(|route| is_allowed(role, route.need) == Some(false)) {
            let address = foreign.address(route.path).unwrap();
            let status = call(&client, route, &address).await.status();
            assert_eq!(status, 403, "{} {} {address}", role.name(), route.method);
        }
    }
});

both!(another_towns_record_does_not_exist, |app| async {
    let (_, foreign) = seed(app);
    for role in [Role::Coordinator, Role::Caregiver, Role::InstitutionManager, Role::DutyOfficer] {
        let client = app.login(role.name()).await;
        let routes = web::all();
        let within = routes.iter().filter(|route| is_allowed(role, route.need) == Some(true));
        for route in within.filter(|route| is_of_a_town(route.path)) {
            let address = foreign.address(route.path).unwrap();
            let mut response = call(&client, route, &address).await;
            // A change that sends on has been made: only a look may be followed.
            if route.method == "GET" {
                response = arrive(&client, response).await;
            }
            let status = response.status().as_u16();
            // What is sent may be judged before whose record it is.
            let is_refused = status == 404 || (route.method != "GET" && [400, 415, 422].contains(&status));
            assert!(is_refused, "{} {} {address}: {status}", role.name(), route.method);
            assert!(!response.text().await.unwrap().contains(FOREIGN), "{} {address}", role.name());
        }
    }
    let code = crate::support::seed::town_code(2);
    let touched = format!("SELECT count(*) AS n FROM audit_log WHERE town_code = '{code}'");
    assert_eq!(crate::access::audit_chain::count(app, &touched), 0, "nothing of the other town was changed");
});

both!(whoever_reaches_the_whole_city_finds_the_same_records, |app| async {
    // The counterpart of the test above: its 404s are due to the place, and not to examples of nothing.
    let (_, foreign) = seed(app);
    let client = app.login(Role::CityManager.name()).await;
    let routes = web::all();
    let shown = routes.iter().filter(|route| route.method == "GET" && is_of_a_town(route.path));
    for route in shown.filter(|route| is_allowed(Role::CityManager, route.need) == Some(true)) {
        let address = foreign.address(route.path).unwrap();
        let response = arrive(&client, client.get(&address).await).await;
        assert_eq!(response.status(), 200, "{address}");
    }
});

both!(no_list_holds_another_towns_row, |app| async {
    seed(app);
    let (mut lists, mut with_rows) = (0, 0);
    for role in Role::ALL {
        let client = app.login(role.name()).await;
        let routes = web::all();
        let open = routes
            .iter()
            .filter(|route| route.method == "GET" && !route.path.contains('{') && route.path != "/live");
        for route in open.filter(|route| is_allowed(role, route.need) != Some(false)) {
            let response = client.get(route.path).await;
            let status = response.status().as_u16();
            assert!(
                [200, 303].contains(&status) || route.path == "/",
                "{} {}: {status}",
                role.name(),
                route.path
            );
            let body = response.text().await.unwrap();
            if role == Role::CityManager {
                with_rows += usize::from(body.contains(FOREIGN));
            } else if !role.is_administrator() {
                assert!(!body.contains(FOREIGN), "{} {}", role.name(), route.path);
            }
            lists += 1;
        }
    }
    assert!(lists > 40 && with_rows > 3, "{lists} lists, {with_rows} of them with rows of town 2");
});

both!(what_needs_only_a_session_is_open_to_every_role, |app| async {
    let (_, foreign) = seed(app);
    for role in Role::ALL {
        let client = app.login(role.name()).await;
        for route in web::all().iter().filter(|route| route.need == Need::SignedIn && !ends_session(route)) {
            let address = foreign.address(route.path).unwrap();
            let status = call(&client, route, &address).await.status().as_u16();
            assert_ne!(status, 403, "{} {} {address}", role.name(), route.method);
        }
        // The session of nobody is not one's own.
        assert_eq!(client.status("/account/sessions/987654").await, 404);
    }
});
