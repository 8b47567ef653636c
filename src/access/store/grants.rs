use diesel::prelude::*;

use crate::access::{Grant, Place, Role};
use crate::db::schema::{caregivers, institutions, providers, towns, user_grants};
use crate::db::{AnyConnection, is_unique};
use crate::error::{Error, Result};
use crate::text::Text;

/// A place that a grant can name.
#[derive(Clone, Debug)]
pub struct NamedPlace {
    pub place: Place,
    pub name_zh: String,
    pub name_en: String,
}

pub fn grants_of(connection: &mut AnyConnection, user_id: i64) -> Result<Vec<Grant>> {
    Ok(numbered_grants_of(connection, user_id)?.into_iter().map(|(_, grant)| grant).collect())
}

/// The grants of a user with their numbers, oldest first.
pub fn numbered_grants_of(connection: &mut AnyConnection, user_id: i64) -> Result<Vec<(i64, Grant)>> {
    let rows: Vec<(i64, String, String, String)> = user_grants::table
        .filter(user_grants::user_id.eq(user_id))
        .order(user_grants::id)
        .select((user_grants::id, user_grants::role, user_grants::place_kind, user_grants::place_id))
        .load(connection)?;
    rows.iter()
        .map(|(number, role, kind, id)| {
            let role = Role::parse(role).ok_or_else(|| Error::internal(format!("unknown role {role}")))?;
            let place = Place::parse(kind, id)
                .ok_or_else(|| Error::internal(format!("unknown place {kind} {id}")))?;
            Ok((*number, Grant { role, place }))
        })
        .collect()
}

/// Refuses a second administrator role: the three are separate people.
pub fn insert_grant(connection: &mut AnyConnection, user_id: i64, grant: &Grant) -> Result<()> {
    if !grant.role.place_kinds().contains(&grant.place.kind()) {
        return Err(Error::field("place", Text::new("rule.place_of_role")));
    }
    diesel::insert_into(user_grants::table)
        .values((
            user_grants::user_id.eq(user_id),
            user_grants::role.eq(grant.role.name()),
            user_grants::place_kind.eq(grant.place.kind()),
            user_grants::place_id.eq(grant.place.id()),
        ))
        .execute(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                Error::field("role", Text::new("rule.one_administrator"))
            } else {
                failure.into()
            }
        })?;
    Ok(())
}

pub fn remove_grant(connection: &mut AnyConnection, grant_id: i64) -> Result<()> {
    diesel::delete(user_grants::table.filter(user_grants::id.eq(grant_id))).execute(connection)?;
    Ok(())
}

/// The places at which a role can be held, the city first.
pub fn places_for(connection: &mut AnyConnection, role: Role) -> Result<Vec<NamedPlace>> {
    let mut found = Vec::new();
    for kind in role.place_kinds() {
        match *kind {
            "city" => found.push(named(Place::City, String::new())),
            "town" => {
                let rows: Vec<(String, String, String)> = towns::table
                    .order(towns::code)
                    .select((towns::code, towns::name_zh, towns::name_en))
                    .load(connection)?;
                found.extend(rows.into_iter().map(|(code, name_zh, name_en)| NamedPlace {
                    place: Place::Town(code),
                    name_zh,
                    name_en,
                }));
            }
            "institution" => {
                let query = institutions::table.order((institutions::town_code, institutions::name));
                let rows: Vec<(i64, String)> =
                    query.select((institutions::id, institutions::name)).load(connection)?;
                found.extend(rows.into_iter().map(|(id, name)| named(Place::Institution(id), name)));
            }
            "provider" => {
                let query = providers::table.order((providers::town_code, providers::name));
                let rows: Vec<(i64, String)> =
                    query.select((providers::id, providers::name)).load(connection)?;
                found.extend(rows.into_iter().map(|(id, name)| named(Place::Provider(id), name)));
            }
            _ => {
                let query = caregivers::table.order((caregivers::town_code, caregivers::name));
                let rows: Vec<(i64, String)> =
                    query.select((caregivers::id, caregivers::name)).load(connection)?;
                found.extend(rows.into_iter().map(|(id, name)| named(Place::Own(id), name)));
            }
        }
    }
    Ok(found)
}

/// The name of a grant's place; empty for the city and for a place that is gone.
pub fn name_of_place(connection: &mut AnyConnection, place: &Place) -> Result<(String, String)> {
    let both = |name: Option<String>| {
        let name = name.unwrap_or_default();
        (name.clone(), name)
    };
    Ok(match place {
        Place::City => (String::new(), String::new()),
        Place::Town(code) => {
            let query = towns::table.filter(towns::code.eq(code)).select((towns::name_zh, towns::name_en));
            query.first(connection).optional()?.unwrap_or_default()
        }
        Place::Institution(id) => {
            both(institutions::table.find(id).select(institutions::name).first(connection).optional()?)
        }
        Place::Provider(id) => {
            both(providers::table.find(id).select(providers::name).first(connection).optional()?)
        }
        Place::Own(id) => {
            both(caregivers::table.find(id).select(caregivers::name).first(connection).optional()?)
        }
    })
}

fn named(place: Place, name: String) -> NamedPlace {
    NamedPlace { place, name_zh: name.clone(), name_en: name }
}
