//! Which of a subgraph's error messages a client may read.
//!
//! A message with a code is meant for clients: `NOT_FOUND`, `FORBIDDEN`, … One without, or with a code that
//! says "internal", may hold a query, an address or worse: the log gets it, the client gets the log's id.

use std::borrow::Cow;

use serde_json::Value;
use tributary_federation::SubgraphId;

use crate::{
    error::{Code, log_id},
    execute::{ExecutionError, Origin},
};

/// Codes by which servers say that the message isn't for clients.
const INTERNAL_CODES: [&str; 4] =
    ["INTERNAL_SERVER_ERROR", "INTERNAL", "INTERNAL_ERROR", "DOWNSTREAM_SERVICE_ERROR"];
/// Extensions that servers add for their developers.
const PRIVATE_EXTENSIONS: [&str; 4] = ["exception", "stacktrace", "debug", "originalError"];

/// Replaces what isn't meant for clients, and says how many messages were.
pub(super) fn mask(errors: &mut [ExecutionError], service: impl Fn(SubgraphId) -> String) -> u64 {
    let mut masked = 0;
    for error in errors {
        let Origin::Subgraph(subgraph) = error.origin else { continue };
        error.extensions.retain(|key, _| !PRIVATE_EXTENSIONS.contains(&key.as_str()));
        let internal = error.code.as_deref().is_none_or(|code| INTERNAL_CODES.contains(&code));
        if internal {
            replace(error, &service(subgraph));
            masked += 1;
        }
    }
    masked
}

fn replace(error: &mut ExecutionError, service: &str) {
    let id = log_id();
    let details = Value::Object(std::mem::take(&mut error.extensions));
    let path = serde_json::to_string(&error.path).unwrap_or_default();
    tracing::error!(log_id = %id, subgraph = service, message = %error.message, %details, %path, "a subgraph's internal error");
    error.message = Cow::Borrowed("Internal error");
    error.code = Some(Cow::Borrowed(Code::Internal.as_str()));
    error.extensions.insert("service".into(), service.into());
    error.extensions.insert("logId".into(), id.into());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(code: Option<&'static str>, origin: Origin) -> ExecutionError {
        let mut error = ExecutionError::new("X", "secret").with("stacktrace", "at line 5").with("id", 7);
        error.code = code.map(Cow::Borrowed);
        error.origin = origin;
        let mut errors = [error];
        mask(&mut errors, |_| "orders".into());
        let [error] = errors;
        error
    }

    #[test]
    fn messages_without_a_public_code_are_withheld() {
        for code in [None, Some("INTERNAL_SERVER_ERROR")] {
            let error = masked(code, Origin::Subgraph(SubgraphId(0)));
            assert_eq!(error.message, "Internal error");
            assert_eq!(error.code.as_deref(), Some("INTERNAL"));
            assert_eq!(error.extensions["service"], json!("orders"));
            assert_eq!(error.extensions["logId"].as_str().unwrap().len(), 16);
            assert!(!error.extensions.contains_key("id") && !error.extensions.contains_key("stacktrace"));
        }
    }

    #[test]
    fn messages_with_a_code_pass_without_what_is_for_developers() {
        let error = masked(Some("NOT_FOUND"), Origin::Subgraph(SubgraphId(0)));
        assert_eq!((&*error.message, error.code.as_deref()), ("secret", Some("NOT_FOUND")));
        assert_eq!(error.extensions["id"], json!(7));
        assert!(!error.extensions.contains_key("stacktrace"));
    }

    #[test]
    fn the_gateways_own_words_pass() {
        assert_eq!(masked(Some("SUBGRAPH_UNAVAILABLE"), Origin::Gateway).message, "secret");
    }
}
