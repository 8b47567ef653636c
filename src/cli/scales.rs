//! `songhe scales`: the scales that assessments are scored by, and their vectors.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, say};
use crate::assessments::{Practice, check_file};
use crate::config::Config;

/// Failing vectors shown.
const SHOWN_MAX: usize = 10;

/// List the scales of assessments, or run a file of vectors with them.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    songhe scales\n  \
    songhe scales --check src/assessments/scales/gbt42195-2022.vectors.json")]
pub struct ScalesArgs {
    /// File of vectors: answers with what they must come to; see src/assessments/scales/README.md.
    #[arg(long, value_name = "FILE")]
    check: Vec<PathBuf>,
}

pub fn run(args: &ScalesArgs, config: &Config) -> Result<(), Failure> {
    // Opening refuses a scale with a hole.
    let practice = Practice::open(config)?;
    if args.check.is_empty() {
        for package in practice.scales.packages() {
            let items = package.items().count();
            say(&format!(
                "{:<10} {:<8} from {}  {items:>2} items, {} levels  {} ({})",
                package.code,
                package.version,
                package.effective_from,
                package.levels.len(),
                package.name.zh,
                package.name.en,
            ));
            say(&format!("{:>21}{}", "", package.source.zh));
            for note in &package.unconfirmed {
                say(&format!("{:>21}unconfirmed: {}", "", note.en));
            }
        }
        return Ok(());
    }
    let mut failed = 0;
    for file in &args.check {
        let (count, failures) = check_file(&practice.scales, file)?;
        for failure in failures.iter().take(SHOWN_MAX) {
            say(&format!("{}\n  wanted {}\n  found  {}", failure.name, failure.wanted, failure.found));
        }
        say(&format!("{}: {} of {count} vectors hold", file.display(), count - failures.len()));
        failed += failures.len();
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Found(format!("{failed} vectors fail"))) }
}
