//! 64 clients who race for the same 50 beds and 50 elders over HTTP while the program is killed and started again: no overlap,
//! one effect for each key, whatever was acknowledged is stored, and every bed's history can have happened one thing after
//! another. With `SONGHE_TEST_SOAK` set: 100,000 attempts.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use songhe::db::Kind;

use super::contest::{City, check_round, check_whole, mark};
use crate::support::poll;

/// Attempts between two looks at everything; all clients have their answers then.
const ROUND: usize = 400;
/// A loaded machine, and a program that starts again.
const ROUND_LIMIT: Duration = Duration::from_mins(5);

/// Attempts in all, and after how many rounds there is one in which the program is killed. `SONGHE_TEST_SOAK` may say how many.
fn size() -> (usize, usize) {
    let Ok(soak) = std::env::var("SONGHE_TEST_SOAK") else { return (1_200, 1) };
    (soak.parse().ok().filter(|attempts| *attempts >= ROUND).unwrap_or(100_000), 10)
}

async fn stays_whole(kind: Kind) {
    let Some(mut city) = City::start(kind).await else { return };
    let before = mark(&city);
    let contest = city.contest(vec![city.songhe.url("")]);
    let (wanted, kill_every) = size();
    let started = Instant::now();
    let (mut checked, mut kills) = (0, 0);
    for round in 1..=wanted / ROUND {
        let (first, due) = (city.held(), round * ROUND);
        let clients = contest.run_until(due);
        if round % kill_every == 0 {
            // Somewhere inside, another time in each round.
            let at = due - ROUND + (round * 67) % ROUND * 3 / 4;
            poll::until_async(ROUND_LIMIT, "the round is on", async || {
                contest.made.load(Ordering::SeqCst) > at
            })
            .await;
            city.kill();
            city.songhe.restart_in_place();
            kills += 1;
        }
        for client in clients {
            tokio::time::timeout(ROUND_LIMIT, client).await.expect("every client ends").unwrap();
        }
        checked += check_round(&city, &contest, &first);
    }
    let sum = check_whole(&city, &contest, before);
    assert!(sum.stays * 20 > sum.attempts && sum.stays > 20, "{sum:?}");
    assert!(sum.lost > kills, "a kill that nobody noticed tells nothing: {sum:?}, {kills} kills");
    assert!(checked > sum.attempts, "{checked} of {sum:?}");
    if kill_every > 1 {
        // Past the test runner's capture: the soak's figures are what it is run for.
        let mut terminal = std::io::stderr().lock();
        let took = started.elapsed().as_secs();
        writeln!(
            terminal,
            "\n{kind:?}: {} attempts, {} stays, {kills} kills, {} requests without an answer, {checked} requests in \
             histories that are linearizable, 0 overlaps, {took} s",
            sum.attempts, sum.stays, sum.lost
        )
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sqlite_stays_whole_while_it_is_killed() {
    stays_whole(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn postgres_stays_whole_while_it_is_killed() {
    stays_whole(Kind::Postgres).await;
}
