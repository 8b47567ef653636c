//! Rules read back as people say them, in both languages.

use chrono::{Datelike, NaiveDate, Weekday};

use super::model::{
    AbilityLevel, Balance, Entitled, EntitlementUnit, Holidays, Occurrence, Pattern, Recurrence, Until, Why,
    clock,
};
use crate::text::Lang;

/// `每 3 周的周一`, `every 3 weeks on Mon`.
pub fn recurrence(lang: Lang, rule: &Recurrence) -> String {
    let interval = rule.interval.to_string();
    let every = |one: &str, many: &str, days: &str| {
        let key = if rule.interval == 1 { one } else { many };
        lang.fill(key, &[("n", &interval), ("days", days)])
    };
    let often = match &rule.pattern {
        Pattern::Daily => every("repeat.daily", "repeat.days", ""),
        Pattern::Weekly(days) if days.len() == 7 && rule.interval == 1 => {
            every("repeat.daily", "repeat.days", "")
        }
        Pattern::Weekly(days) => {
            let names: Vec<String> = days.iter().map(|day| weekday(lang, *day)).collect();
            every("repeat.weekly", "repeat.weeks", &names.join(&lang.t("list.separator")))
        }
        Pattern::MonthDays(days) => {
            let names: Vec<String> = days.iter().map(|day| day_of_month(lang, *day)).collect();
            let names = names.join(&lang.t("list.separator"));
            let short = days.iter().any(|day| *day > 28);
            let passed_over = if short { lang.t("repeat.passed_over") } else { "".into() };
            format!("{}{passed_over}", every("repeat.monthly", "repeat.months", &names))
        }
        Pattern::MonthWeekday(nth, day) => {
            let which = lang.t(&format!("repeat.nth.{}", nth_name(*nth)));
            let day = format!("{which}{}", weekday(lang, *day));
            every("repeat.monthly", "repeat.months", &day)
        }
    };
    let until = match rule.until {
        Until::Never => String::new(),
        Until::Count(count) => lang.fill("repeat.count", &[("n", &count.to_string())]),
        Until::Day(day) => lang.fill("repeat.until", &[("day", &day.to_string())]),
    };
    format!("{often}{until}")
}

/// The name of an ordinal in the locale files.
pub fn nth_name(nth: i8) -> &'static str {
    match nth {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        5 => "fifth",
        _ => "last",
    }
}

fn day_of_month(lang: Lang, day: i8) -> String {
    if day < 0 {
        return lang.t("repeat.last_day").into_owned();
    }
    lang.fill("repeat.day_of_month", &[("n", &day.to_string())])
}

pub fn weekday(lang: Lang, day: Weekday) -> String {
    lang.t(&format!("enums.weekday.{}", day.number_from_monday())).into_owned()
}

/// `2026-11-23 周一`.
pub fn day(lang: Lang, day: NaiveDate) -> String {
    format!("{day} {}", weekday(lang, day.weekday()))
}

/// `08:30–10:00`, with the next day named where the window passes midnight.
pub fn window(lang: Lang, starts_min: i32, ends_min: i32) -> String {
    let next = if ends_min > 24 * 60 { lang.t("repeat.next_day") } else { "".into() };
    format!("{}–{next}{}", clock(starts_min), clock(ends_min))
}

/// Why a day of the rule is another day or none; nothing where it is as planned.
pub fn why(lang: Lang, one: &Occurrence, holidays: &Holidays) -> String {
    let Some(why) = one.why else { return String::new() };
    let name = holidays.get(one.occurrence_on).map(|found| match lang {
        Lang::Chinese => found.name_zh.clone(),
        Lang::English => found.name_en.clone(),
    });
    let from = day(lang, one.occurrence_on);
    let arguments = [("day", from.as_str()), ("holiday", name.as_deref().unwrap_or_default())];
    match why {
        Why::Moved => lang.fill("why.moved", &arguments),
        Why::Holiday => lang.fill("why.holiday", &arguments),
        Why::NoWorkingDay => lang.fill("why.no_working_day", &arguments),
        Why::DayTaken => lang.fill("why.day_taken", &arguments),
        Why::OutsidePlan => lang.fill("why.outside_plan", &arguments),
        Why::Paused(reason) => {
            let reason = lang.t(&format!("enums.pause_reason.{}", reason.name()));
            lang.fill("why.paused", &[("reason", &reason)])
        }
    }
}

/// `20 小时`, `12 次`.
pub fn amount(lang: Lang, unit: EntitlementUnit, amount: i64) -> String {
    match unit {
        EntitlementUnit::Visits => lang.fill("entitlement.visits", &[("n", &amount.to_string())]),
        EntitlementUnit::Minutes => {
            let hours = format!("{:.1}", amount as f64 / 60.0);
            lang.fill("entitlement.hours", &[("n", hours.trim_end_matches(".0"))])
        }
    }
}

/// What is entitled, with a word where no office has confirmed it.
pub fn entitled(lang: Lang, entitled: Option<Entitled>) -> String {
    match entitled {
        None => lang.t("entitlement.none").into_owned(),
        Some(found) => {
            let amount = amount(lang, found.unit, found.amount);
            let proposal = if found.confirmed { "".into() } else { lang.t("entitlement.proposal") };
            format!("{amount}{proposal}")
        }
    }
}

/// By how much too much is planned.
pub fn over(lang: Lang, balance: &Balance) -> String {
    lang.fill("entitlement.over", &[("n", &amount(lang, balance.unit(), balance.over()))])
}

pub fn level(lang: Lang, level: Option<AbilityLevel>) -> String {
    match level {
        Some(level) => lang.t(&format!("enums.ability_level.{}", level.name())).into_owned(),
        None => lang.t("entitlement.any_level").into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_back_in_both_languages() {
        let start = "2026-11-23".parse().unwrap();
        for (rule, chinese, english) in [
            ("FREQ=DAILY", "每天", "every day"),
            ("FREQ=DAILY;INTERVAL=2;COUNT=5", "每 2 天，共 5 次", "every 2 days, 5 times"),
            ("FREQ=WEEKLY;INTERVAL=3", "每 3 周的周一", "every 3 weeks on Mon"),
            ("FREQ=WEEKLY;BYDAY=MO,TH", "每周的周一、周四", "every week on Mon, Thu"),
            ("FREQ=MONTHLY;BYDAY=1MO", "每月的第一个周一", "every month on the first Mon"),
            ("FREQ=MONTHLY;BYDAY=-1FR", "每月的最后一个周五", "every month on the last Fri"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "每月的最后一天", "every month on the last day"),
            (
                "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31;UNTIL=20270101",
                "每 2 个月的31 日（没有该日的月份跳过），至 2027-01-01",
                "every 2 months on day 31 (months without it are passed over), until 2027-01-01",
            ),
        ] {
            let rule = Recurrence::parse(rule, start).unwrap();
            assert_eq!(recurrence(Lang::Chinese, &rule), chinese);
            assert_eq!(recurrence(Lang::English, &rule), english);
        }
    }
}
