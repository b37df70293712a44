//! What a subgraph serves: its SDL, and how it is asked for it.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use tributary_protocol::SdlHash;

/// An SDL and the hash that names it.
#[derive(Debug, PartialEq, Eq)]
pub struct Sdl {
    /// Of the text.
    pub hash: SdlHash,
    /// As `_service.sdl` returned it.
    pub text: Arc<str>,
}

/// The reply to [`query`] has no SDL.
#[derive(Debug, thiserror::Error)]
pub(super) enum SdlReplyError {
    #[error("the reply to {{ _service {{ sdl }} }} can't be read: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the reply to {{ _service {{ sdl }} }} has no SDL: {0}")]
    NoSdl(String),
}

impl Sdl {
    /// Hashes the text.
    pub fn new(text: &str) -> Self {
        Self { hash: SdlHash::of(text), text: text.into() }
    }

    /// Reads the reply to [`query`].
    pub(super) fn from_reply(reply: &[u8]) -> Result<Self, SdlReplyError> {
        let reply: Reply = serde_json::from_slice(reply)?;
        let sdl = reply.data.and_then(|data| data.service).map(|service| service.sdl);
        match sdl {
            Some(sdl) => Ok(Self::new(&sdl)),
            None => {
                let first = reply.errors.into_iter().next().map(|error| error.message);
                Err(SdlReplyError::NoSdl(first.unwrap_or_else(|| "neither data nor errors".to_owned())))
            }
        }
    }
}

/// The request for an SDL, which every federation subgraph answers.
pub(super) fn query() -> Bytes {
    Bytes::from_static(br#"{"query":"{ _service { sdl } }"}"#)
}

#[derive(Deserialize)]
struct Reply {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Error>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "_service")]
    service: Option<Service>,
}

#[derive(Deserialize)]
struct Service {
    sdl: String,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sdl_is_read() {
        let sdl = Sdl::from_reply(br#"{"data":{"_service":{"sdl":"type Query { a: Int }"}}}"#).unwrap();
        assert_eq!(sdl, Sdl::new("type Query { a: Int }"));
    }

    #[test]
    fn anything_else_says_what_it_is() {
        for (reply, expected) in [
            (r#"{"errors":[{"message":"no federation here"}]}"#, "no federation here"),
            (r#"{"data":null}"#, "neither data nor errors"),
            (r#"{"data":{"_service":{"sdl":7}}}"#, "can't be read"),
            ("<html>", "can't be read"),
        ] {
            let error = Sdl::from_reply(reply.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
