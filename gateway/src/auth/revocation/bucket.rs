//! The bucket of revoked sessions: a consumer of its own that tells everything that is in it, then what comes.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::DeliverPolicy;
use tributary_protocol::revocation;

use crate::transport::{Consumer, Heard, Link, Selection, StreamFault, header, stream_info};

/// How often a consumer that has nothing to say says so: how old what is known gets while all is well.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// After so long a silence a consumer is gone.
const SILENCE: Duration = Duration::from_secs(4);
/// JetStream answers from memory.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Why the bucket can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BucketError {
    #[error("there is no bucket {0} (--revoked-bucket): auth makes it when it starts")]
    Missing(String),
    #[error("JetStream doesn't let it be read: {0}")]
    Unavailable(String),
    #[error("its consumer is gone")]
    Broken,
}

/// What a consumer told.
#[derive(Debug)]
pub(super) enum Told {
    /// A session was revoked; `last`: nothing more was there then.
    Entry { key: Option<String>, last: bool },
    /// Everything that is there was told.
    Nothing,
}

/// What the bucket has, then what comes.
pub(super) struct Entries {
    consumer: Consumer,
    bucket: String,
    /// Whether there was nothing when it was made.
    pub(super) empty: bool,
    /// How long an entry is kept; `None`: for ever.
    pub(super) keep: Option<Duration>,
}

impl Entries {
    /// Reads a bucket from its beginning.
    pub(super) async fn read(link: &Link, bucket: &str) -> Result<Self, BucketError> {
        let fault = |fault| match fault {
            StreamFault::Missing => BucketError::Missing(bucket.to_owned()),
            StreamFault::Unavailable(why) => BucketError::Unavailable(why),
        };
        let mut jetstream = jetstream::new(link.client().clone());
        jetstream.set_timeout(TIMEOUT);
        let stream = revocation::stream(bucket);
        let keep = stream_info(&jetstream, &stream).await.map_err(fault)?.config.max_age;
        let selection = Selection {
            stream: &stream,
            policy: DeliverPolicy::LastPerSubject,
            subjects: revocation::subjects(bucket),
            heartbeat: HEARTBEAT,
            silence: SILENCE,
        };
        let consumer = Consumer::create(link, &jetstream, selection).await.map_err(fault)?;
        Ok(Self {
            empty: consumer.pending() == 0,
            consumer,
            bucket: bucket.to_owned(),
            keep: (!keep.is_zero()).then_some(keep),
        })
    }

    /// What is told next.
    ///
    /// # Errors
    /// Where it has to be read again from its beginning.
    pub(super) async fn next(&mut self) -> Result<Told, BucketError> {
        Ok(match self.consumer.next().await.map_err(|_| BucketError::Broken)? {
            Heard::Nothing => Told::Nothing,
            Heard::Message { pending, message, .. } => {
                let key = revocation::key_of(&self.bucket, &message.subject).map(str::to_owned);
                // Who deletes an entry doesn't take it back.
                let deleted = header(&message.headers, "KV-Operation").is_some();
                Told::Entry { key: key.filter(|_| !deleted), last: pending == 0 }
            }
        })
    }
}
