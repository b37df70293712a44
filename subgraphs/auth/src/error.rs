//! What can go wrong, what a client reads of it, and under which code.

use std::time::Duration;

use mongodb::error::ErrorKind;
use shop::Refusal;

/// A result whose error knows its code.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The e-mail is unknown or the password wrong; which of the two isn't told.
    #[error("the e-mail or the password is wrong")]
    InvalidCredentials,
    /// The refresh token is unknown, expired, used before, or its session has ended.
    #[error("the refresh token is not valid; log in again")]
    InvalidRefreshToken,
    /// Somebody registered this e-mail before.
    #[error("this e-mail is registered already")]
    EmailTaken,
    /// The e-mail isn't one.
    #[error(transparent)]
    InvalidEmail(#[from] crate::email::InvalidEmail),
    /// The password is too easy to guess.
    #[error("the password is too weak: {0}")]
    WeakPassword(&'static str),
    /// Too many failed attempts lately.
    #[error("too many attempts; try again in {} s", .retry_after.as_secs())]
    TooManyAttempts {
        /// When the next attempt is allowed.
        retry_after: Duration,
    },
    /// More passwords wait to be hashed than the deadline allows.
    #[error("the service is busy; try again")]
    Busy,
    /// No user has this id.
    #[error("there is no such user")]
    UserNotFound,
    /// An administrator tried to change their own role.
    #[error("nobody changes their own role")]
    OwnRole,

    /// MongoDB failed.
    #[error("the database failed")]
    Database(#[from] mongodb::error::Error),
    /// A token couldn't be signed.
    #[error("signing a token failed")]
    Signing(#[from] jsonwebtoken::errors::Error),
    /// A password couldn't be hashed.
    #[error("hashing a password failed")]
    Hashing(#[from] argon2::password_hash::Error),
    /// The cost of hashing isn't one that argon2 takes.
    #[error("the password cost is not valid")]
    Cost(#[from] argon2::Error),
    /// A blocking task ended without an answer.
    #[error("a background task failed")]
    Task(#[from] tokio::task::JoinError),
    /// The database holds something that this service never wrote.
    #[error("the database holds {0} that can't be read")]
    Corrupt(&'static str),
}

impl Error {
    /// Whether an attempt failed because of what was tried; all else is nobody's guess.
    pub fn is_wrong_guess(&self) -> bool {
        matches!(self, Error::InvalidCredentials | Error::EmailTaken)
    }
}

/// The codes that only this service uses.
mod code {
    pub const INVALID_CREDENTIALS: &str = "INVALID_CREDENTIALS";
    pub const INVALID_REFRESH_TOKEN: &str = "INVALID_REFRESH_TOKEN";
    pub const EMAIL_TAKEN: &str = "EMAIL_TAKEN";
    pub const INVALID_EMAIL: &str = "INVALID_EMAIL";
    pub const WEAK_PASSWORD: &str = "WEAK_PASSWORD";
    pub const TOO_MANY_ATTEMPTS: &str = "TOO_MANY_ATTEMPTS";
    pub const BUSY: &str = "BUSY";
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match &error {
            Error::InvalidCredentials => Refusal::new(code::INVALID_CREDENTIALS, message),
            Error::InvalidRefreshToken => Refusal::new(code::INVALID_REFRESH_TOKEN, message),
            Error::EmailTaken => Refusal::new(code::EMAIL_TAKEN, message).field("email"),
            Error::InvalidEmail(_) => Refusal::new(code::INVALID_EMAIL, message).field("email"),
            Error::WeakPassword(_) => Refusal::new(code::WEAK_PASSWORD, message).field("password"),
            Error::TooManyAttempts { .. } => Refusal::new(code::TOO_MANY_ATTEMPTS, message),
            Error::Busy => Refusal::new(code::BUSY, message),
            Error::UserNotFound => Refusal::not_found(message),
            Error::OwnRole => Refusal::forbidden(message),
            Error::Database(cause) if is_outage(cause) => Refusal::unavailable("the user database", cause),
            Error::Database(_)
            | Error::Signing(_)
            | Error::Hashing(_)
            | Error::Cost(_)
            | Error::Task(_)
            | Error::Corrupt(_) => Refusal::internal(&error),
        }
    }
}

/// Whether the same command may work later.
pub(crate) fn is_outage(error: &mongodb::error::Error) -> bool {
    matches!(
        error.kind.as_ref(),
        ErrorKind::Io(_) | ErrorKind::ServerSelection { .. } | ErrorKind::ConnectionPoolCleared { .. }
    )
}
