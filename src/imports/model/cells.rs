use chrono::{NaiveDate, TimeDelta};

use crate::text::Lang;

/// Excel's own errors.
const FAULTS: [&str; 9] =
    ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#GETTING_DATA"];
/// Days between Excel's day 0 and 1970-01-01 are counted from this day.
const EXCEL_DAY_0: Option<NaiveDate> = NaiveDate::from_ymd_opt(1899, 12, 30);

/// Full-width digits, letters and the marks of numbers and dates as half-width ones; other characters stay.
pub fn fold(text: &str) -> String {
    let folded = text.chars().map(|letter| match letter {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '－' | '／' | '．' | '＋' | '：' | '＊' => {
            char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter)
        }
        '\u{3000}' | '\u{a0}' => ' ',
        _ => letter,
    });
    folded.filter(|letter| !matches!(letter, '\u{200b}' | '\u{feff}')).collect::<String>().trim().to_owned()
}

/// Whether the cell holds an error of the program that calculated it.
pub fn is_fault(text: &str) -> bool {
    text.starts_with('#') && FAULTS.contains(&text.to_ascii_uppercase().as_str())
}

/// Whether the cell asks for the value to be emptied. An empty cell says nothing, so it takes a word.
pub fn is_emptying(text: &str) -> bool {
    let text = fold(text);
    text == "清空" || text.eq_ignore_ascii_case("clear")
}

/// Whether a mask covers the value: `138****1234`, `••••••••`.
pub fn is_masked(text: &str) -> bool {
    text.contains('•') || text.contains("***")
}

/// A day, with minutes after midnight where a time stands behind it: `2026-11-23`, `2026/11/23`, `2026.11.23`,
/// `2026年11月23日`, `20261123`, `2026-11-23 08:30`, and the number that Excel keeps for a day.
pub fn moment(text: &str) -> Option<(NaiveDate, Option<i32>)> {
    let text = fold(text);
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, Some(time.trim())),
        None => (text.as_str(), None),
    };
    let minutes = match time {
        None | Some("") => None,
        Some(time) => Some(clock(time)?),
    };
    Some((day_of(day)?, minutes))
}

fn day_of(text: &str) -> Option<NaiveDate> {
    if text.chars().all(|letter| letter.is_ascii_digit()) {
        return match text.len() {
            8 => date(&text[..4], &text[4..6], &text[6..]),
            5 => EXCEL_DAY_0?.checked_add_signed(TimeDelta::days(text.parse().ok()?)),
            _ => None,
        };
    }
    let text = text.strip_suffix('日').unwrap_or(text);
    let parts: Vec<&str> = text.split(['-', '/', '.', '年', '月']).collect();
    match parts[..] {
        [year, month, day] if year.len() == 4 => date(year, month, day),
        _ => None,
    }
}

fn date(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| (1..=4).contains(&text.len()));
    NaiveDate::from_ymd_opt(number(year)? as i32, number(month)?, number(day)?)
        .filter(|day| (1800..=2200).contains(&chrono::Datelike::year(day)))
}

/// Minutes of `8:30`, `08:30` or `08:30:00`.
pub fn clock(text: &str) -> Option<i32> {
    crate::input::minutes(&fold(text))
}

/// Yes or no in the words of either language.
pub fn yes_or_no(text: &str) -> Option<bool> {
    match fold(text).to_lowercase().as_str() {
        "是" | "有" | "yes" | "y" | "true" | "1" | "√" | "✓" | "在岗" | "active" => Some(true),
        "否" | "无" | "没有" | "no" | "n" | "false" | "0" | "×" | "✗" | "停岗" | "inactive" => {
            Some(false)
        }
        _ => None,
    }
}

/// The parts of a cell that holds several values.
pub fn list_of(text: &str) -> Vec<String> {
    let parts = text.split(['、', '，', ',', '；', ';', '/', '|', '\n']);
    parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A number such as `118.5` or `1,234`; none for anything else.
pub fn plain_number(text: &str) -> Option<f64> {
    let text = fold(text).replace([',', '，'], "");
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Days of the week, 1 is Monday: `周一至周五、周日`, `Mon to Fri, Sun`, `1,2,3`.
pub fn days_of_week(text: &str) -> Option<Vec<usize>> {
    let mut days = Vec::new();
    for part in list_of(text) {
        let ends: Vec<&str> = [" to ", "至", "到", "–", "-", "~"]
            .iter()
            .find_map(|mark| part.split_once(mark))
            .map_or_else(|| vec![part.as_str()], |(first, last)| vec![first, last]);
        let ends: Option<Vec<usize>> = ends.into_iter().map(day_number).collect();
        match ends?[..] {
            [day] => days.push(day),
            [first, last] if first <= last => days.extend(first..=last),
            _ => return None,
        }
    }
    days.sort_unstable();
    days.dedup();
    Some(days).filter(|days| !days.is_empty())
}

fn day_number(text: &str) -> Option<usize> {
    let text = fold(text).to_lowercase().replace("星期", "周").replace("周天", "周日");
    (1..=7).find(|day| {
        let key = format!("enums.weekday.{day}");
        let english = Lang::English.t(&key).to_lowercase();
        text == day.to_string()
            || text == Lang::Chinese.t(&key)
            || (text.len() >= 2 && english.starts_with(&text))
            || (text.len() >= 2 && text.starts_with(&english))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Option<String> {
        moment(text).map(|(day, _)| day.to_string())
    }

    #[test]
    fn a_day_is_read_in_every_spelling_that_offices_use() {
        for text in [
            "2026-11-23",
            "2026/11/23",
            "2026.11.23",
            "2026年11月23日",
            "20261123",
            "２０２６－１１－２３",
            "46349",
            " 2026-11-23 ",
            "2026-11-23 08:30",
        ] {
            assert_eq!(day(text).as_deref(), Some("2026-11-23"), "{text}");
        }
        assert_eq!(day("1940年1月5日").as_deref(), Some("1940-01-05"));
        assert_eq!(moment("2026-11-23 8:05:00").unwrap().1, Some(485));
    }

    #[test]
    fn what_is_no_day_or_could_be_two_is_refused() {
        for text in
            ["", "23/11/2026", "11-23", "2026-13-01", "2026-02-30", "明天", "2026", "1", "2026-11-23 25:00"]
        {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn width_is_folded_and_names_stay() {
        assert_eq!(fold("　２０１Ａ－３ "), "201A-3");
        assert_eq!(fold("养老院（东区）"), "养老院（东区）");
    }

    #[test]
    fn masks_and_faults_are_no_values() {
        assert!(is_masked("350582********1234") && is_masked("••••••••") && !is_masked("13800001234"));
        assert!(is_fault("#REF!") && is_fault("#n/a") && !is_fault("#1"));
    }

    #[test]
    fn only_the_word_empties_a_value() {
        for text in ["清空", " 清空 ", "clear", "Clear", "ＣＬＥＡＲ"] {
            assert!(is_emptying(text), "{text}");
        }
        for text in ["", "-", "—", "无", "清空吧", "clear it"] {
            assert!(!is_emptying(text), "{text}");
        }
    }

    #[test]
    fn days_of_the_week_are_read_as_they_are_shown() {
        assert_eq!(days_of_week("周一至周五").unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(days_of_week("周一、周三至周五").unwrap(), [1, 3, 4, 5]);
        assert_eq!(days_of_week("Mon to Fri, Sun").unwrap(), [1, 2, 3, 4, 5, 7]);
        assert_eq!(days_of_week("1,2").unwrap(), [1, 2]);
        assert_eq!(days_of_week("周五至周一"), None);
        assert_eq!(days_of_week(""), None);
    }

    proptest! {
        #[test]
        fn every_day_survives_its_own_spelling(days in 0_i64..60_000) {
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + TimeDelta::days(days);
            for form in ["%Y-%m-%d", "%Y/%-m/%-d", "%Y年%-m月%-d日", "%Y%m%d"] {
                prop_assert_eq!(moment(&day.format(form).to_string()), Some((day, None)));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = (moment(&text), days_of_week(&text), yes_or_no(&text), plain_number(&text), fold(&text));
        }
    }
}
