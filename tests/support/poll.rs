//! Waiting for a condition with a limit: no test sleeps for a time it guessed.

use std::future::Future;
use std::time::{Duration, Instant};

/// Between two looks at the condition.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks at `condition` until it holds; panics with `what` when `limit` has passed.
#[track_caller]
pub fn until(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    until_some(limit, what, || condition().then_some(()));
}

/// As [`until`], and hands out what the condition found.
#[track_caller]
pub fn until_some<T>(limit: Duration, what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} in vain until {what}");
        std::thread::sleep(PAUSE);
    }
}

/// As [`until`], for a condition that must be awaited.
pub async fn until_async<F: Future<Output = bool>>(
    limit: Duration,
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < limit, "waited {limit:?} in vain until {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

#[test]
fn a_condition_that_comes_true_is_waited_for() {
    let mut looks = 0;
    until(Duration::from_secs(5), "the third look", || {
        looks += 1;
        looks == 3
    });
    assert_eq!(looks, 3);
}

#[test]
#[should_panic(expected = "in vain until pigs fly")]
fn a_condition_that_stays_false_fails_with_its_name() {
    until(Duration::from_millis(30), "pigs fly", || false);
}

#[tokio::test]
async fn an_awaited_condition_is_waited_for() {
    let looks = std::cell::Cell::new(0);
    until_async(Duration::from_secs(5), "the third look", || async {
        looks.set(looks.get() + 1);
        looks.get() == 3
    })
    .await;
    assert_eq!(looks.get(), 3);
}
