//! What live listeners are told of a batch.

use serde_json::json;

use super::Batch;
use crate::bus::{Event, Topic};
use crate::devices::model::{Shown, shown};
use crate::devices::store::Latest;
use crate::text::Lang;

impl Batch {
    /// What is measured with an elder is told to nobody unasked.
    pub(super) fn reading_event(&self, latest: &Latest) -> Option<Event> {
        if self.devices.get(&latest.device_id)?.elder_id.is_some() {
            return None;
        }
        let mut payload = json!({
            "device_id": latest.device_id,
            "channel": latest.channel,
            "at": self.calendar.rfc3339(latest.at),
            "at_text": self.calendar.show_seconds(latest.at),
        });
        match shown(latest.channel, latest.value) {
            Shown::Text(text) => payload["value_text"] = text.into(),
            Shown::Word(word) => {
                let text = |lang: Lang| lang.t(&format!("enums.switch.{word}")).into_owned();
                payload["value_text"] = format!("{}", latest.value).into();
                payload["value_texts"] =
                    [Lang::Chinese, Lang::English].iter().map(|lang| (lang.code(), text(*lang))).collect();
            }
        }
        self.event(Topic::Reading, latest.device_id, latest.device_id, payload)
    }

    /// An event of the device's place.
    pub(super) fn event(
        &self,
        topic: Topic,
        device_id: i64,
        entity_id: i64,
        payload: serde_json::Value,
    ) -> Option<Event> {
        let device = self.devices.get(&device_id)?;
        Some(Event::to(topic, &device.audience(), entity_id, payload))
    }
}
