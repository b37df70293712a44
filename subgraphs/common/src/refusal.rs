//! What a client may read of an error: a message and a stable code in `extensions.code`.

use async_graphql::{Error, ErrorExtensions};

/// The codes that the shop's services use. Clients may depend on them; messages may change.
pub mod code {
    /// There is nothing of that name, or the caller may not know that there is.
    pub const NOT_FOUND: &str = "NOT_FOUND";
    /// The caller is known and isn't allowed this.
    pub const FORBIDDEN: &str = "FORBIDDEN";
    /// Only for those who are logged in.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// An argument's value is wrong; `extensions.field` says which, where one is to blame.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// The input is fine, but not as things stand: a taken name, a status that has moved on, no stock left.
    pub const CONFLICT: &str = "CONFLICT";
    /// Something that this service needs doesn't answer; the same request may work later.
    pub const SERVICE_UNAVAILABLE: &str = "SERVICE_UNAVAILABLE";
    /// A mistake of ours. The message says nothing; the log does.
    pub const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";
}

/// An error that a client may read. Resolvers return it, and `async-graphql` makes a GraphQL error of it.
///
/// It deliberately has no `Display`: everything with one becomes an [`async_graphql::Error`] *without* its code
/// by a blanket conversion. A service's own error type says `impl From<its::Error> for Refusal` once, and `?` does the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: &'static str,
    message: String,
    field: Option<String>,
}

impl Refusal {
    /// A refusal with a code that isn't one of the usual.
    pub fn new(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), field: None }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(code::NOT_FOUND, message)
    }

    /// The caller isn't allowed this.
    pub fn forbidden(message: impl Into<String>) -> Refusal {
        Refusal::new(code::FORBIDDEN, message)
    }

    /// Nobody is logged in.
    pub fn unauthenticated() -> Refusal {
        Refusal::new(code::UNAUTHENTICATED, "log in first")
    }

    /// A wrong value.
    pub fn bad_input(message: impl Into<String>) -> Refusal {
        Refusal::new(code::BAD_USER_INPUT, message)
    }

    /// Not as things stand.
    pub fn conflict(message: impl Into<String>) -> Refusal {
        Refusal::new(code::CONFLICT, message)
    }

    /// Something we need doesn't answer. The cause is logged, since the client is told nothing of it.
    pub fn unavailable(what: &str, cause: &dyn std::error::Error) -> Refusal {
        tracing::warn!(cause = %Chain(cause), "{what} does not answer");
        Refusal::new(code::SERVICE_UNAVAILABLE, format!("{what} does not answer, try again later"))
    }

    /// A mistake of ours. The cause is logged, since the client is told nothing of it.
    pub fn internal(cause: &dyn std::error::Error) -> Refusal {
        tracing::error!(cause = %Chain(cause), "a request failed");
        Refusal::new(code::INTERNAL_SERVER_ERROR, "something went wrong here")
    }

    /// Names the input field that is to blame (`price.currency`), for forms.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Refusal {
        self.field = Some(field.into());
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::new(refusal.message).extend_with(|_, extensions| {
            extensions.set("code", refusal.code);
            if let Some(field) = &refusal.field {
                extensions.set("field", field.as_str());
            }
        })
    }
}

/// An error with all its causes on one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_reaches_the_client() {
        let error: Error = Refusal::bad_input("a price is never negative").field("price.amount").into();
        assert_eq!(error.message, "a price is never negative");
        let extensions = error.extensions.expect("a refusal has extensions");
        assert_eq!(extensions.get("code"), Some(&"BAD_USER_INPUT".into()));
        assert_eq!(extensions.get("field"), Some(&"price.amount".into()));
    }

    #[test]
    fn a_mistake_of_ours_tells_the_client_nothing() {
        let error: Error = Refusal::internal(&std::io::Error::other("password authentication failed")).into();
        assert!(!error.message.contains("password"));
    }
}
