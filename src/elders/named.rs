//! The elder whom a form names in one field: by the record's number, the identity number, or the name.

use super::age_years;
use super::model::is_identity;
use super::personal::find_by_identity;
use super::store::list_elders;
use crate::access::Scope;
use crate::app::App;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;

/// So many people of one name are told apart in an answer.
const SAME_NAME_MAX: i64 = 8;

/// The elder's number. Whether the asker may do with that elder what they want to is for what follows to say; a look-up by identity
/// number is written down, found or not.
pub async fn named(app: &App, scope: &Scope, (field, text): (&'static str, &str)) -> Result<i64> {
    let upper = text.trim().to_ascii_uppercase();
    if is_identity(&upper) {
        let found = app.write(scope, move |tx| find_by_identity(tx, &upper)).await?;
        return found.ok_or_else(|| Error::field(field, Text::new("rule.unknown_elder")));
    }
    let (scope, text, at) = (scope.clone(), text.to_owned(), (app.calendar, app.clock.now()));
    app.db.read(move |connection| numbered(connection, &scope, (field, &text), at)).await
}

/// The same by number or name alone, for a form whose work is one transaction. Of several people of one name the answer says what
/// tells them apart.
pub fn numbered(
    connection: &mut AnyConnection,
    scope: &Scope,
    (field, text): (&'static str, &str),
    (calendar, now): (Calendar, Instant),
) -> Result<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::field(field, Text::new("rule.elder_named")));
    }
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let filters = [("q".to_owned(), text.to_owned())].into();
    let request = ListRequest { filters, limit: SAME_NAME_MAX, ..ListRequest::default() };
    let mut rows = list_elders(connection, scope, &request, (calendar, now))?.rows;
    // A part of a name finds others too: who is called just so comes first.
    if rows.iter().any(|listed| listed.elder.name == text) {
        rows.retain(|listed| listed.elder.name == text);
    }
    match rows.as_slice() {
        [] => Err(Error::field(field, Text::new("rule.nobody_named"))),
        [only] => Ok(only.elder.id),
        several => {
            let each = several.iter().map(|listed| {
                let age = age_years(listed.elder.born_on, calendar.day_of(now));
                format!("{} ({}, {age})", listed.elder.id, listed.village)
            });
            let people = each.collect::<Vec<_>>().join(", ");
            Err(Error::field(field, Text::new("rule.same_name").with("people", people)))
        }
    }
}
