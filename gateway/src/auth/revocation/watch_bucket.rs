//! Keeps what is known of the bucket current.

use std::{convert::Infallible, sync::Arc, time::Duration};

use super::{
    RevocationState, Revocations, TooMany,
    bucket::{BucketError, Entries, Told},
};
use crate::transport::Link;

/// How soon the bucket is read again after it couldn't be.
const RETRY: Duration = Duration::from_millis(500);
/// The same where it has too many entries: some of them have to go first.
const RETRY_TOO_MANY: Duration = Duration::from_secs(5);

/// Why what is known isn't current.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum WatchError {
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error("it has more entries than --max-revoked-sessions: tokens are refused")]
    TooMany,
}

impl From<TooMany> for WatchError {
    fn from(_: TooMany) -> Self {
        Self::TooMany
    }
}

/// Reads the bucket and follows it, for as long as it is polled.
pub async fn watch_bucket(revocations: Arc<Revocations>, link: Link) {
    tokio::select! {
        never = keep_reading(&revocations, &link) => match never {},
        never = revocations.grow_old() => match never {},
    }
}

async fn keep_reading(revocations: &Revocations, link: &Link) -> Infallible {
    let mut told = None;
    loop {
        let Err(error) = follow(revocations, link, &mut told).await;
        if error == WatchError::TooMany {
            revocations.turn(RevocationState::TooMany);
        }
        let pause = if error == WatchError::TooMany { RETRY_TOO_MANY } else { RETRY };
        if told.as_ref() != Some(&error) {
            let bucket = &revocations.config().bucket;
            tracing::warn!(code = "REVOCATIONS_UNAVAILABLE", bucket, %error,
                "the bucket of revoked sessions can't be read; what is known of it still holds");
            told = Some(error);
        }
        tokio::time::sleep(pause).await;
    }
}

/// `told` is what was said about the bucket last; nothing, as soon as it is read.
async fn follow(
    revocations: &Revocations,
    link: &Link,
    told: &mut Option<WatchError>,
) -> Result<Infallible, WatchError> {
    // The connection's own messages say that it is down.
    let mut state = link.state();
    drop(state.wait_for(|state| state.down_since.is_none()).await);
    let mut entries = Entries::read(link, &revocations.config().bucket).await?;
    let mut complete = entries.empty;
    let mut read = false;
    loop {
        if complete {
            revocations.complete();
        }
        if complete && !read {
            read = true;
            *told = None;
            let sessions = revocations.status().sessions;
            tracing::info!(
                bucket = revocations.config().bucket,
                sessions,
                "read which sessions were revoked"
            );
        }
        complete = match entries.next().await? {
            Told::Nothing => true,
            Told::Entry { key, last } => {
                if let Some(key) = key {
                    revocations.learn(&key, entries.keep)?;
                }
                last
            }
        };
    }
}
