//! The last good set, kept in a key-value bucket so that a restarted gateway serves it at once.
//!
//! One key for each subgraph holds its SDL, gzipped when it would exceed the server's `max_payload`
//! otherwise. Several gateways share the bucket: whoever finds another SDL there than the one it serves
//! writes its own, against the revision that it saw. A gateway writes only when its own live set has
//! changed, so two of them never write in turns.
//!
//! Of JetStream's API it takes `STREAM.INFO` and `STREAM.CREATE` of the bucket's stream, direct gets
//! by subject, and publishing to the bucket's subjects; no consumers.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::kv::{Operation, Store as Bucket, UpdateErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures_util::TryStreamExt;
use tributary_protocol::SubgraphName;

use super::forget::Forgotten;
use super::sdl::Sdl;
use super::select::SdlSet;

/// The bucket's name.
pub(super) const BUCKET: &str = "tributary_graph";
/// Every change of the bucket, as a plain message that a gateway may hear.
pub(super) const CHANGES: &str = "$KV.tributary_graph.*";

/// What the bucket's stream keeps.
const SUBJECTS: &str = "$KV.tributary_graph.>";
const STREAM: &str = "KV_tributary_graph";
const KEY_PREFIX: &str = "$KV.tributary_graph.";
/// The start of a gateway waits for this at most; where rights are missing there is no answer at all.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Room for the headers that a write has.
const HEADER_ROOM: usize = 512;
/// What an SDL may unpack to: far above any real one, far below what would hurt.
const SDL_LIMIT: u64 = 64 << 20;
/// Writers that keep losing against each other give up; the next change tries again.
const WRITE_ATTEMPTS: usize = 5;

/// Why the bucket can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    #[error("JetStream isn't available: {0}")]
    Unavailable(#[source] async_nats::Error),
    #[error("the SDL of {0:?} is too large for the bucket even when compressed: {1} bytes")]
    TooLarge(Arc<str>, usize),
    #[error("what the bucket holds for {0:?} is no SDL: {1}")]
    Corrupt(String, String),
    #[error("other gateways keep changing {0:?}")]
    Contended(Arc<str>),
}

/// The bucket.
#[derive(Clone)]
pub(super) struct Store {
    client: Client,
    context: Context,
}

impl Store {
    pub(super) fn new(client: Client) -> Self {
        let context = ContextBuilder::new().timeout(TIMEOUT).ack_timeout(TIMEOUT).build(client.clone());
        Self { client, context }
    }

    /// All SDLs of the bucket. A value that can't be read is left out, with a line in the log.
    pub(super) async fn load(&self) -> Result<SdlSet, StoreError> {
        tokio::time::timeout(TIMEOUT, self.load_all()).await.map_err(unavailable)?
    }

    async fn load_all(&self) -> Result<SdlSet, StoreError> {
        let bucket = self.bucket().await?;
        let info = bucket.stream.info_with_subjects(SUBJECTS).await.map_err(unavailable)?;
        let subjects: Vec<(String, usize)> = info.try_collect().await.map_err(unavailable)?;
        let mut set = SdlSet::new();
        for (subject, _) in subjects {
            let Some(name) = key_of(&subject) else { continue };
            let Some(entry) = bucket.entry(name.as_str()).await.map_err(unavailable)? else { continue };
            if entry.operation != Operation::Put {
                continue;
            }
            match decode(name.as_str(), &entry.value) {
                Ok(sdl) => drop(set.insert(name.as_str().into(), Arc::new(sdl))),
                Err(error) => tracing::warn!(code = "STORED_SDL_CORRUPT", %error, "a stored SDL is left out"),
            }
        }
        Ok(set)
    }

    /// Writes what the bucket lacks, and what it has otherwise where that is to be `replace`d. Returns
    /// the names that were forgotten and aren't `present`: those have instances, so they come back.
    pub(super) async fn save(
        &self,
        set: &SdlSet,
        present: &BTreeSet<Arc<str>>,
        replace: bool,
    ) -> Result<BTreeSet<Arc<str>>, StoreError> {
        let bucket = self.bucket().await?;
        let mut forgotten = BTreeSet::new();
        for (name, sdl) in set {
            let present = present.contains(name);
            if !self.save_one(&bucket, name, sdl, present, replace).await? {
                forgotten.insert(name.clone());
            }
        }
        Ok(forgotten)
    }

    /// Forgets a name; `None`: the bucket knows none like it. Gateways hear it as a message, even where there is
    /// no JetStream to remember it: then nobody can say whether there was such a name.
    pub(super) async fn forget(&self, name: &SubgraphName) -> Result<Option<Forgotten>, StoreError> {
        match self.bucket().await {
            Ok(bucket) => {
                let entry = bucket.entry(name.as_str()).await.map_err(unavailable)?;
                if entry.is_none_or(|entry| entry.operation != Operation::Put) {
                    return Ok(None);
                }
                bucket.delete(name.as_str()).await.map_err(unavailable)?;
                Ok(Some(Forgotten::ByAll))
            }
            Err(error) => {
                tracing::debug!(code = "STORE_UNAVAILABLE", %error, "only running gateways forget {name}");
                let mut headers = HeaderMap::new();
                headers.insert("KV-Operation", "DEL");
                let subject = format!("{KEY_PREFIX}{name}");
                self.client
                    .publish_with_headers(subject, headers, Bytes::new())
                    .await
                    .map_err(unavailable)?;
                self.client.flush().await.map_err(unavailable)?;
                Ok(Some(Forgotten::ByRunning))
            }
        }
    }

    /// Returns whether the bucket has the SDL; `false` when it was told to forget it.
    async fn save_one(
        &self,
        bucket: &Bucket,
        name: &Arc<str>,
        sdl: &Sdl,
        present: bool,
        replace: bool,
    ) -> Result<bool, StoreError> {
        let value = self.encode(name, sdl)?;
        for _ in 0..WRITE_ATTEMPTS {
            let entry = bucket.entry(&**name).await.map_err(unavailable)?;
            let revision = entry.as_ref().map_or(0, |entry| entry.revision);
            match entry {
                Some(entry) if entry.operation != Operation::Put && !present => return Ok(false),
                Some(entry) if entry.operation == Operation::Put && !replace => return Ok(true),
                Some(entry) if decode(name, &entry.value).is_ok_and(|stored| stored.hash == sdl.hash) => {
                    return Ok(true);
                }
                _ => {}
            }
            match bucket.update(&**name, value.clone(), revision).await {
                Ok(_) => return Ok(true),
                Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Err(StoreError::Contended(name.clone()))
    }

    fn encode(&self, name: &Arc<str>, sdl: &Sdl) -> Result<Bytes, StoreError> {
        let room = self.client.max_payload().saturating_sub(HEADER_ROOM);
        if sdl.text.len() <= room {
            return Ok(Bytes::copy_from_slice(sdl.text.as_bytes()));
        }
        let packed = gzip(sdl.text.as_bytes());
        if packed.len() <= room { Ok(packed) } else { Err(StoreError::TooLarge(name.clone(), packed.len())) }
    }

    async fn bucket(&self) -> Result<Bucket, StoreError> {
        match self.context.get_key_value(BUCKET).await {
            Ok(bucket) => Ok(bucket),
            // Creating what exists with the same configuration succeeds, so gateways may do it together.
            Err(_) => {
                self.context.create_stream(stream_config()).await.map_err(unavailable)?;
                self.context.get_key_value(BUCKET).await.map_err(unavailable)
            }
        }
    }
}

/// The name that a change of the bucket concerns, when the change is that it was forgotten.
pub(super) fn forgotten(message: &async_nats::Message) -> Option<SubgraphName> {
    let operation = message.headers.as_ref()?.get("KV-Operation")?;
    matches!(operation.as_str(), "DEL" | "PURGE").then(|| key_of(&message.subject)).flatten()
}

fn key_of(subject: &str) -> Option<SubgraphName> {
    subject.strip_prefix(KEY_PREFIX)?.parse().ok()
}

/// What the `nats` tool would make for a bucket with one value of history.
fn stream_config() -> Config {
    Config {
        name: STREAM.to_owned(),
        description: Some("SDLs of the subgraphs in the last good supergraph".to_owned()),
        subjects: vec![SUBJECTS.to_owned()],
        max_messages_per_subject: 1,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        num_replicas: 1,
        ..Config::default()
    }
}

fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything").into()
}

fn decode(name: &str, value: &[u8]) -> Result<Sdl, StoreError> {
    let corrupt = |error: String| StoreError::Corrupt(name.to_owned(), error);
    // No SDL starts with gzip's magic number, which isn't UTF-8.
    if value.starts_with(&[0x1f, 0x8b]) {
        let mut text = String::new();
        let mut reader = GzDecoder::new(value).take(SDL_LIMIT);
        reader.read_to_string(&mut text).map_err(|error| corrupt(error.to_string()))?;
        return Ok(Sdl::new(&text));
    }
    let text = std::str::from_utf8(value).map_err(|error| corrupt(error.to_string()))?;
    Ok(Sdl::new(text))
}

fn unavailable(error: impl Into<async_nats::Error>) -> StoreError {
    StoreError::Unavailable(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_and_plain_sdls_are_read() {
        let text = "type Query { a: Int }\n".repeat(1000);
        assert_eq!(decode("a", text.as_bytes()).unwrap(), Sdl::new(&text));
        let packed = gzip(text.as_bytes());
        assert!(packed.len() < 1000);
        assert_eq!(decode("a", &packed).unwrap(), Sdl::new(&text));
        assert!(decode("a", &packed[..20]).is_err());
        assert!(decode("a", b"\xff\xfe").is_err());
    }

    #[test]
    fn only_keys_of_names_count() {
        assert_eq!(key_of("$KV.tributary_graph.products").unwrap().as_str(), "products");
        assert_eq!(key_of("$KV.tributary_graph.a.b"), None);
        assert_eq!(key_of("$KV.other.products"), None);
    }
}
