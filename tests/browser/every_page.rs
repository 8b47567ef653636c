//! Every page that a role reaches by links: it comes, breaks nothing, fits the phone, and is usable by everybody.
//!
//! With `SONGHE_TEST_PICTURES=DIR` a picture of each kind of page is kept in DIR, at both widths, for people to look at.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;

use super::city::City;
use super::driver::browse;
use super::examine;
use super::page::Browser;

/// Links followed from a page of the navigation.
const DEPTH_MAX: usize = 2;
const PAGES_MAX: usize = 40;

#[test]
fn every_page_within_reach_of_every_role_is_sound() {
    let city = City::start();
    browse("every_page", &city.songhe.url(""), async |browser| {
        let mut survey = Survey::default();
        for role in city.roles() {
            city.enter(browser, &role).await;
            survey.walk(browser, &role).await;
        }
        assert!(survey.problems.is_empty(), "{}", survey.problems.join("\n"));
        assert!(survey.seen > 8 * 3, "only {} pages were reached", survey.seen);
    });
}

#[derive(Default)]
struct Survey {
    /// Kinds of pages that axe has judged, which takes a second each.
    judged: BTreeSet<String>,
    seen: usize,
    problems: Vec<String>,
}

impl Survey {
    async fn walk(&mut self, browser: &Browser, role: &str) {
        // The address of the first page sends on to one that is visited anyway.
        let mut known = BTreeSet::from(["/".to_owned()]);
        let start = browser.path().await;
        let mut queue = VecDeque::from([(start, 0)]);
        let mut left = PAGES_MAX;
        while let Some((path, depth)) = queue.pop_front() {
            if !known.insert(kind(&path)) {
                continue;
            }
            if left == 0 {
                break;
            }
            left -= 1;
            self.seen += 1;
            self.look(browser, role, &path).await;
            let (pages, files) = examine::links(browser).await;
            for file in files.into_iter().filter(|file| known.insert(kind(file))) {
                let status = examine::fetch_status(browser, &file).await;
                self.note(role, &file, (status != 200).then(|| format!("status {status}")));
            }
            if depth < DEPTH_MAX {
                queue.extend(pages.into_iter().map(|path| (path, depth + 1)));
            }
        }
    }

    async fn look(&mut self, browser: &Browser, role: &str, path: &str) {
        browser.as_desktop().await;
        browser.open(path).await;
        let status = examine::status(browser).await;
        self.note(role, path, (status != 200).then(|| format!("status {status}")));
        self.note(role, path, examine::overflow(browser).await);
        self.note(role, path, examine::bare_keys(browser).await);
        let is_new = self.judged.insert(kind(path));
        if is_new {
            self.note(role, path, examine::axe(browser).await);
            self.keep_picture(browser, path, "desktop").await;
        }
        browser.as_phone().await;
        self.note(role, path, examine::overflow(browser).await.map(|over| format!("on the phone {over}")));
        if is_new {
            self.note(role, path, examine::axe(browser).await);
            self.keep_picture(browser, path, "phone").await;
        }
        self.note(role, path, browser.console_errors().await);
    }

    fn note(&mut self, role: &str, path: &str, found: impl IntoIterator<Item = String>) {
        self.problems.extend(found.into_iter().map(|problem| format!("{role} {path}: {problem}")));
    }

    async fn keep_picture(&self, browser: &Browser, path: &str, width: &str) {
        let Some(folder) = std::env::var_os("SONGHE_TEST_PICTURES").map(PathBuf::from) else { return };
        std::fs::create_dir_all(&folder).unwrap();
        let name = kind(path).replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        browser.driver.screenshot(&folder.join(format!("{name}-{width}.png"))).await.unwrap();
    }
}

/// Pages of one kind differ only in the record or in the values of their parameters.
fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_record = |part: &&str| part.chars().next().is_some_and(|first| first.is_ascii_digit());
    let parts: Vec<&str> = path.split('/').map(|part| if is_record(&part) { "{}" } else { part }).collect();
    let names: BTreeSet<&str> =
        query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    format!("{}?{}", parts.join("/"), names.join("&")).trim_end_matches('?').to_owned()
}

#[test]
fn records_and_values_do_not_make_a_browser_page_of_another_kind() {
    assert_eq!(kind("/institutions/12/edit"), "/institutions/{}/edit");
    assert_eq!(kind("/institutions?sort=name&page=2"), kind("/institutions?page=3&sort=town"));
    assert_ne!(kind("/institutions?sort=name"), kind("/institutions"));
}
