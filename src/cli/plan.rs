//! `songhe plan`: the visits of care plans.

use clap::Subcommand;

use super::{Failure, say};
use crate::config::Config;
use crate::plans::{DAYS_AHEAD, DAYS_AHEAD_MAX, generate};

/// Generate the visits that care plans ask for.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Examples:\n  songhe plan generate --dry-run\n  songhe plan generate --days 28\n\nA running program does this at its \
    start and on every new day; doing it again changes nothing."
)]
pub struct PlanArgs {
    #[command(subcommand)]
    action: PlanAction,
}

#[derive(Debug, Clone, Subcommand)]
enum PlanAction {
    /// Plan the visits of the days to come, and withdraw those that no plan asks for any more.
    Generate(GenerateArgs),
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
    let PlanAction::Generate(args) = &args.action;
    let app = super::open(config)?;
    let tally = generate(&app, args.days, args.dry_run, || false)?;
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
