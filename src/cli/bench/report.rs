//! What a measurement says, for people and for scripts.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::Serialize;

use super::load::{Sample, Target};

/// Milliseconds are from the moment a request was due to the last byte of its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    /// Absent where the server was not started by the measurement.
    pub server: Option<ServerReport>,
    pub rate_per_s: u32,
    pub seconds: u32,
    pub errors: usize,
    pub pages: Vec<PageReport>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub processor: String,
    /// Of Linux; empty elsewhere.
    pub kernel: String,
    /// Version of this program.
    pub program: &'static str,
    /// `debug` or `release`.
    pub build: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct ServerReport {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    pub database_version: String,
    /// How long the demo city took to make; absent where it was there.
    pub city_ms: Option<u64>,
    /// From the start of the process to its first ready answer.
    pub ready_ms: u64,
    /// Resident memory five seconds after that.
    pub idle_memory_mb: f64,
    /// Resident memory after the last request.
    pub loaded_memory_mb: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PageReport {
    pub name: &'static str,
    pub path: String,
    pub requests: usize,
    pub errors: usize,
    /// Of an answer on average, as sent.
    pub size_bytes: usize,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// What `p99_ms` must not exceed.
    pub p99_limit_ms: f64,
}

impl Machine {
    pub fn here() -> Machine {
        let described = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = described.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: processor.map(|(_, name)| name.trim().to_owned()).unwrap_or_default(),
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
                .unwrap_or_default()
                .trim()
                .to_owned(),
            program: env!("CARGO_PKG_VERSION"),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

/// The figures of each target.
pub fn pages(targets: &[Target], samples: &[Sample]) -> Vec<PageReport> {
    let of = |(index, target): (usize, &Target)| {
        let mine: Vec<&Sample> = samples.iter().filter(|sample| sample.target == index).collect();
        let mut taken: Vec<Duration> = mine.iter().filter_map(|sample| sample.taken).collect();
        taken.sort_unstable();
        let size: usize = mine.iter().map(|sample| sample.size_bytes).sum();
        PageReport {
            name: target.name,
            path: target.path.clone().into_owned(),
            requests: mine.len(),
            errors: mine.len() - taken.len(),
            size_bytes: size.checked_div(taken.len()).unwrap_or_default(),
            p50_ms: percentile(&taken, 50),
            p90_ms: percentile(&taken, 90),
            p99_ms: percentile(&taken, 99),
            max_ms: percentile(&taken, 100),
            p99_limit_ms: target.p99_limit_ms,
        }
    };
    targets.iter().enumerate().map(of).collect()
}

/// The smallest of the sorted times that `percent` of them do not exceed, in milliseconds; 0 for none.
pub fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(0.0, |taken| (taken.as_secs_f64() * 100_000.0).round() / 100.0)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cores, processor, kernel, program, build } = &self.machine;
        writeln!(f, "{cores} cores, {processor}, Linux {kernel}, songhe {program}, {build} build")?;
        if let Some(server) = &self.server {
            let city = server.city_ms.map(|ms| format!("city made in {ms} ms, ")).unwrap_or_default();
            writeln!(
                f,
                "{} ({}): {city}ready in {} ms, memory {:.1} MB idle, {:.1} MB after",
                server.database,
                server.database_version,
                server.ready_ms,
                server.idle_memory_mb,
                server.loaded_memory_mb
            )?;
        }
        writeln!(f, "{} requests a second for {} s\n", self.rate_per_s, self.seconds)?;
        let mut table = String::new();
        let heads =
            ["page", "requests", "errors", "bytes", "p50 ms", "p90 ms", "p99 ms", "max ms", "p99 limit"];
        let [page, rest @ ..] = heads;
        let rest: Vec<String> = rest.iter().map(|head| format!("{head:>10}")).collect();
        writeln!(table, "{page:<20}{}", rest.concat())?;
        for page in &self.pages {
            write!(
                table,
                "{:<20}{:>10}{:>10}{:>10}",
                page.name, page.requests, page.errors, page.size_bytes
            )?;
            let times = [page.p50_ms, page.p90_ms, page.p99_ms, page.max_ms, page.p99_limit_ms];
            let missed = if page.p99_ms > page.p99_limit_ms { "  missed" } else { "" };
            writeln!(table, "{}{missed}", times.map(|ms| format!("{ms:>10.1}")).concat())?;
        }
        f.write_str(table.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let taken: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let of = |taken: &[Duration], percent| percentile(taken, percent).round() as i64;
        assert_eq!([50, 90, 99, 100].map(|percent| of(&taken, percent)), [100, 180, 198, 200]);
        assert_eq!(of(&taken[..1], 50), 1);
        assert_eq!(of(&[], 99), 0);
    }

    #[test]
    fn a_failed_request_is_an_error_and_no_time() {
        let target = |name, path: &'static str| Target { name, path: path.into(), p99_limit_ms: 1.0 };
        let targets = [target("a", "/a"), target("b", "/b")];
        let sample = |target, ms: Option<u64>| Sample {
            target,
            taken: ms.map(Duration::from_millis),
            size_bytes: if ms.is_some() { 10 } else { 0 },
        };
        let reports =
            pages(&targets, &[sample(0, Some(4)), sample(1, None), sample(0, None), sample(0, Some(8))]);
        assert_eq!((reports[0].requests, reports[0].errors, reports[0].size_bytes), (3, 1, 10));
        assert_eq!((reports[0].p50_ms, reports[0].max_ms), (4.0, 8.0));
        assert_eq!((reports[1].requests, reports[1].errors, reports[1].max_ms), (1, 1, 0.0));
    }
}
