//! `songhe user`: users from the command line of whoever holds the machine.

use clap::{Args, Subcommand};

use super::{Failure, say, serve};
use crate::access::store::{self, UserRow};
use crate::access::users::{self, first_password};
use crate::access::{Grant, Place, Role, Scope, check_login};
use crate::app::App;
use crate::config::Config;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;

/// Add, list, disable users, give them first passwords and roles.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    songhe user add lin --name 林晓 --grant coordinator@town:350582101\n  \
    songhe user list\n  \
    songhe user grant wang audit_administrator\n  \
    songhe user password lin\n  \
    songhe user disable lin\n\n\
    A running server takes every change at once.")]
pub struct UserArgs {
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Debug, Clone, Subcommand)]
enum UserAction {
    /// Add a user and print the first password, which must be changed at the first sign-in.
    Add {
        login: String,
        /// The name that others see.
        #[arg(long)]
        name: String,
        /// A role, or a role at a place: coordinator@town:350582101. May be given several times.
        #[arg(long, value_name = "ROLE[@PLACE]")]
        grant: Vec<String>,
    },
    /// One line for each user: login, name, state, roles.
    List,
    /// Disable a user: signed out at once, and no more signing in.
    Disable { login: String },
    /// Let a disabled user sign in again.
    Enable { login: String },
    /// Give a user a new first password and print it.
    Password { login: String },
    /// Give a user a role at a place.
    Grant {
        login: String,
        /// coordinator, caregiver, institution_manager, city_manager, duty_officer, system_administrator,
        /// security_administrator or audit_administrator.
        role: String,
        /// city, town:CODE, institution:ID, provider:ID or own:CAREGIVER_ID.
        #[arg(default_value = "city")]
        place: String,
    },
}

pub fn run(config: Config, args: &UserArgs) -> std::result::Result<(), Failure> {
    let app = super::open(config)?;
    let scope = Scope::system();
    match &args.action {
        UserAction::Add { login, name, grant } => {
            let grants = grant.iter().map(|text| parse_grant(text)).collect::<Result<Vec<_>>>()?;
            let password = first_password()?;
            let hash = serve::runtime()?.block_on(app.passwords.hash(password.clone()))?;
            app.write_now(&scope, |tx| {
                let id = users::add(tx, login, name, &hash)?;
                grants.iter().try_for_each(|grant| users::grant(tx, id, grant))
            })?;
            say(&format!("{}  first password: {password}", check_login(login)?));
        }
        UserAction::List => list(&app)?,
        UserAction::Disable { login } => {
            app.write_now(&scope, |tx| {
                let user = find(tx.connection, login)?;
                users::retire(tx, user.id)
            })?;
        }
        UserAction::Enable { login } => {
            app.write_now(&scope, |tx| {
                let user = find(tx.connection, login)?;
                users::enable(tx, user.id)
            })?;
        }
        UserAction::Password { login } => {
            let password = first_password()?;
            let hash = serve::runtime()?.block_on(app.passwords.hash(password.clone()))?;
            app.write_now(&scope, |tx| {
                let user = find(tx.connection, login)?;
                users::reset_password(tx, user.id, &hash)
            })?;
            say(&format!("{}  first password: {password}", check_login(login)?));
        }
        UserAction::Grant { login, role, place } => {
            let grant = parse_grant(&format!("{role}@{place}"))?;
            app.write_now(&scope, |tx| {
                let user = find(tx.connection, login)?;
                users::grant(tx, user.id, &grant)
            })?;
        }
    }
    Ok(())
}

fn list(app: &App) -> Result<()> {
    const PAGE: i64 = 500;
    let mut offset = 0;
    loop {
        let request = ListRequest { offset, limit: PAGE, ..ListRequest::default() };
        let page = app.db.read_now(|connection| store::list_users(connection, &Scope::system(), &request))?;
        for (user, grants) in &page.rows {
            let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
            let grants: Vec<String> = grants.iter().map(shown).collect();
            say(&format!("{}\t{}\t{state}\t{}", user.login, user.name, grants.join(" ")));
        }
        offset += PAGE;
        if offset >= page.total {
            return Ok(());
        }
    }
}

/// `role@place`, as it is given on the command line.
fn shown(grant: &Grant) -> String {
    match &grant.place {
        Place::City => format!("{}@city", grant.role.name()),
        place => format!("{}@{}:{}", grant.role.name(), place.kind(), place.id()),
    }
}

fn parse_grant(text: &str) -> Result<Grant> {
    let (role, place) = text.split_once('@').unwrap_or((text, "city"));
    let role =
        Role::parse(role).ok_or_else(|| Error::field("role", Text::new("rule.role").with("role", role)))?;
    let (kind, id) = place.split_once(':').unwrap_or((place, ""));
    let place = Place::parse(kind, id).ok_or_else(|| Error::field("place", Text::new("rule.place")))?;
    Ok(Grant { role, place })
}

fn find(connection: &mut AnyConnection, login: &str) -> Result<UserRow> {
    let login = login.trim().to_lowercase();
    store::find_by_login(connection, &login)?
        .ok_or_else(|| Error::field("login", Text::new("rule.user").with("login", login)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_as_they_are_shown() {
        for text in [
            "coordinator@town:350582101",
            "city_manager@city",
            "caregiver@own:4",
            "institution_manager@institution:7",
        ] {
            assert_eq!(shown(&parse_grant(text).unwrap()), text);
        }
        assert_eq!(shown(&parse_grant("duty_officer").unwrap()), "duty_officer@city");
        assert!(parse_grant("king").is_err());
        assert!(parse_grant("coordinator@town").is_err());
        assert!(parse_grant("caregiver@own:x").is_err());
    }
}
