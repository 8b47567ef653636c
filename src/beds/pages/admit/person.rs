//! Who is admitted: on file already, by name, number or card; or put on file with the admission.

use chrono::NaiveDate;

use crate::access::Permission;
use crate::beds::Whom;
use crate::elders::store::{get_elder, get_person, list_elders};
use crate::elders::{ElderInput, Gender, age_years, find_for_admission, is_identity, mask_identity};
use crate::error::{Code, Error, Result};
use crate::listing::ListRequest;
use crate::registry::store::place_of_village;
use crate::text::Text;
use crate::web::{Input, Visitor};

/// The fields of the first step.
pub const PERSON_FIELDS: &[&str] = &[
    "elder",
    "person_name",
    "identity",
    "gender",
    "born_on",
    "phone",
    "address",
    "village",
    "bed_kind",
    "care_level",
    "isolation",
    "bed",
];

/// Elders of one name that are shown to choose from.
const SAME_NAME_MAX: i64 = 20;

/// Somebody who is clear.
pub struct Known {
    pub whom: Whom,
    /// Name where the asker may see it, otherwise the masked identity number.
    pub name: String,
    /// Gender and age.
    pub about: String,
    pub gender: Gender,
    pub home: Option<(f64, f64)>,
}

/// One of several with the same name.
pub struct Choice {
    pub id: i64,
    pub label: String,
}

pub enum Resolved {
    One(Box<Known>),
    Several(Vec<Choice>),
}

pub async fn resolve(visitor: &Visitor, input: &Input) -> Result<Resolved> {
    let text = input.text("elder");
    let upper = text.to_ascii_uppercase();
    if text.is_empty() && !input.text("person_name").is_empty() {
        return new_elder(visitor, input).await;
    }
    if text.is_empty() {
        return Err(Error::field("elder", Text::new("rule.who")));
    }
    if is_identity(&upper) {
        return by_identity(visitor, upper).await;
    }
    match text.parse() {
        Ok(id) => by_number(visitor, id).await,
        Err(_) => by_name(visitor, text).await,
    }
}

fn about(visitor: &Visitor, gender: Gender, born_on: NaiveDate) -> String {
    let gender = visitor.name_of("gender", gender.name());
    let age = age_years(born_on, visitor.today()).to_string();
    visitor.lang.fill("elder.subheading", &[("gender", &gender), ("age", &age)])
}

/// Of somebody beyond reach no more is shown than the card says.
async fn by_identity(visitor: &Visitor, identity: String) -> Result<Resolved> {
    let asked = identity.clone();
    let found = visitor
        .app
        .write(&visitor.scope(), move |tx| find_for_admission(tx, Permission::ManageStays, &asked))
        .await?;
    let unknown = || Error::field("elder", Text::new("rule.not_on_file"));
    let found = found.ok_or_else(unknown)?;
    let person = visitor.app.db.read(move |connection| get_person(connection, found.elder_id())).await?;
    let born_on = NaiveDate::parse_from_str(&identity[6..14], "%Y%m%d").ok();
    Ok(Resolved::One(Box::new(Known {
        whom: Whom::Found(found),
        name: mask_identity(&identity),
        about: match born_on {
            Some(born_on) => about(visitor, person.gender, born_on),
            None => visitor.name_of("gender", person.gender.name()),
        },
        gender: person.gender,
        home: Some((person.longitude, person.latitude)),
    })))
}

async fn by_number(visitor: &Visitor, id: i64) -> Result<Resolved> {
    let (scope, now) = (visitor.scope(), visitor.now);
    let elder = visitor
        .app
        .db
        .read(move |connection| get_elder(connection, &scope, Permission::SeeElders, id, now))
        .await
        .map_err(|error| match error.code {
            Code::NotFound => Error::field("elder", Text::new("rule.unknown_elder")),
            _ => error,
        })?;
    Ok(Resolved::One(Box::new(Known {
        whom: Whom::Elder(id),
        about: about(visitor, elder.gender, elder.born_on),
        name: elder.name,
        gender: elder.gender,
        home: Some((elder.longitude, elder.latitude)),
    })))
}

/// Those within reach who are called so.
async fn by_name(visitor: &Visitor, name: String) -> Result<Resolved> {
    let (scope, at) = (visitor.scope(), (visitor.app.calendar, visitor.now));
    let filters = [("q".to_owned(), name)].into();
    let request = ListRequest { filters, limit: SAME_NAME_MAX, ..ListRequest::default() };
    let rows =
        visitor.app.db.read(move |connection| list_elders(connection, &scope, &request, at)).await?.rows;
    match rows.as_slice() {
        [] => Err(Error::field("elder", Text::new("rule.no_such_name"))),
        [only] => by_number(visitor, only.elder.id).await,
        several => {
            let choices = several.iter().map(|listed| {
                let elder = &listed.elder;
                let about = about(visitor, elder.gender, elder.born_on);
                Choice {
                    id: elder.id,
                    label: format!("{} · {about} · {} · {}", elder.name, listed.village, elder.id),
                }
            });
            Ok(Resolved::Several(choices.collect()))
        }
    }
}

/// What the form says of somebody who is not on file. Looks the card up first: nobody is put on file twice.
async fn new_elder(visitor: &Visitor, input: &Input) -> Result<Resolved> {
    let new = read_new(input)?.tidy();
    new.check(visitor.today()).map_err(renamed)?;
    // The check has seen to both.
    let (Some(gender), Some(born_on)) = (new.gender, new.born_on) else {
        return Err(Error::internal("a checked elder"));
    };
    if let Some(identity) = new.identity.clone() {
        let found = visitor
            .app
            .write(&visitor.scope(), move |tx| find_for_admission(tx, Permission::ManageStays, &identity))
            .await?;
        if found.is_some() {
            return Err(Error::field("identity", Text::new("rule.identity_on_file")));
        }
    }
    let village = new.village_code.clone();
    let place = visitor.app.db.read(move |connection| place_of_village(connection, &village)).await?;
    let place = place.ok_or_else(|| Error::field("village", Text::new("rule.choose")))?;
    Ok(Resolved::One(Box::new(Known {
        name: new.name.trim().to_owned(),
        about: about(visitor, gender, born_on),
        gender,
        home: Some((place.longitude, place.latitude)),
        whom: Whom::New(Box::new(new)),
    })))
}

/// Fields as this form calls them.
fn renamed(error: Error) -> Error {
    error.renamed(&[("name", "person_name"), ("village_code", "village")])
}

/// Gender and birthday may be left out where the card says them.
fn read_new(input: &Input) -> Result<ElderInput> {
    let or_none = |name: &str| Some(input.text(name)).filter(|text| !text.is_empty());
    let day = |text: String| text.parse().map_err(|_| Error::field("born_on", Text::new("rule.date")));
    let gender =
        |text: String| Gender::parse(&text).ok_or_else(|| Error::field("gender", Text::new("rule.choose")));
    let village = or_none("village").ok_or_else(|| Error::field("village", Text::new("rule.choose")))?;
    Ok(ElderInput {
        identity: or_none("identity"),
        gender: or_none("gender").map(gender).transpose()?,
        born_on: or_none("born_on").map(day).transpose()?,
        phone: or_none("phone"),
        address: or_none("address"),
        ..ElderInput::named(&input.text("person_name"), &village)
    })
}
