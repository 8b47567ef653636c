//! One list of what happened to somebody, put together from what each slice knows.
//!
//! A slice gives its newest happenings before an instant; [`merged`] makes one page of them. Asking for the page that follows
//! names the instant of the last happening shown, so happenings of one instant are never torn apart by the end of a page.

use crate::clock::Instant;

/// Something that happened, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    pub at: Instant,
    /// Name of its kind, for the filter: `enums.happening.KIND`.
    pub kind: &'static str,
    pub what: String,
    /// Who did it, or where it was.
    pub who: String,
    pub href: Option<String>,
}

/// How much of one kind is read for a page of `limit`: one more, to know whether it goes on.
pub fn asked(limit: usize) -> i64 {
    limit as i64 + 1
}

/// The newest `limit` happenings, fewer where the end would tear one instant apart, and whether others follow.
pub fn merged(mut all: Vec<Happening>, limit: usize) -> (Vec<Happening>, bool) {
    all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.kind.cmp(b.kind)).then_with(|| a.what.cmp(&b.what)));
    if all.len() <= limit {
        return (all, false);
    }
    let torn = all[limit].at;
    let whole = all[..limit].iter().take_while(|happening| happening.at > torn).count();
    // An instant that fills more than a page is shown as a whole.
    let end =
        if whole == 0 { all.iter().take_while(|happening| happening.at == torn).count() } else { whole };
    let follows = end < all.len();
    all.truncate(end);
    (all, follows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: u32) -> Instant {
        chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap().and_hms_opt(0, minute, 0).unwrap()
    }

    fn happening(minute: u32, number: usize) -> Happening {
        Happening { at: at(minute), kind: "visit", what: number.to_string(), who: String::new(), href: None }
    }

    proptest! {
        #[test]
        fn pages_hold_everything_once_and_in_order(minutes in proptest::collection::vec(0_u32..20, 0..60), limit in 1_usize..9) {
            let all: Vec<Happening> =
                minutes.iter().enumerate().map(|(number, minute)| happening(*minute, number)).collect();
            let (mut seen, mut before) = (Vec::new(), at(59));
            loop {
                let rest: Vec<Happening> = all.iter().filter(|one| one.at < before).cloned().collect();
                let (page, follows) = merged(rest, limit);
                seen.extend(page.iter().cloned());
                if !follows { break; }
                before = page.last().unwrap().at;
            }
            prop_assert!(seen.windows(2).all(|pair| pair[0].at >= pair[1].at));
            let mut numbers: Vec<usize> = seen.iter().map(|one| one.what.parse().unwrap()).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (0..all.len()).collect::<Vec<_>>());
        }
    }
}
