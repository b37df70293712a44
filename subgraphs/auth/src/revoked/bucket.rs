//! The bucket of revoked sessions: made if it isn't there, compared if it is, never changed.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use async_nats::jetstream::context::{CreateStreamError, GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, InfoError, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{Context, ErrorCode};
use futures_util::TryStreamExt;
use tributary_protocol::revocation;

/// How the bucket is kept. All instances should say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedSettings {
    /// Its name.
    pub bucket: String,
    /// How long an entry is kept: longer than the access tokens of its session live.
    pub keep: Duration,
    /// On how many servers of a cluster it is kept.
    pub replicas: usize,
}

/// A setting of the bucket's stream that isn't what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub setting: &'static str,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// Why there is no bucket.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// JetStream doesn't answer, or refuses.
    #[error("the bucket can't be looked at: {0}")]
    Get(#[from] GetStreamError),
    /// JetStream doesn't make it.
    #[error("the bucket can't be made: {0}")]
    Create(#[from] CreateStreamError),
    /// Its keys can't be listed.
    #[error("the bucket's keys can't be read: {0}")]
    Keys(#[from] InfoError),
}

/// The bucket as it was found.
pub struct Bucket {
    stream: Stream,
    name: String,
    /// When it was made, in nanoseconds since 1970: whether it is still the same.
    pub created: i128,
    /// In what it isn't as it should be.
    pub differences: Vec<Difference>,
}

impl RevokedSettings {
    /// The bucket's stream, as JetStream is asked for it: what the `nats` tool would make for a bucket with one value of history.
    #[must_use]
    pub fn definition(&self) -> Config {
        Config {
            name: revocation::stream(&self.bucket),
            description: Some("sessions that were revoked, by their sid".to_owned()),
            subjects: vec![format!("$KV.{}.>", self.bucket)],
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::New,
            max_age: self.keep,
            max_messages_per_subject: 1,
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            num_replicas: self.replicas,
            ..Config::default()
        }
    }

    /// The bucket, made if it isn't there.
    ///
    /// # Errors
    /// When JetStream doesn't answer, or refuses.
    pub async fn open(&self, jetstream: &Context) -> Result<Bucket, BucketError> {
        let definition = self.definition();
        let stream = match jetstream.get_stream(&definition.name).await {
            Err(error) if is_missing(&error) => match jetstream.create_stream(&definition).await {
                Ok(_) => {
                    tracing::info!(bucket = self.bucket, "made the bucket of revoked sessions");
                    jetstream.get_stream(&definition.name).await?
                }
                // Another instance made it at the same time, from other settings.
                Err(error) => jetstream.get_stream(&definition.name).await.map_err(|_| error)?,
            },
            found => found?,
        };
        let info = stream.cached_info();
        let created = info.created.unix_timestamp_nanos();
        let differences = differences(&definition, &info.config);
        Ok(Bucket { name: self.bucket.clone(), created, differences, stream })
    }
}

impl Bucket {
    /// The keys that it has.
    pub async fn keys(&self) -> Result<HashSet<String>, BucketError> {
        let subjects = self.stream.info_with_subjects(revocation::subjects(&self.name)).await?;
        let key = |subject: String| revocation::key_of(&self.name, &subject).map(str::to_owned);
        Ok(subjects.try_filter_map(async |(subject, _)| Ok(key(subject))).try_collect().await?)
    }
}

fn differences(expected: &Config, found: &Config) -> Vec<Difference> {
    let of = |config: &Config| {
        [
            ("subjects", config.subjects.join(" ")),
            ("storage", shown(&config.storage)),
            ("retention", shown(&config.retention)),
            ("discard", shown(&config.discard)),
            ("max_age", shown(&config.max_age)),
            ("max_msgs_per_subject", config.max_messages_per_subject.to_string()),
            ("num_replicas", config.num_replicas.to_string()),
            ("no_ack", config.no_ack.to_string()),
        ]
    };
    let pairs = of(expected).into_iter().zip(of(found));
    let different = pairs.filter(|((_, expected), (_, found))| expected != found);
    different.map(|((setting, expected), (_, found))| Difference { setting, expected, found }).collect()
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
        let settings = RevokedSettings {
            bucket: "AUTH_REVOKED".to_owned(),
            keep: Duration::from_secs(900),
            replicas: 1,
        };
        let expected = settings.definition();
        assert_eq!(differences(&expected, &expected), []);
        let found = Config { max_age: Duration::from_secs(60), num_replicas: 3, ..expected.clone() };
        let texts: Vec<String> = differences(&expected, &found).iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["max_age is 60s, not 900s", "num_replicas is 3, not 1"]);
    }
}
