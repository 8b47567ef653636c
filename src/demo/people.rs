//! Synthetic people: plausible names, and numbers that nobody can have.

use crate::registry::caregivers::Gender;
use chrono::{Datelike, Days, NaiveDate};

use super::dice::Dice;

const SURNAMES: &[&str] = &[
    "陈", "林", "黄", "王", "许", "蔡", "吴", "庄", "张", "李", "洪", "施", "郑", "杨", "刘", "柯", "曾",
    "丁", "苏", "颜", "谢", "郭", "姚", "叶", "赖", "留", "伍", "佘", "尤", "倪", "何", "高",
];
const WOMEN_FIRST: &[&str] =
    &["秀", "丽", "美", "淑", "玉", "素", "宝", "金", "月", "雪", "惠", "珍", "碧", "彩", "瑞"];
const WOMEN_SECOND: &[&str] =
    &["英", "华", "珠", "琴", "兰", "梅", "治", "云", "霞", "莲", "卿", "凤", "香", "娥", "缎"];
const MEN_FIRST: &[&str] =
    &["文", "建", "志", "国", "清", "振", "德", "永", "金", "世", "天", "荣", "明", "家", "炳"];
const MEN_SECOND: &[&str] =
    &["强", "辉", "水", "山", "聪", "木", "福", "泉", "成", "华", "忠", "祥", "堆", "裕", "杰"];
/// No place has a region code that begins with 999.
const REGION_IMPOSSIBLE: &str = "999";
/// Among numbers with one prefix and one birthday, this many differ.
const SERIALS: i64 = 500;
const DAYS_PER_YEAR: f64 = 365.25;

pub(super) fn gender(dice: &mut Dice, women_percent: i64) -> Gender {
    if dice.hits(women_percent) { Gender::Female } else { Gender::Male }
}

pub(super) fn name(dice: &mut Dice, gender: Gender) -> String {
    let (first, second) = match gender {
        Gender::Female => (WOMEN_FIRST, WOMEN_SECOND),
        Gender::Male => (MEN_FIRST, MEN_SECOND),
    };
    let surname = dice.pick(SURNAMES);
    // Names of one sign after the surname are the rarer ones.
    let first = if dice.hits(12) { "" } else { dice.pick(first) };
    format!("{surname}{first}{}", dice.pick(second))
}

/// A birthday that makes a person `from` to `to` years old today. Numbers of people whose ids are 500,000 apart share their
/// first digits and serial: their birthdays differ by construction.
pub(super) fn born_on(dice: &mut Dice, id: i64, today: NaiveDate, from: i64, to: i64) -> NaiveDate {
    let days = dice.within((from as f64 * DAYS_PER_YEAR) as i64, (to as f64 * DAYS_PER_YEAR) as i64);
    let born = today.checked_sub_days(Days::new(days as u64)).unwrap_or(today);
    let turn = (id / (SERIALS * 1_000)) % 7;
    let shift = (turn - i64::from(born.weekday().num_days_from_monday())).rem_euclid(7);
    born.checked_add_days(Days::new(shift as u64)).unwrap_or(born)
}

/// Right in length, form and check sign; impossible in its region.
pub(super) fn identity(id: i64, gender: Gender, born_on: NaiveDate) -> String {
    let region = (id / SERIALS) % 1_000;
    let serial = (id % SERIALS) * 2 + i64::from(gender == Gender::Male);
    let body = format!("{REGION_IMPOSSIBLE}{region:03}{}{serial:03}", born_on.format("%Y%m%d"));
    let check = check_sign(&body);
    format!("{body}{check}")
}

/// ISO 7064 MOD 11-2 over the first 17 digits.
fn check_sign(body: &str) -> char {
    let rest = body.bytes().fold(0_u32, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    match (12 - rest) % 11 {
        10 => 'X',
        digit => char::from(b'0' + digit as u8),
    }
}

/// Mobile numbers begin with 13 to 19.
pub(super) fn mobile(id: i64) -> String {
    format!("100{:08}", id % 100_000_000)
}

/// A subscriber's number does not begin with 0.
pub(super) fn landline(id: i64) -> String {
    format!("0595-0{:07}", id % 10_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_number_has_the_right_form_and_an_impossible_region() {
        let born = NaiveDate::from_ymd_opt(1948, 5, 12).unwrap();
        let number = identity(1_234, Gender::Female, born);
        assert!(number.starts_with("999002194805124"), "{number}");
        assert_eq!(number.len(), 18);
        // A published example of the check sign.
        assert_eq!(check_sign("11010519491231002"), 'X');
    }

    #[test]
    fn no_two_people_share_an_identity_number() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let mut dice = Dice::new(1, "test");
        // The same prefix and serial come again after 500,000 people.
        for id in 1..200 {
            let a = identity(id, Gender::Male, born_on(&mut dice, id, today, 60, 61));
            let b = identity(id + 500_000, Gender::Male, born_on(&mut dice, id + 500_000, today, 60, 61));
            assert_ne!(a, b);
        }
    }
}
