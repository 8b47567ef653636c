//! Requests that change something must come from our own pages, or from a program: one that carries a bearer token, which no
//! other site can make a browser send, or no session at all, with nothing that another site could misuse.

use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

/// Whether a request may change something, judged by its headers. `is_unprompted`: it carries a bearer token or no session
/// cookie, so that where the headers do not tell, as those of programs do not, no browser was talked into sending it.
pub fn is_trusted(method: &Method, headers: &HeaderMap, is_unprompted: bool) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    if let Some(origin) = headers.get(ORIGIN).and_then(|value| value.to_str().ok()) {
        let host = headers.get(HOST).and_then(|value| value.to_str().ok());
        return host.is_some() && origin.split_once("://").map(|(_, rest)| rest) == host;
    }
    is_unprompted
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap())
            })
            .collect()
    }

    #[test]
    fn only_our_own_pages_and_bearer_clients_may_change_things() {
        let trusted = |pairs: &[(&str, &str)], bearer| is_trusted(&Method::POST, &headers(pairs), bearer);
        assert!(trusted(&[("sec-fetch-site", "same-origin")], false));
        assert!(!trusted(&[("sec-fetch-site", "same-site")], false));
        assert!(!trusted(&[("sec-fetch-site", "cross-site")], true));
        assert!(trusted(&[("host", "a:1"), ("origin", "http://a:1")], false));
        assert!(!trusted(&[("host", "a:1"), ("origin", "http://b")], false));
        assert!(!trusted(&[("host", "a:1"), ("origin", "null")], true));
        assert!(!trusted(&[], false));
        assert!(trusted(&[], true));
        assert!(is_trusted(&Method::GET, &headers(&[("sec-fetch-site", "cross-site")]), false));
    }
}
