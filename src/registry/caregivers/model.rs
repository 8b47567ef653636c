use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::input::Checks;
use crate::registry::codes;
use crate::text::Text;

const DAY_MIN: i32 = 24 * 60;

crate::text_enum! {
    pub enum Gender {
        Female = "female",
        Male = "male",
    }
}

crate::text_enum! {
    /// Kind of work that somebody is trained for.
    pub enum Skill {
        Daily = "daily",
        Personal = "personal",
        Health = "health",
        Rehabilitation = "rehabilitation",
    }
}

crate::text_enum! {
    pub enum Language {
        Minnan = "minnan",
        Mandarin = "mandarin",
        English = "english",
        Hakka = "hakka",
    }
}

crate::text_enum! {
    /// ISO 8601 number of the day: 1 is Monday.
    pub enum Weekday {
        Monday = "1",
        Tuesday = "2",
        Wednesday = "3",
        Thursday = "4",
        Friday = "5",
        Saturday = "6",
        Sunday = "7",
    }
}

crate::text_enum! {
    pub enum TravelMode {
        Walk = "walk",
        Bicycle = "bicycle",
        EBike = "e_bike",
        Car = "car",
    }
}
crate::coded!(Skill, Language, Weekday);

/// What an editor can set. Places are WGS-84 degrees; minutes count from the midnight that begins the day.
#[derive(Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaregiverInput {
    pub name: String,
    pub gender: Gender,
    pub provider_id: i64,
    /// Statistics code of the town, such as 350582101.
    pub town_code: String,
    /// None keeps the number on file, an empty text removes it.
    pub phone: Option<String>,
    pub skills: Vec<Skill>,
    pub languages: Vec<Language>,
    pub shift_days: Vec<Weekday>,
    /// 0 to 1439.
    pub shift_starts_min: i32,
    /// After the start, less than a day later: 1440 and above is the next day.
    pub shift_ends_min: i32,
    pub travel_mode: TravelMode,
    pub longitude: f64,
    pub latitude: f64,
    /// Can be given visits.
    pub active: bool,
}

impl CaregiverInput {
    /// The rules that need no database.
    pub fn check(&self) -> Result<()> {
        let mut checks = Checks::default();
        checks.text("name", &self.name, 2, 40);
        checks.phone("phone", self.phone.as_deref().unwrap_or_default());
        checks.require("skills", !self.skills.is_empty(), || Text::new("rule.choose_one"));
        checks.require("languages", !self.languages.is_empty(), || Text::new("rule.choose_one"));
        checks.require("shift_days", !self.shift_days.is_empty(), || Text::new("rule.choose_one"));
        let starts = (0..DAY_MIN).contains(&self.shift_starts_min);
        checks.require("shift_starts_min", starts, || Text::new("rule.time_of_day"));
        let length_min = self.shift_ends_min.saturating_sub(self.shift_starts_min);
        let ends = (1..DAY_MIN).contains(&length_min) && self.shift_ends_min <= 2 * DAY_MIN;
        checks.require("shift_ends_min", ends || !starts, || Text::new("rule.shift_ends"));
        checks.place(self.longitude, self.latitude);
        checks.finish()
    }

    /// The values as they are written down when they change: one plain value for each field of the form, never the phone.
    pub fn written(&self) -> Value {
        json!({
            "name": self.name.trim(),
            "gender": self.gender,
            "provider_id": self.provider_id.to_string(),
            "town_code": self.town_code,
            "skills": codes::join(&self.skills),
            "languages": codes::join(&self.languages),
            "shift_days": codes::join(&self.shift_days),
            "shift_starts_min": clock_text(self.shift_starts_min),
            "shift_ends_min": clock_text(self.shift_ends_min),
            "travel_mode": self.travel_mode,
            "longitude": self.longitude,
            "latitude": self.latitude,
            "active": self.active,
        })
    }
}

/// Without the phone number: a value that is printed may end in a log.
impl std::fmt::Debug for CaregiverInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CaregiverInput {}", self.written())
    }
}

/// Minutes of a day, or of the next, as `HH:MM`.
pub fn clock_text(minutes: i32) -> String {
    let minutes = minutes.rem_euclid(DAY_MIN);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Minutes of a `HH:MM` text; none for any other text.
pub fn clock_minutes(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    let part = |text: &str, below: i32| {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| is_plain && (0..below).contains(number))
    };
    Some(part(hours, 24)? * 60 + part(minutes, 60)?)
}

/// The end of a shift whose clock times are these: the next day's where it does not lie after the start.
pub fn shift_end(starts_min: i32, ends_clock_min: i32) -> i32 {
    if ends_clock_min < starts_min { ends_clock_min + DAY_MIN } else { ends_clock_min }
}

pub fn passes_midnight(ends_min: i32) -> bool {
    ends_min > DAY_MIN
}

/// Days as runs of neighbours, first and last: Monday to Friday is one run.
pub fn runs(days: &[Weekday]) -> Vec<(Weekday, Weekday)> {
    let mut runs: Vec<(Weekday, Weekday)> = Vec::new();
    for (index, &day) in Weekday::ALL.iter().enumerate() {
        if !days.contains(&day) {
            continue;
        }
        match runs.last_mut() {
            Some((_, last)) if index > 0 && *last == Weekday::ALL[index - 1] => *last = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> CaregiverInput {
        CaregiverInput {
            name: "测试员".into(),
            gender: Gender::Female,
            provider_id: 1,
            town_code: "350582101".into(),
            phone: None,
            skills: vec![Skill::Daily],
            languages: vec![Language::Minnan],
            shift_days: vec![Weekday::Monday],
            shift_starts_min: 480,
            shift_ends_min: 1020,
            travel_mode: TravelMode::EBike,
            longitude: 118.47,
            latitude: 24.72,
            active: true,
        }
    }

    fn broken(input: &CaregiverInput) -> Vec<&'static str> {
        let fields = input.check().err().map(|error| error.fields).unwrap_or_default();
        fields.iter().map(|field| field.field).collect()
    }

    #[test]
    fn each_rule_names_its_field() {
        assert_eq!(broken(&input()), Vec::<&str>::new());
        let empty = CaregiverInput { skills: vec![], languages: vec![], shift_days: vec![], ..input() };
        assert_eq!(broken(&empty), ["skills", "languages", "shift_days"]);
        assert_eq!(broken(&CaregiverInput { phone: Some("12".into()), ..input() }), ["phone"]);
        assert_eq!(broken(&CaregiverInput { shift_starts_min: -1, ..input() }), ["shift_starts_min"]);
        assert_eq!(broken(&CaregiverInput { shift_starts_min: i32::MIN, ..input() }), ["shift_starts_min"]);
        assert_eq!(broken(&CaregiverInput { shift_ends_min: 480, ..input() }), ["shift_ends_min"]);
        assert_eq!(broken(&CaregiverInput { shift_ends_min: 480 + 1440, ..input() }), ["shift_ends_min"]);
        assert_eq!(broken(&CaregiverInput { shift_ends_min: 479 + 1440, ..input() }), Vec::<&str>::new());
    }

    #[test]
    fn the_phone_is_never_written_down_or_printed() {
        let input = CaregiverInput { phone: Some("13800001111".into()), ..input() };
        assert!(!input.written().to_string().contains("1380000"));
        assert!(!format!("{input:?}").contains("1380000"));
    }

    #[test]
    fn an_end_before_the_start_is_on_the_next_day() {
        assert_eq!(shift_end(1320, 360), 360 + 1440);
        assert_eq!(shift_end(480, 1020), 1020);
        assert_eq!(shift_end(480, 0), 1440);
        assert!(passes_midnight(1800) && !passes_midnight(1440));
        assert_eq!((clock_text(1800), clock_text(1440)), ("06:00".to_owned(), "00:00".to_owned()));
    }

    #[test]
    fn clock_times_are_read_strictly() {
        assert_eq!(clock_minutes("22:05"), Some(1325));
        for wrong in ["24:00", "7:00", "07:60", "0700", "-1:00", "+7:00", ""] {
            assert_eq!(clock_minutes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn neighbouring_days_make_a_run() {
        use Weekday::{Friday, Monday, Sunday, Tuesday, Wednesday};
        assert_eq!(runs(&[Sunday, Monday, Tuesday, Wednesday]), [(Monday, Wednesday), (Sunday, Sunday)]);
        assert_eq!(runs(&[Friday]), [(Friday, Friday)]);
        assert_eq!(runs(&[]), []);
    }
}
