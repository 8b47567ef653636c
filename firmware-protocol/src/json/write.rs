//! Messages as JSON text.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::alarm::{Alarm, AlarmKind};
use crate::channel::Channel;
use crate::command::{Command, CommandKind};
use crate::device_kind::DeviceKind;
use crate::downlink::{Ack, Time};
use crate::header::Header;
use crate::limits::PROTOCOL_VERSION;
use crate::message::{BirthMessage, Message, ReadingsMessage};
use crate::readings::Sample;
use crate::state::{Outcome, State};

/// Larger integers are not exact in every JSON library: they are written as text.
const EXACT_MAX: u64 = (1 << 53) - 1;

pub(super) fn text(message: &Message) -> String {
    match message {
        Message::Readings(readings) => of_readings(readings),
        Message::Alarm(alarm) => of_alarm(alarm),
        Message::Birth(birth) => of_birth(birth),
        Message::State(state) => of_state(state),
        Message::Ack(ack) => of_ack(ack),
        Message::Time(Time { wall_ms }) => Members::new("time").number("wall_ms", *wall_ms).end(),
        Message::Command(command) => of_command(command),
    }
}

fn of_readings(readings: &ReadingsMessage) -> String {
    let samples: Vec<String> = readings.samples.iter().map(of_sample).collect();
    let mut members = Members::with_header("readings", &readings.header);
    members = members.list("samples", &samples);
    if let Some(card) = &readings.card {
        members = members.raw("card", &quoted(card.expose()));
    }
    members.end()
}

fn of_sample(sample: &Sample) -> String {
    let (channel, value) =
        (channel_name(sample.channel_code), value(sample.channel_code, sample.value_scaled));
    if sample.age_ms == 0 {
        return format!(r#"{{"channel":{channel},"value":{value}}}"#);
    }
    format!(r#"{{"channel":{channel},"value":{value},"age_ms":{}}}"#, sample.age_ms)
}

fn of_alarm(alarm: &Alarm) -> String {
    let mut members = Members::with_header("alarm", &alarm.header);
    members = members.raw("kind", &name_or(alarm.kind().map(AlarmKind::name), alarm.kind_code));
    members = members.raw("raised", if alarm.raised { "true" } else { "false" });
    if let Some((channel_code, value_scaled)) = alarm.cause {
        members = members.raw("channel", &channel_name(channel_code));
        members = members.raw("value", &value(channel_code, value_scaled));
    }
    members.number("attempt", alarm.attempt.into()).end()
}

fn of_birth(birth: &BirthMessage) -> String {
    let channels: Vec<String> = birth.channel_codes.iter().map(|code| channel_name(*code)).collect();
    let command = |code: &u16| name_or(CommandKind::from_code(*code).map(CommandKind::name), *code);
    let commands: Vec<String> = birth.command_codes.iter().map(command).collect();
    let kind = DeviceKind::from_code(birth.kind_code).map(DeviceKind::name);
    let mut members = Members::with_header("birth", &birth.header)
        .raw("kind", &name_or(kind, birth.kind_code))
        .raw("firmware", &quoted(&birth.firmware_version))
        .number("heartbeat_s", birth.heartbeat_s.into())
        .list("channels", &channels);
    if !commands.is_empty() {
        members = members.list("commands", &commands);
    }
    members.end()
}

fn of_state(state: &State) -> String {
    let mut members = Members::with_header("state", &state.header);
    members = members.raw("online", if state.online { "true" } else { "false" });
    members = members.number("connection", state.connection.into());
    if let Some(answer) = &state.answer {
        let outcome = Outcome::from_code(answer.outcome_code).map(Outcome::name);
        let outcome = name_or(outcome, answer.outcome_code);
        let command = number(answer.command_id);
        members = members.raw("answer", &format!(r#"{{"command":{command},"outcome":{outcome}}}"#));
    }
    members.end()
}

fn of_ack(ack: &Ack) -> String {
    Members::new("ack")
        .number("boot_id", ack.boot_id)
        .number("lane", ack.lane.code().into())
        .number("seq", ack.seq)
        .end()
}

fn of_command(command: &Command) -> String {
    let arguments: Vec<String> = command.arguments.as_slice().iter().map(ToString::to_string).collect();
    let mut members = Members::new("command")
        .number("id", command.id)
        .raw("kind", &name_or(command.kind().map(CommandKind::name), command.kind_code))
        .list("arguments", &arguments);
    if let Some(expires_ms) = command.expires_wall_ms {
        members = members.number("expires_wall_ms", expires_ms);
    }
    members.end()
}

/// An object that is being written.
struct Members(String);

impl Members {
    fn new(message: &str) -> Self {
        Self(format!(r#"{{"version":{PROTOCOL_VERSION},"message":"{message}""#))
    }

    fn with_header(message: &str, header: &Header) -> Self {
        let mut members = Self::new(message)
            .number("boot_id", header.boot_id)
            .number("lane", header.lane.code().into())
            .number("seq", header.seq)
            .number("monotonic_ms", header.monotonic_ms);
        if let Some(wall_ms) = header.wall_ms {
            members = members.number("wall_ms", wall_ms);
        }
        if header.flags == 0 { members } else { members.number("flags", header.flags.into()) }
    }

    fn raw(mut self, name: &str, value: &str) -> Self {
        for part in [",\"", name, "\":", value] {
            self.0.push_str(part);
        }
        self
    }

    fn number(self, name: &str, value: u64) -> Self {
        self.raw(name, &number(value))
    }

    fn list(self, name: &str, items: &[String]) -> Self {
        self.raw(name, &format!("[{}]", items.join(",")))
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn number(value: u64) -> String {
    if value > EXACT_MAX { format!("\"{value}\"") } else { value.to_string() }
}

fn name_or(name: Option<&'static str>, code: u16) -> String {
    name.map_or_else(|| code.to_string(), |name| format!("\"{name}\""))
}

fn channel_name(code: u16) -> String {
    name_or(Channel::from_code(code).map(Channel::name), code)
}

/// In the channel's unit, with all of its decimals: exact, because no floating point is involved.
fn value(channel_code: u16, value_scaled: i32) -> String {
    let decimals = Channel::from_code(channel_code).map_or(0, |channel| channel.facts().decimals);
    let steps = 10_u32.pow(decimals.into());
    let (sign, size) = (if value_scaled < 0 { "-" } else { "" }, value_scaled.unsigned_abs());
    if decimals == 0 {
        return format!("{sign}{size}");
    }
    format!("{sign}{}.{:0width$}", size / steps, size % steps, width = decimals.into())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
