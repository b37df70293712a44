//! What subgraphs are told about who asks: the headers of every fetch of one request.

use std::sync::{Arc, OnceLock};

use async_nats::HeaderMap;
use http::request::Parts;
use sha2::{Digest, Sha256};
use tributary_protocol::header;

use crate::{auth::Identity, cache::Asker, config::Config, http::ClientInfo, telemetry::TraceContext};

/// Who asks, ready to be sent along.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The protocol's headers and the client's forwarded ones, without what differs between fetches.
    pub(super) headers: Arc<HeaderMap>,
    /// What makes a repeated mutation recognisable: the client's, or made here when there is a mutation.
    idempotency_key: OnceLock<String>,
}

/// Stands for what subgraphs can tell callers apart by; by default there is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct CallerKey([u8; 32]);

/// Longer keys are no keys.
const LONGEST_KEY: usize = 256;

impl Caller {
    /// The caller of a request. `parts` gives the client's own headers, of which only listed ones go on.
    pub fn new(
        config: &Config,
        parts: &Parts,
        client: ClientInfo,
        identity: Option<&Identity>,
        trace: &TraceContext,
    ) -> Self {
        let mut headers = HeaderMap::new();
        header::set(&mut headers, header::TRACEPARENT, trace.to_string());
        if let Some(state) = &trace.state {
            header::set(&mut headers, header::TRACESTATE, header::ascii(state));
        }
        if let Some(identity) = identity {
            header::set(&mut headers, header::IDENTITY, identity.header.as_str());
        }
        header::set(&mut headers, header::CLIENT_ADDRESS, client.address.to_string());
        if let Some(agent) = &client.agent {
            header::set(&mut headers, header::CLIENT_AGENT, agent.as_str());
        }
        for name in &config.http.forward_headers {
            // What isn't printable ASCII can't be carried, and is left out rather than changed.
            for value in parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()) {
                headers.append(name.as_str(), header::ascii(value));
            }
        }
        Self { headers: Arc::new(headers), idempotency_key: clients_key(parts) }
    }

    /// What subgraphs can tell callers apart by, as far as their answers should depend on it. Where a client sits,
    /// what it runs and which trace it is part of isn't among that.
    pub fn key(&self) -> CallerKey {
        self.key_without(&[])
    }

    /// What makes a repeated mutation recognisable: always the same of one caller.
    pub(super) fn idempotency_key(&self) -> &str {
        self.idempotency_key.get_or_init(|| uuid::Uuid::new_v4().to_string())
    }

    /// On whose behalf answers are kept: see [`Self::key`]. What may be kept for everybody is shared by callers with
    /// the same forwarded headers, whoever they are.
    pub(super) fn asker(&self) -> Asker {
        Asker { everybody: self.key_without(&[header::IDENTITY]).0, alone: self.key().0 }
    }

    fn key_without(&self, further: &[&str]) -> CallerKey {
        const OTHERS: [&str; 4] =
            [header::TRACEPARENT, header::TRACESTATE, header::CLIENT_ADDRESS, header::CLIENT_AGENT];
        let mut entries: Vec<String> = Vec::new();
        for (name, values) in self.headers.iter() {
            let name: &str = name.as_ref();
            if !OTHERS.contains(&name) && !further.contains(&name) {
                entries.extend(values.iter().map(|value| format!("{name}: {}\n", value.as_str())));
            }
        }
        if entries.is_empty() {
            return CallerKey::default();
        }
        entries.sort_unstable();
        CallerKey(Sha256::digest(entries.concat()).into())
    }
}

/// The key that the client gave.
fn clients_key(parts: &Parts) -> OnceLock<String> {
    let given = parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let good = given.filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY);
    good.map_or_else(OnceLock::new, |key| key.to_owned().into())
}
