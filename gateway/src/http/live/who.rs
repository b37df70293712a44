//! Who asks over a connection.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, Request, request::Parts};
use serde_json::{Map, Value};

use crate::{
    auth::Identity,
    config::Config,
    http::ClientInfo,
    pipeline::{Caller, RequestFacts},
    telemetry::TraceContext,
};

/// Who is on the other side of a connection.
#[derive(Debug, Clone)]
pub(in crate::http) struct Who {
    /// `None`: nobody knows.
    pub(super) identity: Option<Arc<Identity>>,
    client: ClientInfo,
    /// Those of the client's headers that subgraphs are told.
    forwarded: Arc<Parts>,
    /// Of the request that asks; what comes later over a connection begins traces of its own.
    trace: Option<Arc<TraceContext>>,
    share: f64,
}

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Claims that differ between two tokens of the same caller.
const OF_THE_TOKEN: [&str; 4] = ["exp", "iat", "nbf", "jti"];

impl Who {
    pub(in crate::http) fn new(
        config: &Config,
        headers: &HeaderMap,
        client: ClientInfo,
        identity: Option<Arc<Identity>>,
    ) -> Self {
        let (mut forwarded, ()) = Request::new(()).into_parts();
        for name in &config.http.forward_headers {
            for value in headers.get_all(name) {
                forwarded.headers.append(name.clone(), value.clone());
            }
        }
        let share = rand::random_range(0.0..100.0);
        Self { identity, client, forwarded: Arc::new(forwarded), trace: None, share }
    }

    /// The same, for what one request asks, whose headers these are: its trace goes on, and a mutation that is sent
    /// again is known by its key.
    pub(in crate::http) fn for_this_request(mut self, headers: &HeaderMap, trace: &TraceContext) -> Self {
        self.trace = Some(Arc::new(trace.clone()));
        if let Some(key) = headers.get(IDEMPOTENCY_KEY) {
            let (mut forwarded, ()) = Request::new(()).into_parts();
            forwarded.headers = self.forwarded.headers.clone();
            forwarded.headers.insert(IDEMPOTENCY_KEY, key.clone());
            self.forwarded = Arc::new(forwarded);
        }
        self
    }

    /// The same, with another token.
    pub(super) fn with(&self, identity: Arc<Identity>) -> Self {
        Self { identity: Some(identity), ..self.clone() }
    }

    pub(super) fn caller(&self, config: &Config) -> Caller {
        let fresh = || Arc::new(TraceContext::of_request(&HeaderMap::new()));
        let trace = self.trace.clone().unwrap_or_else(fresh);
        Caller::new(config, &self.forwarded, self.client.clone(), self.identity.as_deref(), &trace)
    }

    pub(super) fn facts(&self) -> RequestFacts {
        RequestFacts { identity: self.identity.clone(), share: self.share, incremental: false }
    }

    /// Whether it is the same caller, maybe with a newer token: nobody in both cases, or the same `iss` and `sub`.
    /// Where tokens name no `sub`, all of their claims count that aren't the token's own.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.identity, &other.identity) {
            (None, None) => true,
            (Some(one), Some(other)) => one.header == other.header || same(&claims(one), &claims(other)),
            _ => false,
        }
    }
}

fn claims(identity: &Identity) -> Map<String, Value> {
    let json = URL_SAFE_NO_PAD.decode(&identity.header).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

fn same(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    if one.contains_key("sub") {
        return ["iss", "sub"].iter().all(|name| one.get(*name) == other.get(*name));
    }
    let lasting = |claims: &Map<String, Value>| {
        let mut claims = claims.clone();
        claims.retain(|name, _| !OF_THE_TOKEN.contains(&&**name));
        claims
    };
    lasting(one) == lasting(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_caller_may_come_with_another_token() {
        let same = |one: Value, other: Value| same(one.as_object().unwrap(), other.as_object().unwrap());
        assert!(same(json!({"sub": "u", "exp": 1, "scope": "a"}), json!({"sub": "u", "exp": 2})));
        assert!(!same(json!({"sub": "u"}), json!({"sub": "v"})));
        assert!(!same(json!({"sub": "u"}), json!({})));
        assert!(!same(json!({}), json!({"sub": "u"})));
        assert!(!same(json!({"sub": "u", "iss": "a"}), json!({"sub": "u", "iss": "b"})));
        assert!(same(json!({"role": "r", "exp": 1, "jti": "x"}), json!({"role": "r", "exp": 2, "iat": 3})));
        assert!(!same(json!({"role": "r"}), json!({"role": "s"})));
    }
}
