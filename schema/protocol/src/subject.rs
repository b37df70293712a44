//! Every subject of the protocol: written here and read here, nowhere else.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{GatewayId, NameError, SdlHash, ServiceName, SubgraphName, Token};

/// Why a subject is none of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Another number of tokens, or another first token.
    #[error("{subject:?} doesn't have the form {form}")]
    Form {
        /// The subject that was read.
        subject: String,
        /// The form that was expected.
        form: &'static str,
    },
    /// A token of it isn't what its place wants.
    #[error("{subject:?}: {source}")]
    Name {
        /// The subject that was read.
        subject: String,
        /// What is wrong with the token.
        #[source]
        source: NameError,
    },
}

/// Where announcements of all subgraphs are heard.
pub const ANNOUNCE_ALL: &str = "graphql.announce.*";

/// Where `name` announces that an instance has come or gone.
#[must_use]
pub fn announce(name: &SubgraphName) -> String {
    format!("graphql.announce.{name}")
}

/// Reads the subgraph's name from an announcement's subject.
///
/// # Errors
/// When the subject is no `graphql.announce.<name>`.
pub fn parse_announce(subject: &str) -> Result<SubgraphName, SubjectError> {
    match tokens(subject).as_slice() {
        ["graphql", "announce", name] => token(subject, name),
        _ => Err(form(subject, "graphql.announce.<name>")),
    }
}

/// `graphql.<name>` or `graphql.<name>.<token>`: where a subgraph's instances take queries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QuerySubject {
    /// The subgraph.
    pub name: SubgraphName,
    /// What separates instances with different SDLs; the kit takes [`SdlHash::short`].
    pub token: Option<Token>,
}

impl QuerySubject {
    /// The plain subject of a subgraph without the kit.
    #[must_use]
    pub fn plain(name: SubgraphName) -> Self {
        Self { name, token: None }
    }

    /// The subject that only instances with this very SDL share.
    #[must_use]
    pub fn pinned(name: SubgraphName, sdl: &SdlHash) -> Self {
        Self { name, token: Some(sdl.short()) }
    }
}

impl fmt::Display for QuerySubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "graphql.{}", self.name)?;
        self.token.as_ref().map_or(Ok(()), |token| write!(f, ".{token}"))
    }
}

impl FromStr for QuerySubject {
    type Err = SubjectError;

    fn from_str(subject: &str) -> Result<Self, SubjectError> {
        match tokens(subject).as_slice() {
            ["graphql", name] => Ok(Self::plain(token(subject, name)?)),
            ["graphql", name, last] => {
                Ok(Self { name: token(subject, name)?, token: Some(token(subject, last)?) })
            }
            _ => Err(form(subject, "graphql.<name>[.<token>]")),
        }
    }
}

/// `graphql.<name>.ctl.<instance>.<token>`: what one instance alone hears about one request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ControlSubject {
    /// The subgraph.
    pub name: SubgraphName,
    /// The instance.
    pub instance: Token,
    /// The token that the instance gave in `Graphql-Control`.
    pub token: Token,
}

impl ControlSubject {
    /// The one subscription that an instance has for all its tokens.
    #[must_use]
    pub fn all_of(name: &SubgraphName, instance: &Token) -> String {
        format!("graphql.{name}.ctl.{instance}.*")
    }
}

impl fmt::Display for ControlSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "graphql.{}.ctl.{}.{}", self.name, self.instance, self.token)
    }
}

impl FromStr for ControlSubject {
    type Err = SubjectError;

    fn from_str(subject: &str) -> Result<Self, SubjectError> {
        match tokens(subject).as_slice() {
            ["graphql", name, "ctl", instance, last] => Ok(Self {
                name: token(subject, name)?,
                instance: token(subject, instance)?,
                token: token(subject, last)?,
            }),
            _ => Err(form(subject, "graphql.<name>.ctl.<instance>.<token>")),
        }
    }
}

/// For whom a reply subject speaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReplyAddress {
    /// Only this subgraph may publish there, so what comes is its word.
    Subgraph(SubgraphName),
    /// Every subgraph may publish there: what comes is a hint.
    Any,
}

impl fmt::Display for ReplyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subgraph(name) => name.fmt(f),
            Self::Any => f.write_str("any"),
        }
    }
}

/// `_GQL.<name>.<gateway>.<random>`: where a gateway hears a reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReplySubject {
    /// Who may answer.
    pub from: ReplyAddress,
    /// Who hears it.
    pub gateway: GatewayId,
    /// One token for each send.
    pub token: Token,
}

impl ReplySubject {
    /// The one subscription that a gateway has for all replies.
    #[must_use]
    pub fn all_of(gateway: &GatewayId) -> String {
        format!("_GQL.*.{gateway}.>")
    }

    /// A subject that `name` may publish to and that nobody subscribes: the server's "no responders" comes back behind
    /// everything that it sent before, which makes it a fence.
    #[must_use]
    pub fn nobody(name: &SubgraphName, token: &Token) -> String {
        format!("_GQL.{name}._.{token}")
    }
}

impl fmt::Display for ReplySubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "_GQL.{}.{}.{}", self.from, self.gateway, self.token)
    }
}

impl FromStr for ReplySubject {
    type Err = SubjectError;

    fn from_str(subject: &str) -> Result<Self, SubjectError> {
        match tokens(subject).as_slice() {
            ["_GQL", from, gateway, last] => Ok(Self {
                from: match *from {
                    "any" => ReplyAddress::Any,
                    name => ReplyAddress::Subgraph(token(subject, name)?),
                },
                gateway: token(subject, gateway)?,
                token: token(subject, last)?,
            }),
            _ => Err(form(subject, "_GQL.<name>.<gateway>.<random>")),
        }
    }
}

/// `internal.<name>.<verb>`: a call between services that is no part of the graph.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InternalSubject {
    /// Who serves it.
    pub service: ServiceName,
    /// What it does.
    pub verb: Token,
}

impl fmt::Display for InternalSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "internal.{}.{}", self.service, self.verb)
    }
}

impl FromStr for InternalSubject {
    type Err = SubjectError;

    fn from_str(subject: &str) -> Result<Self, SubjectError> {
        match tokens(subject).as_slice() {
            ["internal", service, verb] => {
                Ok(Self { service: token(subject, service)?, verb: token(subject, verb)? })
            }
            _ => Err(form(subject, "internal.<name>.<verb>")),
        }
    }
}

/// `_INT.<name>.<caller>.<random>`: where the caller hears the answer to an internal call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InternalReply {
    /// Who answers.
    pub service: ServiceName,
    /// Who asked.
    pub caller: ServiceName,
    /// One token for each call.
    pub token: Token,
}

impl fmt::Display for InternalReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "_INT.{}.{}.{}", self.service, self.caller, self.token)
    }
}

impl FromStr for InternalReply {
    type Err = SubjectError;

    fn from_str(subject: &str) -> Result<Self, SubjectError> {
        match tokens(subject).as_slice() {
            ["_INT", service, caller, last] => Ok(Self {
                service: token(subject, service)?,
                caller: token(subject, caller)?,
                token: token(subject, last)?,
            }),
            _ => Err(form(subject, "_INT.<name>.<caller>.<random>")),
        }
    }
}

/// The inbox prefix of a client's own requests and JetStream acknowledgements: `_JS.<process>`.
#[must_use]
pub fn inbox_prefix(process: &str) -> String {
    format!("_JS.{process}")
}

/// What an id keeps of itself in a subject: all but `A-Za-z0-9_-` is percent-encoded, so that an id is one token.
const ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-');

/// Writes an id as one token of a subject.
#[must_use]
pub fn encode_id(id: &str) -> String {
    utf8_percent_encode(id, ID).to_string()
}

/// Reads an id back from a token. `None` when the token isn't what [`encode_id`] writes: one id has one token.
#[must_use]
pub fn decode_id(token: &str) -> Option<String> {
    let id = percent_decode_str(token).decode_utf8().ok()?;
    (encode_id(&id) == token).then(|| id.into_owned())
}

fn tokens(subject: &str) -> Vec<&str> {
    subject.split('.').collect()
}

fn token<T: FromStr<Err = NameError>>(subject: &str, token: &str) -> Result<T, SubjectError> {
    token.parse().map_err(|source| SubjectError::Name { subject: subject.to_owned(), source })
}

fn form(subject: &str, form: &'static str) -> SubjectError {
    SubjectError::Form { subject: subject.to_owned(), form }
}

#[cfg(test)]
mod tests;
