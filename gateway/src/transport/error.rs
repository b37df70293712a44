//! What can go wrong between the gateway and a subgraph.

use std::sync::Arc;

/// Why a fetch has no reply. [`Display`](std::fmt::Display) is for logs; a client reads
/// [`FetchError::code`] and [`FetchError::client_message`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("subgraph \"{subgraph}\": {kind}")]
pub struct FetchError {
    /// The subgraph that was asked.
    pub subgraph: Arc<str>,
    /// What happened.
    pub kind: FetchErrorKind,
}

/// The ways in which a fetch fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// No instance of the subgraph is known.
    #[error("no instance is known")]
    Unavailable,
    /// Nothing was executed. With [`NotExecuted::NoResponders`] the caller may plan again on the live
    /// schema and send once more, a mutation too.
    #[error("not executed: {0}")]
    NotExecuted(NotExecuted),
    /// The deadline passed. Only for queries, and for mutations that surely weren't executed.
    #[error("no answer before the deadline")]
    Timeout,
    /// A mutation was sent and not answered: it may have been executed or not.
    #[error("a mutation was sent and not answered ({0}): whether it was executed isn't known")]
    OutcomeUnknown(&'static str),
    /// The reply breaks the protocol.
    #[error("bad reply: {0}")]
    BadReply(String),
    /// A request or a reply is larger than something permits.
    #[error("{what} of {size} bytes exceeds {limit} bytes ({setting})")]
    TooLarge {
        /// `request` or `reply`.
        what: &'static str,
        /// Its size, or what is known of it.
        size: usize,
        /// The limit.
        limit: usize,
        /// The setting to change.
        setting: &'static str,
    },
    /// The instance takes no request of this size; its own words are for logs.
    #[error("the instance refuses the request as too large: {0}")]
    TooLargeForInstance(String),
    /// The connection to NATS is down.
    #[error("the connection to NATS is down")]
    Disconnected,
    /// The NATS client dropped messages, and the reply may have been among them.
    #[error("messages from NATS were dropped; the reply may have been among them")]
    RepliesLost,
    /// The server refuses this gateway its replies.
    #[error("the NATS server refuses this gateway the subscription for replies")]
    NoRights,
    /// The instance calls the request malformed, or failed without a GraphQL answer.
    #[error("status {status}: {text}")]
    Failed {
        /// `Nats-Service-Error-Code`.
        status: u16,
        /// `Nats-Service-Error`; for logs.
        text: String,
    },
}

/// Why a request surely wasn't executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotExecuted {
    /// Nobody subscribes to the subject (any more).
    #[error("no instance listens on the subject")]
    NoResponders,
    /// The instances that were asked are at their limit of concurrent requests.
    #[error("the instances are busy")]
    Busy,
}

impl FetchError {
    /// The stable code for `extensions.code`.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            FetchErrorKind::Unavailable | FetchErrorKind::NotExecuted(NotExecuted::NoResponders) => {
                "SUBGRAPH_UNAVAILABLE"
            }
            FetchErrorKind::NotExecuted(NotExecuted::Busy) => "SUBGRAPH_BUSY",
            FetchErrorKind::Timeout => "SUBGRAPH_TIMEOUT",
            FetchErrorKind::OutcomeUnknown(_) => "OUTCOME_UNKNOWN",
            FetchErrorKind::BadReply(_) => "BAD_REPLY",
            FetchErrorKind::TooLarge { .. } | FetchErrorKind::TooLargeForInstance(_) => "PAYLOAD_TOO_LARGE",
            FetchErrorKind::Disconnected | FetchErrorKind::NoRights => "NATS_UNAVAILABLE",
            FetchErrorKind::RepliesLost => "REPLIES_LOST",
            FetchErrorKind::Failed { .. } => "SUBGRAPH_FAILED",
        }
    }

    /// What a client may read: no text that an instance wrote.
    pub fn client_message(&self) -> String {
        let name = &self.subgraph;
        match &self.kind {
            FetchErrorKind::Unavailable | FetchErrorKind::NotExecuted(NotExecuted::NoResponders) => {
                format!("The subgraph \"{name}\" is unavailable.")
            }
            FetchErrorKind::NotExecuted(NotExecuted::Busy) => format!("The subgraph \"{name}\" is busy."),
            FetchErrorKind::Timeout => format!("The subgraph \"{name}\" didn't answer in time."),
            FetchErrorKind::OutcomeUnknown(_) => format!(
                "The subgraph \"{name}\" didn't answer; whether the mutation was executed isn't known."
            ),
            FetchErrorKind::BadReply(_) => format!("The subgraph \"{name}\" sent an invalid reply."),
            FetchErrorKind::TooLarge { what, limit, setting, .. } => format!(
                "The {what} exchanged with the subgraph \"{name}\" exceeds {limit} bytes ({setting})."
            ),
            FetchErrorKind::TooLargeForInstance(_) => {
                format!("The request is larger than the subgraph \"{name}\" takes.")
            }
            FetchErrorKind::Disconnected | FetchErrorKind::NoRights => {
                "The connection to the subgraphs is down.".to_owned()
            }
            FetchErrorKind::RepliesLost => format!("The reply of the subgraph \"{name}\" was lost."),
            FetchErrorKind::Failed { .. } => format!("The subgraph \"{name}\" failed."),
        }
    }

    /// The setting that would permit what was refused, where there is one.
    pub fn setting(&self) -> Option<&'static str> {
        match self.kind {
            FetchErrorKind::TooLarge { setting, .. } => Some(setting),
            _ => None,
        }
    }

    /// Whether nobody listened: the caller may look for the subgraph's replacement and send again.
    pub fn no_responders(&self) -> bool {
        self.kind == FetchErrorKind::NotExecuted(NotExecuted::NoResponders)
    }
}
