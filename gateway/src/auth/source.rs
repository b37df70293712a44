//! Where key sets come from: a file, or a service on NATS.

use std::{path::PathBuf, time::Duration};

use futures_util::StreamExt;
use jsonwebtoken::jwk::JwkSet;

/// The service has this long; it answers from memory.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Where a key set comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file with the JSON Web Key Set, read anew at each refresh.
    File(PathBuf),
    /// A service that answers on `internal.<service>.jwks`.
    Service {
        /// The connection.
        client: async_nats::Client,
        /// The service's name.
        service: String,
        /// This gateway's id: replies come on `_INT.<service>.<gateway>.…`, which no one else may read.
        gateway_id: String,
    },
}

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file can't be read.
    #[error("can't read the key file {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What came is no key set.
    #[error("not a JSON Web Key Set")]
    Malformed(#[from] serde_json::Error),
    /// NATS refused.
    #[error("can't ask on NATS: {0}")]
    Nats(String),
    /// Nobody serves the keys.
    #[error("no service answers on {0}")]
    NoService(String),
    /// The service didn't answer.
    #[error("no answer on {0} within {TIMEOUT:?}")]
    Timeout(String),
}

impl Source {
    /// Gets the key set.
    pub async fn fetch(&self) -> Result<JwkSet, SourceError> {
        match self {
            Source::File(path) => {
                let text = tokio::fs::read(path)
                    .await
                    .map_err(|source| SourceError::File { path: path.clone(), source })?;
                Ok(serde_json::from_slice(&text)?)
            }
            Source::Service { client, service, gateway_id } => ask(client, service, gateway_id).await,
        }
    }
}

async fn ask(client: &async_nats::Client, service: &str, gateway_id: &str) -> Result<JwkSet, SourceError> {
    let nats = |error: &dyn std::fmt::Display| SourceError::Nats(error.to_string());
    let subject = format!("internal.{service}.jwks");
    let reply = format!("_INT.{service}.{gateway_id}.{:016x}", rand::random::<u64>());
    let question = async {
        let mut replies = client.subscribe(reply.clone()).await.map_err(|e| nats(&e))?;
        client.publish_with_reply(subject.clone(), reply, "".into()).await.map_err(|e| nats(&e))?;
        replies.next().await.ok_or_else(|| SourceError::Nats("the connection was closed".into()))
    };
    let message = tokio::time::timeout(TIMEOUT, question)
        .await
        .map_err(|_| SourceError::Timeout(subject.clone()))??;
    if message.status == Some(async_nats::StatusCode::NO_RESPONDERS) {
        return Err(SourceError::NoService(subject));
    }
    Ok(serde_json::from_slice(&message.payload)?)
}
