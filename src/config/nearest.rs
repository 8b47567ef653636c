//! The known word a mistyped one most likely meant.

/// Below this likeness (0 to 1) a suggestion would mislead more than help.
const LIKENESS_MIN: f64 = 0.7;

/// The candidate most like `word`, or `None` when nothing is close.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_slip_finds_its_word() {
        assert_eq!(nearest("lisen", ["listen", "workers"]), Some("listen"));
        assert_eq!(nearest("Asia/Shangai", ["Asia/Shanghai", "Asia/Tokyo"]), Some("Asia/Shanghai"));
    }

    #[test]
    fn an_unlike_word_finds_nothing() {
        assert_eq!(nearest("qqq", ["listen", "workers"]), None);
    }
}
