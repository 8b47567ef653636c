//! `songhe plan`: the visits of care plans, and who makes them.

use chrono::NaiveDate;
use clap::Subcommand;

use super::serve::runtime;
use super::{Failure, say};
use crate::access::Scope;
use crate::app::App;
use crate::config::Config;
use crate::dispatch::store::lines::{LineRow, lines_of};
use crate::dispatch::store::proposals::get_proposal;
use crate::dispatch::{Asked, RowChange, RowDecision, SECONDS, SECONDS_MAX, Said, Which, accept, search_now};
use crate::error::Result;
use crate::plans::{DAYS_AHEAD, DAYS_AHEAD_MAX, generate};

/// Generate the visits that care plans ask for, and plan who makes them.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Examples:\n  songhe plan generate --dry-run\n  songhe plan generate --days 28\n  songhe plan day --town 350582001 \
    --on 2026-12-01 --seconds 20 --accept\n\nA running program does the generation at \
    its start and on every new day; doing it again changes nothing."
)]
pub struct PlanArgs {
    #[command(subcommand)]
    action: PlanAction,
}

#[derive(Debug, Clone, Subcommand)]
enum PlanAction {
    /// Plan the visits of the days to come, and withdraw those that no plan asks for any more.
    Generate(GenerateArgs),
    /// Plan who makes the visits of a town's day; a proposal unless it is accepted as well.
    Day(DayArgs),
}

#[derive(Debug, Clone, clap::Args)]
struct DayArgs {
    /// Code of the town.
    #[arg(long, value_name = "CODE")]
    town: String,
    /// Today or later.
    #[arg(long, value_name = "DAY")]
    on: NaiveDate,
    /// How long to search.
    #[arg(long, value_name = "S", default_value_t = SECONDS, value_parser = clap::value_parser!(i32).range(1..=i64::from(SECONDS_MAX)))]
    seconds: i32,
    /// Give the visits as proposed, as far as the rules allow it at that moment.
    #[arg(long)]
    accept: bool,
}

#[derive(Debug, Clone, clap::Args)]
struct GenerateArgs {
    /// How many days, with today.
    #[arg(long, value_name = "N", default_value_t = DAYS_AHEAD, value_parser = clap::value_parser!(i64).range(1..=DAYS_AHEAD_MAX))]
    days: i64,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &PlanArgs, config: Config) -> Result<(), Failure> {
    let app = super::open(config)?;
    match &args.action {
        PlanAction::Generate(args) => visits(&app, args),
        PlanAction::Day(args) => runtime()?.block_on(day(&app, args)),
    }
}

fn visits(app: &App, args: &GenerateArgs) -> Result<(), Failure> {
    let tally = generate(app, args.days, args.dry_run, || false)?;
    for (count, what) in [
        (tally.plans, "active care plans"),
        (tally.planned, if args.dry_run { "visits to plan" } else { "visits planned" }),
        (tally.replaced, if args.dry_run { "visits to replace" } else { "visits replaced" }),
        (tally.withdrawn, if args.dry_run { "visits to withdraw" } else { "visits withdrawn" }),
        (tally.to_settle, "assigned visits for a coordinator to settle"),
    ] {
        say(&format!("{count:>8} {what}"));
    }
    Ok(())
}

async fn day(app: &App, args: &DayArgs) -> Result<(), Failure> {
    let scope = Scope::system();
    let asked = Asked { town_code: args.town.clone(), day: args.on, seconds: args.seconds };
    let id = search_now(app, &scope, asked).await?;
    let tally = if args.accept { Some(accept(app, &scope, id, Which::All).await?) } else { None };
    let asker = scope.clone();
    let read = app.db.read(move |connection| {
        Ok((get_proposal(connection, &asker, id)?.proposal, lines_of(connection, id)?))
    });
    let (proposal, lines) = read.await?;
    say(&format!("proposal {id}: {}", proposal.state.name()));
    for (count, what) in [
        (proposal.visit_count, "visits and engagements of the day"),
        (proposal.served_count, "of them served"),
        (count(&lines, RowChange::New), "new"),
        (count(&lines, RowChange::Moved), "moved"),
        (count(&lines, RowChange::Same), "as they were"),
        (count(&lines, RowChange::Unserved), "cannot be served"),
        (proposal.travel_s / 60, "minutes on the road"),
    ] {
        say(&format!("{count:>8} {what}"));
    }
    if let Some(tally) = tally {
        say(&format!("{:>8} accepted\n{:>8} refused", tally.accepted, tally.refused));
    }
    for line in &lines {
        if let Some(text) = complaint(line) {
            say(&format!("visit {}: {text}", line.visit_id));
        }
    }
    Ok(())
}

fn count(lines: &[LineRow], change: RowChange) -> i64 {
    lines.iter().filter(|line| line.change == change).count() as i64
}

/// Why a visit is not served, or its row not accepted.
fn complaint(line: &LineRow) -> Option<String> {
    let lang = crate::text::Lang::English;
    if line.decision == RowDecision::Refused {
        let said: Said = serde_json::from_str(&line.refusal).ok()?;
        return Some(said.to(lang));
    }
    let reasons: Vec<Said> = serde_json::from_str(&line.reasons).ok()?;
    let reasons: Vec<String> = reasons.iter().map(|said| said.to(lang)).collect();
    (line.change == RowChange::Unserved).then(|| reasons.join("; "))
}
