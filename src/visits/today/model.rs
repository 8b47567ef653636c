//! Words of the phone's page.

use crate::visits::model::VisitState;

crate::text_enum! {
    /// What went wrong without keeping the visit from being done.
    pub enum Problem {
        Late = "late",
        Unwell = "unwell",
        Shorter = "shorter",
        Supplies = "supplies",
        Unsafe = "unsafe",
        Other = "other",
    }
}

/// A name that a lost phone does not give away: the first letter, which in Chinese is the family's.
pub fn masked(name: &str) -> String {
    let first: String = name.chars().take(1).collect();
    format!("{first}**")
}

/// Somebody still goes there, or is there.
pub fn is_to_do(state: VisitState) -> bool {
    matches!(state, VisitState::Assigned | VisitState::OnTheWay | VisitState::Arrived)
}

/// The visit's number in the code of a day sheet, such as `V482-7K3Q9D`.
pub fn visit_of_code(code: &str) -> Option<i64> {
    let (number, letters) = code.strip_prefix(['V', 'v'])?.split_once('-')?;
    if letters.is_empty() { None } else { number.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_first_letter_only() {
        assert_eq!([masked("陈阿婆"), masked("Li Hua"), masked("")], ["陈**", "L**", "**"]);
    }

    #[test]
    fn a_code_names_its_visit() {
        let read = ["V482-7K3Q9D", "v482-7k", "V482", "V482-", "482-7K", "V-7K", "Vx-7K"].map(visit_of_code);
        assert_eq!(read, [Some(482), Some(482), None, None, None, None, None]);
    }
}
