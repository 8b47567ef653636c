//! `songhe bench`: measures the program as its users meet it, with figures for people or for scripts.

mod admissions;
mod beds;
mod city;
mod http;
mod ingest;
mod load;
mod report;
mod server;
mod solver;
mod steps;
mod visits;

use std::path::Path;

use clap::{Args, Subcommand};

use super::Failure;
use crate::config::Overrides;

/// Measure the program on this machine.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    Http(http::HttpArgs),
    Solver(solver::SolverArgs),
    Repair(solver::RepairArgs),
    Beds(beds::BedsArgs),
    Visits(visits::VisitsArgs),
    Ingest(ingest::IngestArgs),
}

pub fn run(args: &BenchArgs, file: Option<&Path>, overrides: &Overrides) -> Result<(), Failure> {
    match &args.what {
        What::Http(args) => http::run(args, file, overrides),
        What::Solver(args) => solver::run(args),
        What::Repair(args) => solver::run_repair(args),
        What::Beds(args) => beds::run(args, file, overrides),
        What::Visits(args) => visits::run(args, file, overrides),
        What::Ingest(args) => ingest::run(args, file, overrides),
    }
}
