//! A panel that sends frame by frame, and the gateway that it sends them to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use diesel::prelude::*;
use songhe::config::{Config, MqttMode};
use songhe::db::schema::{alerts, fire_frames};
use songhe::devices::gb26875::model::{
    Address, Analog, Command, ComponentState, Content, Frame, Part, Piece, Reader, Request, Stamp, System,
    Timed, text_bytes,
};
use songhe::devices::gb26875::{PanelInput, set_panel};
use songhe::devices::{DeviceKind, DevicePlace, DeviceService};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::devices::gate::within;
use crate::support::app::TestApp;

pub const ADDRESS: &str = "010203040506";
pub const FIRE_SYSTEM: System = System { system_type: 1, address: 1 };

/// The test's program with a fire gateway on a free port.
pub async fn gateway(test: &TestApp) -> (DeviceService, SocketAddr) {
    gateway_with(test, |_| {}).await
}

pub async fn gateway_with(test: &TestApp, set: impl FnOnce(&mut Config)) -> (DeviceService, SocketAddr) {
    let mut app = test.app.clone();
    let mut config = (*app.config).clone();
    config.mqtt.mode = MqttMode::Off;
    config.fire.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    set(&mut config);
    app.config = Arc::new(config);
    let service = DeviceService::start(&app).await.unwrap_or_else(|error| panic!("{}", error.for_log()));
    let address = service.fire().unwrap();
    (service, address)
}

/// A fire gateway in an institution of town 1, 2 or 3 that is the panel of an address; gives its number.
pub fn add_panel(test: &TestApp, code: &str, address: &str, town: usize) -> i64 {
    let institution = test.add_institution(town);
    let id = test.add_device(code, DeviceKind::FireSensor, town, DevicePlace::Institution(institution));
    test.write(|tx| set_panel(tx, &test.app.fire_profiles, code, &PanelInput { address, profile: None }));
    id
}

/// One connection of a panel.
pub struct Panel<'a> {
    test: &'a TestApp,
    pub stream: TcpStream,
    reader: Reader,
    pub source: Address,
    pub seq: u16,
    /// By how much its clock is ahead.
    pub ahead: TimeDelta,
    /// What the centre asked, until a test takes it.
    pub questions: Vec<Frame>,
}

impl<'a> Panel<'a> {
    pub async fn connect(test: &'a TestApp, gateway: SocketAddr, address: &str) -> Panel<'a> {
        Panel {
            test,
            stream: TcpStream::connect(gateway).await.unwrap(),
            reader: Reader::default(),
            source: Address::parse(address).unwrap().reversed(),
            seq: 0,
            ahead: TimeDelta::zero(),
            questions: Vec::new(),
        }
    }

    /// The panel's time.
    pub fn now(&self) -> Stamp {
        let at = self.test.app.clock.now() + self.ahead;
        Stamp::new(self.test.app.calendar.local(at))
    }

    /// The next frame, not yet sent.
    pub fn frame(&mut self, content: &Content) -> Frame {
        let seq = self.seq;
        self.seq += 1;
        Frame {
            seq,
            version: [1, 0],
            time: self.now(),
            source: self.source,
            destination: Address::default(),
            command: Command::Send,
            data: content.encode(),
        }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a frame and gives the answer to it.
    pub async fn send(&mut self, content: &Content) -> Frame {
        let frame = self.frame(content);
        self.write(&frame.encode()).await;
        self.answer().await
    }

    /// Sends a frame that must be confirmed.
    pub async fn tell(&mut self, content: &Content) {
        let seq = self.seq;
        let answer = self.send(content).await;
        assert_eq!((answer.command, answer.seq), (Command::Confirm, seq));
        assert_eq!(answer.destination, self.source);
    }

    /// The next answer; questions are kept apart.
    pub async fn answer(&mut self) -> Frame {
        within(async {
            loop {
                let frame = self.read().await.expect("the connection is open");
                if frame.command != Command::Control {
                    return frame;
                }
                self.questions.push(frame);
            }
        })
        .await
    }

    /// The next question of the centre.
    pub async fn question(&mut self) -> (Frame, Request) {
        within(async {
            loop {
                if !self.questions.is_empty() {
                    let frame = self.questions.remove(0);
                    let request = Request::decode(&frame.data).unwrap();
                    return (frame, request);
                }
                let frame = self.read().await.expect("the connection is open");
                assert_eq!(frame.command, Command::Control);
                self.questions.push(frame);
            }
        })
        .await
    }

    /// Tells the centre that its question is here, or that it is refused.
    pub async fn settle(&mut self, question: &Frame, command: Command) {
        let answer = question.answer(command, self.now());
        self.write(&answer.encode()).await;
    }

    /// The next frame; none where the connection is over.
    pub async fn read(&mut self) -> Option<Frame> {
        loop {
            if let Some(piece) = self.reader.next_piece() {
                match piece {
                    Piece::Frame { frame, .. } => return Some(frame),
                    other => panic!("{other:?}"),
                }
            }
            let mut bytes = [0; 1_024];
            match self.stream.read(&mut bytes).await {
                Ok(length) if length > 0 => self.reader.push(&bytes[..length]),
                _ => return None,
            }
        }
    }

    /// Whether nothing comes for a while.
    pub async fn hears_nothing(&mut self, wait: Duration) -> bool {
        tokio::time::timeout(wait, self.read()).await.is_err()
    }

    pub fn component(&self, (zone, place): (u16, u16), state: u16, text: &str) -> Content {
        component(42, (zone, place), state, text, self.now())
    }
}

pub fn part(component_type: u8, (zone, place): (u16, u16)) -> Part {
    let ([a, b], [c, d]) = (zone.to_le_bytes(), place.to_le_bytes());
    Part { system: FIRE_SYSTEM, component_type, address: [a, b, c, d] }
}

pub fn component(component_type: u8, place: (u16, u16), state: u16, text: &str, at: Stamp) -> Content {
    let of = ComponentState { part: part(component_type, place), state, text: text_bytes(text) };
    Content::ComponentStates(vec![Timed { of, at }])
}

pub fn analog(component_type: u8, place: (u16, u16), analog_type: u8, value: i16, at: Stamp) -> Content {
    let of = Analog { part: part(component_type, place), analog_type, value };
    Content::Analogs(vec![Timed { of, at }])
}

/// (seq, raw, is a test) of a device's stored frames, in order of arrival.
pub fn frames(test: &TestApp, device: i64) -> Vec<(i32, Vec<u8>, bool)> {
    test.read(|connection| {
        Ok(fire_frames::table
            .filter(fire_frames::device_id.eq(device))
            .order(fire_frames::id)
            .select((fire_frames::seq, fire_frames::raw, fire_frames::is_test))
            .load(connection)?)
    })
}

/// (kind, where exactly, whether it is over) of a device's alerts.
pub fn alerts_of(test: &TestApp, device: i64) -> Vec<(String, String, bool)> {
    test.read(|connection| {
        Ok(alerts::table
            .filter(alerts::device_id.eq(device))
            .order(alerts::id)
            .select((alerts::kind, alerts::detail, alerts::cleared_at.is_not_null()))
            .load(connection)?)
    })
}
