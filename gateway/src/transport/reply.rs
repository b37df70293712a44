//! What a message on a reply subject means.

use std::sync::Arc;

use async_nats::{Message, StatusCode};
use tributary_protocol::parts::PartNumber;
use tributary_protocol::{Failure, Token, header};

/// One message, read as far as its headers go.
pub(super) enum Reply {
    /// An execution result, whole.
    Whole,
    /// A part of one.
    Part(PartNumber),
    /// The instance took the first part of a request and says where it hears the others.
    Control { instance: Token, token: Token },
    /// The server: nobody listens on the subject.
    NoResponders,
    /// The instance has no execution result to give.
    Failure(Failure),
    /// Not what the protocol permits.
    Bad(String),
}

impl Reply {
    pub(super) fn of(message: &Message) -> Self {
        // Only the server writes a status; it has no payload then.
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Reply::NoResponders;
        }
        let Some(headers) = &message.headers else { return Reply::of_payload(message) };
        if let Some(failure) = Failure::from_headers(headers) {
            return Reply::Failure(failure);
        }
        if let Some(token) = header::get(headers, header::CONTROL) {
            return match (header::get(headers, header::INSTANCE).map(Token::new), Token::new(token)) {
                (Some(Ok(instance)), Ok(token)) => Reply::Control { instance, token },
                _ => Reply::Bad("a control token or an instance that can't be part of a subject".to_owned()),
            };
        }
        match PartNumber::from_headers(Some(headers)) {
            Ok(Some(number)) => Reply::Part(number),
            Ok(None) => Reply::of_payload(message),
            Err(error) => Reply::Bad(error.to_string()),
        }
    }

    fn of_payload(message: &Message) -> Self {
        if is_object(&message.payload) { Reply::Whole } else { Reply::Bad("not a JSON object".to_owned()) }
    }
}

/// Whether it starts like a JSON object: the rest is read only once, when the result is merged.
pub(super) fn is_object(payload: &[u8]) -> bool {
    payload.trim_ascii_start().first() == Some(&b'{')
}

/// Which instance answers, where it says so.
pub(super) fn instance(message: &Message) -> Option<Arc<str>> {
    header::get(message.headers.as_ref()?, header::INSTANCE).map(Arc::from)
}
