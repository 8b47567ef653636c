//! `songhe demo`: a whole city to look at.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::serve::{Running, runtime, serve};
use super::{Failure, log, say};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::demo::{self, DemoOptions, Holding, Logins};
use crate::error::{Error, Result};
use crate::start;
use crate::text::Lang;

/// Where a demo city is kept when nothing else is said: never where a real city would be.
pub const DATA_DIR: &str = "data/demo";
const FIRE_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const SIMULATOR_ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Make a demo city, serve it, and let time pass in it.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Examples:\n  songhe demo\n  songhe demo --fresh --seed 7\n  songhe demo --scale 0.01 --data /tmp/small\n  \
    songhe demo --database postgres://songhe@localhost/demo\n\nThe city is kept in data/demo unless --data names a folder."
)]
pub struct DemoArgs {
    /// Which city: the same number gives the same city.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How large: 1 is the city of the bureau's report.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub scale: f64,
    /// Remove the demo city that is there and make a new one.
    #[arg(long)]
    pub fresh: bool,
}

pub fn run(args: &DemoArgs, config: Config) -> Result<(), Failure> {
    log::start(&config)?;
    if args.fresh {
        demo::remove(&config)?;
    }
    let mut config = config;
    // Panels of the demo connect over loopback; an address that is set is kept.
    config.fire.listen.get_or_insert(FIRE_LISTEN);
    let app = start::open(config, Clock::system())?;
    let options = prepare(&app, &DemoOptions { seed: args.seed, scale: args.scale })?;
    let logins = demo::logins(&app)?;
    let simulated =
        Simulated { credentials: demo::write_device_file(&app, options.seed)?, panels: demo::panels(&app)? };
    runtime()?.block_on(serve(app, move |running| async move {
        accompany(running, options.seed, &logins, &simulated)
    }))
}

/// The city that is there, or a new one; gives its options.
fn prepare(app: &App, wanted: &DemoOptions) -> Result<DemoOptions> {
    match app.db.read_now(demo::holding)? {
        Holding::Nothing => {
            let began = std::time::Instant::now();
            let counts = demo::generate(app, wanted)?;
            tracing::info!(?counts, took_ms = began.elapsed().as_millis(), "the demo city is made");
            Ok(wanted.clone())
        }
        Holding::Demo(found) => {
            if found != *wanted {
                say(&format!(
                    "The city here was made with --seed {} --scale {}; it is kept. A new one: songhe demo --fresh",
                    found.seed, found.scale
                ));
            }
            demo::ensure_today(app, found.seed)?;
            Ok(found)
        }
        Holding::Real => Err(Error::internal(format!(
            "{} holds a city that is no demo: name another place with --data or --database",
            app.config.database.url
        ))),
    }
}

/// Starts what moves the city, and says how to get in.
fn accompany(running: Running, seed: u64, logins: &Logins, simulated: &Simulated) -> Result<()> {
    greet(logins);
    tokio::spawn(demo::keep_moving(running.app, seed, running.stopped.clone()));
    if let Some(broker) = &running.addresses.mqtt {
        let child = devices(broker, &simulated.credentials)?;
        tokio::spawn(watch_simulator(child, running.stopped.clone()));
    }
    if let Some(gateway) = running.addresses.fire.as_deref().filter(|_| !simulated.panels.is_empty()) {
        tokio::spawn(watch_simulator(panels(gateway, &simulated.panels)?, running.stopped));
    }
    Ok(())
}

fn greet(logins: &Logins) {
    say(&format!("Sign in with one of these; the password of all is  {}", logins.password));
    for login in &logins.logins {
        let name = |lang: Lang| lang.t(&format!("enums.role.{}", login.role)).into_owned();
        say(&format!("  {:<12} {} · {}", login.login, name(Lang::Chinese), name(Lang::English)));
    }
}

/// What is simulated.
struct Simulated {
    credentials: PathBuf,
    /// Addresses of fire panels.
    panels: Vec<String>,
}

/// The devices, as a process of their own that speaks to the broker as real ones do.
fn devices(broker: &str, credentials: &Path) -> Result<Child> {
    // Enough for the duty desk to have something to answer, little enough to be read.
    let often = ["--sos-per-hour", "0.4", "--smoke-per-hour", "0.4"];
    simulator(|command| command.args(["--broker", broker]).arg("--credentials").arg(credentials).args(often))
}

/// The fire panels, as another one, that speaks to the gateway.
fn panels(gateway: &str, addresses: &[String]) -> Result<Child> {
    let named = addresses.iter().flat_map(|address| ["--panel", address]);
    simulator(|command| command.args(["--gateway", gateway, "--fire-per-hour", "0.2"]).args(named))
}

fn simulator(of: impl FnOnce(&mut Command) -> &mut Command) -> Result<Child> {
    let fault = |error: std::io::Error| Error::internal("cannot start the device simulator").because(error);
    let mut command = Command::new(std::env::current_exe().map_err(fault)?);
    of(command.args(["simulate", "--until-stdin-closes"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(fault)
}

/// Ends the simulator with the program; says so when it ends before.
async fn watch_simulator(mut child: Child, mut stopped: watch::Receiver<bool>) {
    // Taken out, since waiting for a child closes its standard input, which is what tells this one to end.
    let stdin = child.stdin.take();
    tokio::select! {
        ended = child.wait() => {
            tracing::error!(?ended, "the device simulator ended by itself: devices will show as offline");
            return;
        }
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    drop(stdin);
    let _ = tokio::time::timeout(SIMULATOR_ENDS_WITHIN, child.wait()).await;
}
