//! Two programs on one PostgreSQL, each with half of the clients: what holds for one holds for both together.

use std::sync::atomic::Ordering;
use std::time::Duration;

use songhe::db::Kind;

use super::contest::{City, check_round, check_whole, mark};
use crate::support::poll;
use crate::support::process::Songhe;

const ROUND: usize = 300;
const ROUNDS: usize = 3;
const ROUND_LIMIT: Duration = Duration::from_mins(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn two_programs_race_on_one_database() {
    let Some(city) = City::start(Kind::Postgres).await else { return };
    let mut second = Songhe::beside(&city.songhe, &["serve", "--database", &city.database.url]);
    let before = mark(&city);
    let contest = city.contest(vec![city.songhe.url(""), second.url("")]);
    for round in 1..=ROUNDS {
        let first = city.held();
        let clients = contest.run_until(round * ROUND);
        if round == 2 {
            // One dies and comes back while the other goes on.
            poll::until_async(ROUND_LIMIT, "the round is on", async || {
                contest.made.load(Ordering::SeqCst) > ROUND + ROUND / 3
            })
            .await;
            second.kill();
            second.restart_in_place();
        }
        for client in clients {
            tokio::time::timeout(ROUND_LIMIT, client).await.expect("every client ends").unwrap();
        }
        city.settle();
        assert!(check_round(&city, &contest, &first) > ROUND);
    }
    let sum = check_whole(&city, &contest, before);
    assert!(sum.stays > 20, "{sum:?}");
}
