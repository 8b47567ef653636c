use crate::clock::Instant;

/// What an event is about; pages listen by topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Visit,
    Assessment,
    Stay,
    Reading,
    Alert,
    Device,
    Registry,
    /// Ends live streams; never shown to a page.
    Session,
}

impl Topic {
    pub const ALL: [Topic; 8] = [
        Topic::Visit,
        Topic::Assessment,
        Topic::Stay,
        Topic::Reading,
        Topic::Alert,
        Topic::Device,
        Topic::Registry,
        Topic::Session,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Topic::Visit => "visit",
            Topic::Assessment => "assessment",
            Topic::Stay => "stay",
            Topic::Reading => "reading",
            Topic::Alert => "alert",
            Topic::Device => "device",
            Topic::Registry => "registry",
            Topic::Session => "session",
        }
    }

    pub fn parse(name: &str) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

/// Who is told of something that happened: whoever reaches the town, the institution or the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    pub town_code: String,
    pub institution_id: Option<i64>,
    /// Whoever runs the station.
    pub provider_id: Option<i64>,
}

/// Something that happened, to be told to the pages of those within whose reach it lies.
#[derive(Clone, Debug)]
pub struct Event {
    pub topic: Topic,
    pub town_code: Option<String>,
    pub institution_id: Option<i64>,
    pub provider_id: Option<i64>,
    /// The record it is about.
    pub entity_id: String,
    /// Small and free of personal data: pages fetch what they show.
    pub payload: serde_json::Value,
}

impl Event {
    pub fn new(topic: Topic, town_code: &str, entity_id: impl ToString, payload: serde_json::Value) -> Self {
        Event {
            topic,
            town_code: Some(town_code.to_owned()),
            institution_id: None,
            provider_id: None,
            entity_id: entity_id.to_string(),
            payload,
        }
    }

    /// To everybody who reaches where it happened.
    pub fn to(topic: Topic, told: &Audience, entity_id: impl ToString, payload: serde_json::Value) -> Self {
        Event {
            institution_id: told.institution_id,
            provider_id: told.provider_id,
            ..Event::new(topic, &told.town_code, entity_id, payload)
        }
    }

    #[must_use]
    pub fn of_institution(mut self, id: Option<i64>) -> Self {
        self.institution_id = id;
        self
    }

    /// What belongs to no town: only those of the whole city are told.
    pub fn of_the_city(topic: Topic, entity_id: impl ToString, payload: serde_json::Value) -> Self {
        let entity_id = entity_id.to_string();
        Event { topic, town_code: None, institution_id: None, provider_id: None, entity_id, payload }
    }

    pub fn session_ended(session_id: i64) -> Self {
        Event {
            topic: Topic::Session,
            town_code: None,
            institution_id: None,
            provider_id: None,
            entity_id: session_id.to_string(),
            payload: serde_json::Value::Null,
        }
    }
}

/// An event with its number in the outbox.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: i64,
    pub at: Instant,
    pub topic: Topic,
    pub town_code: Option<String>,
    pub institution_id: Option<i64>,
    pub provider_id: Option<i64>,
    pub entity_id: String,
    /// JSON.
    pub payload: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_round_trip_through_their_names() {
        for topic in Topic::ALL {
            assert_eq!(Topic::parse(topic.name()), Some(topic));
        }
    }
}
