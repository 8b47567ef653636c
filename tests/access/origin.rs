//! A request that changes something comes from our own pages: every such route, every disguise.

use songhe::access::Role;
use songhe::web;

use super::examples::{add_records, add_users, ends_session, method};
use crate::support::app::both;

/// What only this refusal says.
const REFUSED: &str = "请求来自其他网站";

both!(every_route_that_changes_something_refuses_other_sites, |app| async {
    app.add_towns();
    let home = add_records(app, 1);
    add_users(app, &home);
    let own_origin = app.base_url.clone();
    let cases: [(&[(&str, &str)], bool); 8] = [
        (&[], true),
        (&[("sec-fetch-site", "cross-site")], true),
        (&[("sec-fetch-site", "same-site")], true),
        (&[("sec-fetch-site", "cross-site"), ("origin", &own_origin)], true),
        (&[("origin", "http://evil.example")], true),
        (&[("origin", "null")], true),
        (&[("origin", &own_origin)], false),
        (&[("sec-fetch-site", "same-origin")], false),
    ];
    let mut count = 0;
    for role in [Role::Coordinator, Role::SystemAdministrator, Role::SecurityAdministrator] {
        let client = app.login(role.name()).await;
        for route in web::all().iter().filter(|route| route.method != "GET" && !ends_session(route)) {
            let address = home.address(route.path).unwrap();
            for (headers, is_refused) in &cases {
                let mut request = client.request(method(route), &address);
                for (name, value) in *headers {
                    request = request.header(*name, *value);
                }
                let response = request.send().await.unwrap();
                let (status, body) = (response.status().as_u16(), response.text().await.unwrap());
                assert_eq!(body.contains(REFUSED), *is_refused, "{} {address} {headers:?}", route.method);
                assert!(!is_refused || status == 403, "{} {address} {headers:?}: {status}", route.method);
                count += 1;
            }
        }
        // Nobody can sign somebody else out either.
        let forged = client.request(reqwest::Method::POST, "/logout").header("sec-fetch-site", "cross-site");
        assert_eq!(forged.send().await.unwrap().status(), 403);
        assert_eq!(client.status("/account").await, 200);
    }
    assert!(count > 200, "{count}");
});
