//! What elders wish of those who visit them, for whoever plans visits.

use std::collections::HashMap;

use diesel::prelude::*;

use super::IDS_MAX;
use crate::db::AnyConnection;
use crate::db::schema::{elder_caregivers, elders};
use crate::elders::model::{Gender, Language, Stance};
use crate::error::Result;
use crate::registry::codes;

/// One elder's languages, wishes and bars. A hard wish is a bar: nobody else may be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    pub languages: Vec<Language>,
    pub gender: Option<Gender>,
    pub gender_is_hard: bool,
    pub language: Option<Language>,
    pub language_is_hard: bool,
    pub preferred_caregivers: Vec<i64>,
    pub barred_caregivers: Vec<i64>,
}

type Own = (i64, String, Option<Gender>, bool, Option<Language>, bool);

/// The wishes of these elders, whom the caller has within reach.
pub fn wishes_of(connection: &mut AnyConnection, elder_ids: &[i64]) -> Result<HashMap<i64, Wishes>> {
    let mut wishes = HashMap::new();
    for part in elder_ids.chunks(IDS_MAX) {
        let own: Vec<Own> = elders::table
            .filter(elders::id.eq_any(part.to_vec()))
            .select((
                elders::id,
                elders::languages,
                elders::gender_wish,
                elders::gender_wish_hard,
                elders::language_wish,
                elders::language_wish_hard,
            ))
            .load(connection)?;
        for (elder, languages, gender, gender_is_hard, language, language_is_hard) in own {
            let languages = codes::split(&languages);
            let of_elder =
                Wishes { languages, gender, gender_is_hard, language, language_is_hard, ..Wishes::default() };
            wishes.insert(elder, of_elder);
        }
        let people: Vec<(i64, i64, Stance)> = elder_caregivers::table
            .filter(elder_caregivers::elder_id.eq_any(part.to_vec()))
            .order(elder_caregivers::id)
            .select((elder_caregivers::elder_id, elder_caregivers::caregiver_id, elder_caregivers::stance))
            .load(connection)?;
        for (elder, caregiver, stance) in people {
            let of_elder = wishes.entry(elder).or_default();
            match stance {
                Stance::Preferred => of_elder.preferred_caregivers.push(caregiver),
                Stance::Barred => of_elder.barred_caregivers.push(caregiver),
            }
        }
    }
    Ok(wishes)
}
