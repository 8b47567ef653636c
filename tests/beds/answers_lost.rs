//! The program is killed at a random moment of an admission, also between the commit and the answer: the same request again is
//! answered with what was stored then, and there is one stay whatever happened.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use songhe::db::Kind;

use super::contest::{City, answers, numbers};
use super::help::Dice;

const TRIES_MAX: usize = 30;
/// Answers that must have been lost after the commit, and requests that must have been lost before it.
const WANTED: (usize, usize) = (2, 1);
const LIMIT: Duration = Duration::from_mins(1);

/// Sends an admission and reads nothing of its answer yet.
fn ask(city: &City, key: &str, body: &Value) -> TcpStream {
    let address = city.songhe.addresses.http;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let body = body.to_string();
    write!(
        stream,
        "POST /api/v1/stays HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        city.token,
        body.len()
    )
    .unwrap();
    stream
}

async fn ask_again(city: &City, key: &str, body: &Value) -> i64 {
    let request = city.http.post(city.songhe.url("/api/v1/stays"));
    let request = request.bearer_auth(&city.token).header("idempotency-key", key).json(body);
    let response = request.send().await.unwrap();
    let (status, stay) = (response.status().as_u16(), response.json::<Value>().await.unwrap());
    assert_eq!(status, 201, "{stay}");
    stay["id"].as_i64().unwrap()
}

async fn answers_again(kind: Kind) {
    let Some(mut city) = City::start(kind).await else { return };
    let newest = numbers(&city.db, "SELECT max(id) AS n FROM stays")[0];
    let mut dice = Dice(20_261_129);
    let (mut after_commit, mut before_commit) = (0, 0);
    for number in 0..TRIES_MAX {
        if after_commit >= WANTED.0 && before_commit >= WANTED.1 {
            break;
        }
        let (bed, elder) = (city.beds[number], city.elders[number]);
        let (key, body) = (format!("lost-{number}"), json!({ "bed_id": bed, "elder_id": elder }));
        let mut stream = ask(&city, &key, &body);
        // Either as soon as the commit shows, or after a few looks whether it shows or not.
        let looks = if number % 2 == 0 { usize::MAX } else { dice.below(4) };
        let started = Instant::now();
        for _ in 0..looks {
            if !answers(&city.db, &key).is_empty() {
                break;
            }
            assert!(started.elapsed() < LIMIT, "the admission is never stored");
        }
        city.kill();
        let mut heard = Vec::new();
        // An error is a connection that was reset: nothing more comes.
        let _ = stream.read_to_end(&mut heard);
        let stored = answers(&city.db, &key).get(&key).copied();
        match stored {
            Some(_) if heard.is_empty() => after_commit += 1,
            Some(_) => {}
            None => {
                assert!(heard.is_empty(), "an answer about what is not stored");
                before_commit += 1;
            }
        }
        city.songhe.restart_in_place();
        let first = ask_again(&city, &key, &body).await;
        assert!(stored.is_none_or(|stored| stored == first), "{stored:?}, then {first}");
        assert_eq!(ask_again(&city, &key, &body).await, first);
        let stays = format!("SELECT id AS n FROM stays WHERE id > {newest} AND elder_id = {elder}");
        assert_eq!(numbers(&city.db, &stays), [first], "one stay, however often it was asked for");
    }
    assert!(after_commit >= WANTED.0, "{after_commit} answers were lost after the commit");
    assert!(before_commit >= WANTED.1, "{before_commit} requests were lost before the commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sqlite_gives_the_same_answer_after_a_kill() {
    answers_again(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn postgres_gives_the_same_answer_after_a_kill() {
    answers_again(Kind::Postgres).await;
}
