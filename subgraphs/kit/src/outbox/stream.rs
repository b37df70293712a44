//! The stream that keeps the events: made if it isn't there, compared if it is, never changed.

use std::fmt;
use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::context::{CreateStreamError, GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{
    Config, DirectGetError, DirectGetErrorKind, DiscardPolicy, RetentionPolicy, StorageType, Stream,
};
use async_nats::jetstream::{Context, ErrorCode};
use tributary_protocol::event::EVENTS;

/// How the stream of a graph's events is kept. All publishers should say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSettings {
    /// Its name (`EVENTS`).
    pub name: String,
    /// How long events are kept (7 days): a client that was away longer can't go on from where it was.
    pub max_age: Duration,
    /// The most bytes that it takes, which the server sets aside (`None`: what the server has). Beyond it the oldest go.
    pub max_bytes: Option<u64>,
    /// How long JetStream knows what it already has (1 h, PROTOCOL.md asks for no less).
    pub duplicate_window: Duration,
    /// On how many servers of a cluster it is kept (1).
    pub replicas: usize,
}

/// A setting of the stream that isn't what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub setting: &'static str,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// JetStream doesn't answer, or refuses.
    #[error("the stream can't be looked at: {0}")]
    Get(#[from] GetStreamError),
    /// JetStream doesn't make it.
    #[error("the stream can't be made: {0}")]
    Create(#[from] CreateStreamError),
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            name: "EVENTS".to_owned(),
            max_age: Duration::from_secs(7 * 24 * 60 * 60),
            max_bytes: None,
            duplicate_window: Duration::from_secs(60 * 60),
            replicas: 1,
        }
    }
}

impl StreamSettings {
    /// The stream as JetStream is asked for it.
    #[must_use]
    pub fn definition(&self) -> Config {
        Config {
            name: self.name.clone(),
            subjects: vec![format!("{EVENTS}.>")],
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            max_age: self.max_age,
            max_bytes: self.max_bytes.and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(-1),
            max_messages: -1,
            max_messages_per_subject: -1,
            duplicate_window: self.duplicate_window,
            num_replicas: self.replicas,
            // What a relay reads a subject's last message by, without the right to read anybody else's.
            allow_direct: true,
            ..Config::default()
        }
    }

    /// The stream, made if it isn't there, and in what it differs from these settings. It is never changed.
    ///
    /// # Errors
    /// When JetStream doesn't answer, or refuses.
    pub async fn open(&self, jetstream: &Context) -> Result<(Stream, Vec<Difference>), StreamError> {
        let stream = match jetstream.get_stream(&self.name).await {
            Err(error) if is_missing(&error) => match jetstream.create_stream(self.definition()).await {
                Ok(_) => {
                    tracing::info!(stream = self.name, "made the stream of events");
                    jetstream.get_stream(&self.name).await?
                }
                // Somebody else made it at the same time, from other settings.
                Err(error) => jetstream.get_stream(&self.name).await.map_err(|_| error)?,
            },
            found => found?,
        };
        let differences = self.differences(&stream.cached_info().config);
        Ok((stream, differences))
    }

    fn differences(&self, found: &Config) -> Vec<Difference> {
        let expected = self.definition();
        let limit = |limit: i64| if limit > 0 { limit.to_string() } else { "none".to_owned() };
        let of = |config: &Config| {
            [
                ("subjects", config.subjects.join(" ")),
                ("storage", shown(&config.storage)),
                ("retention", shown(&config.retention)),
                ("discard", shown(&config.discard)),
                ("max_age", shown(&config.max_age)),
                ("max_bytes", limit(config.max_bytes)),
                ("max_msgs", limit(config.max_messages)),
                ("max_msgs_per_subject", limit(config.max_messages_per_subject)),
                ("duplicate_window", shown(&config.duplicate_window)),
                ("num_replicas", config.num_replicas.to_string()),
                ("allow_rollup_hdrs", config.allow_rollup.to_string()),
                ("allow_msg_ttl", config.allow_message_ttl.to_string()),
                ("allow_direct", config.allow_direct.to_string()),
                ("no_ack", config.no_ack.to_string()),
            ]
        };
        let pairs = of(&expected).into_iter().zip(of(found));
        let different = pairs.filter(|((_, expected), (_, found))| expected != found);
        different.map(|((setting, expected), (_, found))| Difference { setting, expected, found }).collect()
    }
}

/// The id of the last message on a subject.
pub(super) async fn last_id(stream: &Stream, subject: &str) -> Result<Option<String>, DirectGetError> {
    match stream.direct_get_last_for_subject(subject).await {
        Ok(message) => Ok(message.headers.get(NATS_MESSAGE_ID).map(|id| id.as_str().to_owned())),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn shown(value: &impl fmt::Debug) -> String {
    format!("{value:?}")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, not {}", self.setting, self.found, self.expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_differs_is_named() {
        let settings = StreamSettings::default();
        // As a server writes it.
        let mut found = Config { max_bytes: 0, ..settings.definition() };
        assert_eq!(settings.differences(&found), []);
        found.duplicate_window = Duration::from_secs(120);
        found.max_messages_per_subject = 1;
        found.allow_rollup = true;
        let texts: Vec<String> = settings.differences(&found).iter().map(ToString::to_string).collect();
        let expected = [
            "max_msgs_per_subject is 1, not none",
            "duplicate_window is 120s, not 3600s",
            "allow_rollup_hdrs is true, not false",
        ];
        assert_eq!(texts, expected);
    }
}
