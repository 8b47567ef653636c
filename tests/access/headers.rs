//! Every answer of every kind carries the headers that bind the browser.

use songhe::access::Role;
use songhe::web;

use super::examples::{add_records, add_users, ends_session, method};
use crate::support::app::both;

/// Where files are that a browser may keep and ask about.
const FILES: [&str; 4] = ["/static", "/api/docs", "/today/worker.js", "/today/manifest.webmanifest"];

both!(every_answer_binds_the_browser, |app| async {
    app.add_towns();
    let home = add_records(app, 1);
    add_users(app, &home);
    let manager = app.login(Role::CityManager.name()).await;
    let mut kinds = std::collections::BTreeSet::new();
    for client in [app.client(), manager] {
        let mut addresses: Vec<(reqwest::Method, String)> = web::all()
            .iter()
            .filter(|route| !ends_session(route))
            .map(|route| (method(route), home.address(route.path).unwrap()))
            .collect();
        addresses.push((reqwest::Method::GET, "/no/such/page".to_owned()));
        addresses.push((reqwest::Method::DELETE, "/login".to_owned()));
        for (method, address) in addresses {
            let response = client.request(method.clone(), &address).send().await.unwrap();
            let header = |name: &str| {
                let value = response.headers().get(name);
                value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
            };
            let policy = header("content-security-policy");
            for rule in
                ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
            {
                assert!(policy.contains(rule), "{method} {address}: {policy}");
            }
            assert!(!policy.contains("unsafe"), "{method} {address}: {policy}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{method} {address}");
            assert_eq!(header("referrer-policy"), "same-origin", "{method} {address}");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{method} {address}");
            assert_eq!(header("x-request-id").len(), 16, "{method} {address}");
            let caching = header("cache-control");
            assert!(["no-store", "no-cache"].contains(&caching.as_str()), "{method} {address}: {caching}");
            // The same for everybody; whatever else is told may be somebody's.
            let is_file = FILES.iter().any(|file| address.starts_with(file));
            assert!(caching == "no-store" || is_file, "{method} {address}: {caching}");
            kinds.insert(response.status().as_u16());
        }
    }
    for status in [200, 303, 401, 403, 404, 405] {
        assert!(kinds.contains(&status), "no answer with {status}: {kinds:?}");
    }
});
