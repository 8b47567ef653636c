//! What one connection says, frame by frame, and what it is answered.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::guard;
use super::model::{
    Address, Command, Content, Fault, Frame, Piece, Profile, RefusalReason, Request, Stamp, is_clock_due,
    tells_clock, text_in_gb18030,
};
use super::shared::{Question, Shared};
use super::store::{self, Refusal, Sender};
use super::take::{Arrival, Taken, take};
use super::unstored::Fire;
use crate::access::Scope;
use crate::app::Tx;
use crate::error::Result;
use crate::text::Lang;

/// Frames of unknown senders after which a connection is ended.
const STRANGE_MAX: u32 = 20;
/// Whoever nobody knows waits so long for each refusal.
const STRANGE_WAIT: Duration = Duration::from_millis(200);
/// Questions of which no answer has come; older ones are forgotten.
const AWAITED_MAX: usize = 64;

/// What comes of one piece of the stream.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub answers: Vec<Vec<u8>>,
    pub ends: bool,
}

/// What a panel was asked.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Clock { device_id: i64 },
    Guard { device_id: i64, guard_id: i64 },
}

/// How to speak to a panel.
#[derive(Clone, Copy, Debug)]
struct Known {
    panel: Address,
    centre: Address,
    version: [u8; 2],
}

pub(super) struct Session {
    shared: Arc<Shared>,
    peer: SocketAddr,
    number: u64,
    questions: mpsc::Sender<Question>,
    known: HashMap<i64, Known>,
    awaited: HashMap<u16, Asked>,
    next_seq: u16,
    strange: u32,
}

impl Session {
    pub fn new(
        shared: Arc<Shared>,
        peer: SocketAddr,
        number: u64,
        questions: mpsc::Sender<Question>,
    ) -> Session {
        Session {
            shared,
            peer,
            number,
            questions,
            known: HashMap::new(),
            awaited: HashMap::new(),
            next_seq: 0,
            strange: 0,
        }
    }

    pub async fn take(&mut self, piece: Piece) -> Turn {
        match piece {
            Piece::Frame { frame, raw } => self.frame(frame, raw).await,
            Piece::Corrupt { raw, fault } => self.corrupt(&raw, &Fault::from(fault)).await,
            Piece::Skipped { count } => {
                metrics::counter!("songhe_fire_bytes_skipped_total").increment(count as u64);
                Turn::default()
            }
        }
    }

    async fn frame(&mut self, frame: Frame, raw: Vec<u8>) -> Turn {
        let fire = self.shared.fire_in(&frame, &raw);
        let looking = self.shared.sender(frame.source);
        let found = match self.shared.unstored.watch(fire.as_ref(), looking).await {
            Ok(found) => found,
            Err(error) => return unanswered(&error),
        };
        let Some((sender, profile)) = found else {
            return self.strange(&frame, &raw).await;
        };
        if sender.disabled_at.is_some() {
            return self
                .deny(&frame, &raw, Some(&profile), (RefusalReason::Disabled, &Fault::default()))
                .await;
        }
        self.shared.turn(sender.device_id).await;
        self.meet(&sender, &frame);
        match frame.command {
            Command::Send | Command::Answer => self.data(frame, raw, sender, profile).await,
            Command::Confirm | Command::Deny => self.settled(&frame).await,
            command => {
                let fault = Fault::command(command.code());
                self.deny(&frame, &raw, Some(&profile), (RefusalReason::Command, &fault)).await
            }
        }
    }

    /// A panel is behind this connection.
    fn meet(&mut self, sender: &Sender, frame: &Frame) {
        let known = Known { panel: frame.source, centre: frame.destination, version: frame.version };
        self.known.insert(sender.device_id, known);
        self.shared.link(sender.device_id, self.number, &self.questions);
    }

    async fn data(&mut self, frame: Frame, raw: Vec<u8>, sender: Sender, profile: Arc<Profile>) -> Turn {
        let content = match Content::decode(&frame.data) {
            Ok(content) => content,
            Err(fault) => {
                let fault = Fault::from(fault);
                return self.deny(&frame, &raw, Some(&profile), (RefusalReason::Content, &fault)).await;
            }
        };
        let received_at = self.shared.app.clock.now();
        let is_answered = frame.command == Command::Send;
        let arrival = Arrival { frame, raw, content, sender, profile, received_at };
        let arrival = Arc::new(arrival);
        let Arrival { frame, raw, sender, profile, .. } = &*arrival;
        let fire = Fire::in_frame(&self.shared.app, (frame, raw), (sender, profile));
        let taken = {
            let (arrival, scope) = (Arc::clone(&arrival), Scope::system());
            let writing = self.shared.app.write(&scope, move |tx| take(tx, &arrival));
            self.shared.unstored.watch(fire.as_ref(), writing).await
        };
        if let (Ok(_), Some(fire)) = (&taken, &fire) {
            self.shared.unstored.settle(fire);
        }
        match taken {
            Ok(Taken::Disabled) => {
                self.deny(frame, raw, Some(profile), (RefusalReason::Disabled, &Fault::default())).await
            }
            Ok(taken) => {
                let outcome = if taken == Taken::Stored { "stored" } else { "duplicate" };
                metrics::counter!("songhe_fire_frames_total", "outcome" => outcome).increment(1);
                let mut turn = Turn::default();
                if is_answered {
                    turn.answers.push(frame.answer(Command::Confirm, self.now()).encode());
                }
                turn.answers.extend(self.clock(sender, frame).await);
                turn
            }
            // The database works, but not with this: the panel need not send it for ever.
            Err(error) if !error.code.retryable() && self.writes_work().await => {
                tracing::error!(error = %error.for_log(), code = sender.code, "a frame cannot be stored");
                self.deny(frame, raw, Some(profile), (RefusalReason::Unstorable, &Fault::default())).await
            }
            Err(error) => unanswered(&error),
        }
    }

    async fn writes_work(&self) -> bool {
        self.shared.app.db.write(crate::db::store::ping).await.is_ok()
    }

    /// A panel answered what it was asked.
    async fn settled(&mut self, frame: &Frame) -> Turn {
        let Some(asked) = self.awaited.remove(&frame.seq) else { return Turn::default() };
        let is_taken = frame.command == Command::Confirm;
        self.note(move |tx| match asked {
            Asked::Clock { device_id } if is_taken => {
                store::note_clock_set(tx.connection, device_id, true, tx.now)
            }
            Asked::Clock { .. } => Ok(()),
            Asked::Guard { device_id, guard_id } if is_taken => guard::delivered(tx, device_id, guard_id),
            Asked::Guard { device_id, .. } => guard::refused(tx, device_id),
        })
        .await;
        Turn::default()
    }

    /// Tells the panel the time, where that is due.
    async fn clock(&mut self, sender: &Sender, frame: &Frame) -> Option<Vec<u8>> {
        let app = &self.shared.app;
        let now = app.clock.now();
        let said = frame.time.local().map(|local| app.calendar.instant(local));
        let ahead_s = said.map_or(i64::MAX, |said| (said - now).num_seconds());
        let ahead_s = if tells_clock(ahead_s, sender.clock_ahead_s, frame.data.is_empty()) {
            ahead_s
        } else {
            sender.clock_ahead_s.unwrap_or_default()
        };
        let (day_began_at, _) = app.calendar.bounds(app.calendar.day_of(now));
        if !is_clock_due(ahead_s, sender.clock_set_at, (now, day_began_at)) {
            return None;
        }
        let device_id = sender.device_id;
        let noted = self.note(move |tx| store::note_clock_set(tx.connection, device_id, false, tx.now)).await;
        if !noted {
            return None;
        }
        metrics::counter!("songhe_fire_clocks_set_total").increment(1);
        self.question(device_id, &Request::SetClock(self.now()), Asked::Clock { device_id })
    }

    /// Sends a guard check, where no other process has.
    pub async fn ask(&mut self, question: Question) -> Vec<Vec<u8>> {
        let Question { device_id, guard_id, minutes } = question;
        let claimed = self.shared.app.write(&Scope::system(), move |tx| guard::claim(tx, guard_id)).await;
        if !matches!(claimed, Ok(true)) {
            return Vec::new();
        }
        let request = Request::GuardCheck { minutes: u8::try_from(minutes).unwrap_or(u8::MAX) };
        let frame = self.question(device_id, &request, Asked::Guard { device_id, guard_id });
        if frame.is_none() {
            self.unsent(question).await;
        }
        frame.into_iter().collect()
    }

    /// A guard check did not leave: whoever holds the panel's next connection sends it.
    pub async fn unsent(&self, question: Question) {
        self.note(move |tx| guard::give_back(tx, question.guard_id)).await;
    }

    fn question(&mut self, device_id: i64, request: &Request, asked: Asked) -> Option<Vec<u8>> {
        let known = self.known.get(&device_id)?;
        let seq = self.next_seq;
        self.next_seq = seq.wrapping_add(1);
        if self.awaited.len() >= AWAITED_MAX {
            self.awaited.clear();
        }
        self.awaited.insert(seq, asked);
        let frame = Frame {
            seq,
            version: known.version,
            time: self.now(),
            source: known.centre,
            destination: known.panel,
            command: request.command(),
            data: request.encode(),
        };
        Some(frame.encode())
    }

    /// A frame whose checksum does not fit. Its sender and number are as doubtful as all of it: a known sender is told, so that it
    /// sends the frame again at once.
    async fn corrupt(&mut self, raw: &[u8], fault: &Fault) -> Turn {
        let Some(frame) = Frame::of_corrupt(raw) else { return Turn::default() };
        match self.shared.sender(frame.source).await {
            Ok(Some((_, profile))) => {
                self.deny(&frame, raw, Some(&profile), (RefusalReason::Corrupt, fault)).await
            }
            Ok(None) => Turn::default(),
            Err(error) => unanswered(&error),
        }
    }

    async fn strange(&mut self, frame: &Frame, raw: &[u8]) -> Turn {
        self.strange += 1;
        tokio::time::sleep(STRANGE_WAIT).await;
        let turn = self.deny(frame, raw, None, (RefusalReason::Unknown, &Fault::default())).await;
        Turn { ends: self.strange >= STRANGE_MAX, ..turn }
    }

    async fn deny(
        &mut self,
        frame: &Frame,
        raw: &[u8],
        profile: Option<&Profile>,
        (reason, fault): (RefusalReason, &Fault),
    ) -> Turn {
        let (source, sent_from) = (frame.source.to_string(), self.peer.ip().to_string());
        let fault = fault.to_string();
        tracing::warn!(source, reason = reason.name(), fault, "a frame of a fire panel is refused");
        let at = self.shared.app.clock.now();
        self.shared
            .refuse(Refusal { source: &source, reason, sent_from: &sent_from, fault: &fault, raw, at })
            .await;
        let mut answer = frame.answer(Command::Deny, self.now());
        if profile.is_some_and(|profile| profile.deny_says_why) {
            let why = Lang::Chinese.t(&format!("enums.refusal_reason.{}", reason.name()));
            answer.data = text_in_gb18030(&why);
        }
        Turn { answers: vec![answer.encode()], ends: false }
    }

    /// A small write that only tells what a panel did; whether it was made.
    async fn note<F>(&self, work: F) -> bool
    where
        F: FnMut(&mut Tx<'_>) -> Result<()> + Send + 'static,
    {
        match self.shared.app.write(&Scope::system(), work).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "what a panel answered was not noted");
                false
            }
        }
    }

    fn now(&self) -> Stamp {
        let app = &self.shared.app;
        Stamp::new(app.calendar.local(app.clock.now()))
    }
}

/// The panel hears nothing and sends the frame again.
fn unanswered(error: &crate::error::Error) -> Turn {
    metrics::counter!("songhe_fire_frames_unanswered_total").increment(1);
    tracing::warn!(error = %error.for_log(), "a frame of a fire panel is not answered");
    Turn::default()
}
