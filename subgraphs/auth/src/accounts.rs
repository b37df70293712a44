//! What auth does: registering, logging in and out, continuing sessions, giving roles.

use chrono::{DateTime, Utc};
use shop::Role;
use uuid::Uuid;

use crate::email::Email;
use crate::error::{Error, Result};
use crate::password::{Passwords, check_strength};
use crate::store::{NewUser, Redeemed, RefreshToken, Session, Store, User};
use crate::throttle::Throttle;
use crate::token::Tokens;

/// Where a request comes from, as far as that is known.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The client's address.
    pub address: Option<String>,
    /// The client's `User-Agent`.
    pub agent: Option<String>,
}

/// What a client gets when it logs in or continues.
pub struct Grant {
    /// For the gateway, a few minutes long.
    pub access_token: String,
    /// For one `refresh`.
    pub refresh_token: String,
    /// When the access token expires.
    pub expires_at: DateTime<Utc>,
    /// Who logged in.
    pub user: User,
}

/// The accounts of all users.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    passwords: Passwords,
    tokens: Tokens,
    throttle: Throttle,
}

impl Accounts {
    /// Accounts kept in `store`.
    pub fn new(store: Store, passwords: Passwords, tokens: Tokens) -> Self {
        let throttle = Throttle::new(store.attempts.clone());
        Self { store, passwords, tokens, throttle }
    }

    /// Registers a customer and logs them in. Attempts count, since a refusal tells who is registered.
    pub async fn register(&self, email: &str, password: &str, origin: Origin) -> Result<Grant> {
        let now = Utc::now();
        let email = Email::parse(email)?;
        check_strength(password, &email)?;
        let insert = async {
            let password = self.passwords.hash(password).await?;
            self.store.users.insert(NewUser { email: &email, password, role: Role::Customer }, now).await
        };
        let user = self.throttle.attempt(&Throttle::registration(&origin), now, insert).await?;
        self.begin_session(user, origin, now).await
    }

    /// Logs in. Unknown users cost the same time as wrong passwords.
    pub async fn login(&self, email: &str, password: &str, origin: Origin) -> Result<Grant> {
        let now = Utc::now();
        // What is no e-mail address is nobody's; it needs no place among the counters.
        let email = Email::parse(email).map_err(|_| Error::InvalidCredentials)?;
        let check = self.check_password(&email, password);
        let user = self.throttle.attempt(&Throttle::login(&email, &origin), now, check).await?;
        self.begin_session(user, origin, now).await
    }

    /// Continues a session: the refresh token is used up and replaced. The role is read again, so
    /// that a change of role holds from here on.
    pub async fn refresh(&self, token: &str) -> Result<Grant> {
        let now = Utc::now();
        let token = RefreshToken::parse(token)?;
        match self.store.sessions.redeem(&token, now).await? {
            Redeemed::Rotated(session, next) => {
                let user = self.store.users.by_id(session.user).await?.ok_or(Error::InvalidRefreshToken)?;
                self.grant(user, session, next, now)
            }
            Redeemed::Reused(session) => {
                tracing::warn!(session = %session.id, user = %session.user, "a refresh token was used twice, so its session ended");
                Err(Error::InvalidRefreshToken)
            }
            Redeemed::Invalid => Err(Error::InvalidRefreshToken),
        }
    }

    /// Ends the session of the access token, the session of the refresh token, or both.
    pub async fn logout(&self, session: Option<Uuid>, refresh_token: Option<&str>) -> Result<()> {
        let now = Utc::now();
        if let Some(text) = refresh_token {
            let token = RefreshToken::parse(text)?;
            let of_token = self.store.sessions.of_token(&token).await?.ok_or(Error::InvalidRefreshToken)?;
            self.store.sessions.end(of_token.id, now).await?;
        }
        if let Some(session) = session {
            self.store.sessions.end(session, now).await?;
        }
        Ok(())
    }

    /// Gives `user` another role. Nobody changes their own, so the last admin stays one.
    pub async fn set_role(&self, admin: Uuid, user: Uuid, role: Role) -> Result<User> {
        if admin == user {
            return Err(Error::OwnRole);
        }
        let changed = self.store.users.set_role(user, role).await?.ok_or(Error::UserNotFound)?;
        tracing::info!(%admin, %user, role = role.as_str(), "a user's role changed");
        Ok(changed)
    }

    /// Makes sure that the user of `email` is an admin with this password: registers them, or
    /// changes the one there is and ends their sessions.
    pub async fn create_admin(&self, email: &str, password: &str) -> Result<User> {
        let now = Utc::now();
        let email = Email::parse(email)?;
        check_strength(password, &email)?;
        let new =
            NewUser { email: &email, password: self.passwords.hash(password).await?, role: Role::Admin };
        if let Some(user) = self.store.users.replace(&new).await? {
            self.store.sessions.end_all(user.id, now).await?;
            return Ok(user);
        }
        self.store.users.insert(new, now).await
    }

    async fn check_password(&self, email: &Email, password: &str) -> Result<User> {
        let known = self.store.users.by_email(email).await?;
        let stored = known.as_ref().map(|(_, hash)| hash.as_str());
        let right = self.passwords.verify(password, stored).await?;
        known.filter(|_| right).map(|(user, _)| user).ok_or(Error::InvalidCredentials)
    }

    async fn begin_session(&self, user: User, origin: Origin, now: DateTime<Utc>) -> Result<Grant> {
        let (session, token) = self.store.sessions.begin(user.id, origin.address, origin.agent, now).await?;
        self.grant(user, session, token, now)
    }

    fn grant(&self, user: User, session: Session, token: RefreshToken, now: DateTime<Utc>) -> Result<Grant> {
        let (access_token, expires_at) = self.tokens.sign(session, user.role, now)?;
        Ok(Grant { access_token, refresh_token: token.reveal(), expires_at, user })
    }
}
