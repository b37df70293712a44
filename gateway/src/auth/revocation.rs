//! Which sessions were revoked.
//!
//! ```text
//! bucket ──▶ watch ──▶ Revocations ──▶ Session, one for each that has a token here ──▶ requests, connections
//! ```
//!
//! A request looks at its own session and at one flag of all, so it waits for nobody. A connection waits for its session
//! alone: nothing walks through all connections. An entry isn't taken back, it goes when its time is over; so what is
//! known of a bucket that can't be read any more, or was deleted, still holds.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};
use tributary_protocol::revocation;

mod bucket;
mod watch_bucket;

pub use watch_bucket::watch_bucket;

use crate::{
    config::RevocationConfig,
    error::{Code, GraphqlError},
};

/// A session that has tokens here.
#[derive(Debug)]
pub struct Session {
    key: String,
    revoked: AtomicBool,
    told: Notify,
}

/// What is known of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationState {
    /// It wasn't read yet.
    Unread,
    /// Everything that was in it when it could be read last.
    Read,
    /// The same, and it is older than `--revoked-max-age`.
    TooOld,
    /// It has more than `--max-revoked-sessions`.
    TooMany,
}

/// What `/health/ready` says of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevocationStatus {
    /// What is known of the bucket. Tokens are taken if it is `read`.
    pub state: RevocationState,
    /// Seconds since everything in the bucket was known; absent before it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<f64>,
    /// How many sessions are known to be revoked.
    pub sessions: usize,
}

/// The sessions that were revoked, as far as is known.
#[derive(Debug)]
pub struct Revocations {
    config: RevocationConfig,
    state: watch::Sender<RevocationState>,
    /// Whether the state is `Read`, for requests: those read a plain flag instead of a lock that all share.
    read: AtomicBool,
    /// Taken when a token is seen for the first time, and when the bucket tells something.
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    /// The keys of revoked sessions, and when their tokens have expired (`None`: nobody knows).
    revoked: HashMap<String, Option<Instant>>,
    /// Sessions that have a token here.
    sessions: HashMap<String, Weak<Session>>,
    /// At how many sessions those are looked for that have none any more.
    look_at: usize,
    /// When everything in the bucket was known.
    complete: Option<Instant>,
    tidied: Instant,
}

/// There are more than may be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

/// How often entries whose time is over are looked for.
const BETWEEN_TIDYINGS: Duration = Duration::from_secs(30);
/// The fewest sessions among which it is worth to look for those that have no token any more.
const FEW_SESSIONS: usize = 1024;

impl Session {
    /// Whether it was revoked.
    pub fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Acquire)
    }

    /// Resolves when it is.
    pub async fn revoked(&self) {
        // Made before the flag is read: it hears whoever sets that afterwards.
        let told = self.told.notified();
        if !self.is_revoked() {
            told.await;
        }
    }

    fn revoke(&self) {
        self.revoked.store(true, Ordering::Release);
        self.told.notify_waiters();
    }
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Session {}

impl Revocations {
    /// Nothing is known yet.
    pub fn new(config: RevocationConfig) -> Self {
        let known = Known {
            revoked: HashMap::new(),
            sessions: HashMap::new(),
            look_at: FEW_SESSIONS,
            complete: None,
            tidied: Instant::now(),
        };
        let state = watch::Sender::new(RevocationState::Unread);
        Self { config, state, read: AtomicBool::new(false), known: Mutex::new(known) }
    }

    /// The settings.
    pub fn config(&self) -> &RevocationConfig {
        &self.config
    }

    /// The session of a `sid`: the same for all of its tokens. An empty one names none.
    pub fn session(&self, sid: &str) -> Option<Arc<Session>> {
        let key = revocation::key(sid)?;
        let mut known = self.lock();
        if let Some(session) = known.sessions.get(&key).and_then(Weak::upgrade) {
            return Some(session);
        }
        let revoked = AtomicBool::new(known.revoked.contains_key(&key));
        let session = Arc::new(Session { key: key.clone(), revoked, told: Notify::new() });
        known.remember(key, &session);
        Some(session)
    }

    /// Whether a token of that session is taken.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, session: Option<&Session>) -> Result<(), GraphqlError> {
        if session.is_some_and(Session::is_revoked) {
            let message = "The session has ended; log in again";
            return Err(GraphqlError::new(Code::SessionRevoked, message));
        }
        if session.is_none() && !self.config.accept_without {
            let message = format!(
                "Invalid token: it has no claim {:?}, by which it could be revoked",
                self.config.claim
            );
            return Err(GraphqlError::new(Code::TokenInvalid, message));
        }
        if self.read.load(Ordering::Acquire) { Ok(()) } else { Err(self.unknown()) }
    }

    /// The state now and later.
    pub fn states(&self) -> watch::Receiver<RevocationState> {
        self.state.subscribe()
    }

    /// What is known, for people.
    pub fn status(&self) -> RevocationStatus {
        let known = self.lock();
        RevocationStatus {
            state: *self.state.borrow(),
            age_seconds: known.complete.map(|at| at.elapsed().as_secs_f64()),
            sessions: known.revoked.len(),
        }
    }

    fn unknown(&self) -> GraphqlError {
        let refuse = |message: &'static str| GraphqlError::new(Code::AuthUnavailable, message);
        match *self.state.borrow() {
            RevocationState::Unread | RevocationState::Read => {
                refuse("Tokens can't be verified right now: which sessions were revoked hasn't been read yet")
            }
            RevocationState::TooOld => {
                refuse("Tokens can't be verified right now: what is known of revoked sessions is older than --revoked-max-age")
                    .with("setting", "--revoked-max-age")
            }
            RevocationState::TooMany => {
                refuse("Tokens can't be verified right now: more sessions were revoked than --max-revoked-sessions")
                    .with("setting", "--max-revoked-sessions")
            }
        }
    }

    /// A session was revoked; its tokens have expired after `keep`.
    fn learn(&self, key: &str, keep: Option<Duration>) -> Result<(), TooMany> {
        // From now on, not from when it was written: clocks differ, and longer does no harm.
        let until = keep.and_then(|keep| Instant::now().checked_add(keep));
        let mut known = self.lock();
        if known.revoked.len() >= self.config.most && !known.revoked.contains_key(key) {
            known.tidy();
            if known.revoked.len() >= self.config.most {
                return Err(TooMany);
            }
        }
        // What is read again was learned before: its tokens expire no later for that.
        known.revoked.entry(key.to_owned()).or_insert(until);
        let session = known.sessions.get(key).and_then(Weak::upgrade);
        drop(known);
        if let Some(session) = session {
            session.revoke();
        }
        Ok(())
    }

    /// Everything that is in the bucket now was learned.
    fn complete(&self) {
        let mut known = self.lock();
        known.complete = Some(Instant::now());
        if known.tidied.elapsed() > BETWEEN_TIDYINGS {
            known.tidy();
        }
        drop(known);
        self.turn(RevocationState::Read);
    }

    fn turn(&self, to: RevocationState) {
        self.state.send_if_modified(|state| {
            let before = std::mem::replace(state, to);
            // Whoever is told of the state finds the flag so.
            self.read.store(to == RevocationState::Read, Ordering::Release);
            before != to
        });
    }

    /// Takes no more tokens when what is known is too old, for as long as it is polled.
    async fn grow_old(&self) -> std::convert::Infallible {
        let Some(most) = self.config.max_age else { return std::future::pending().await };
        let mut states = self.states();
        loop {
            // Nobody can drop the sender, which is ours.
            drop(states.wait_for(|state| *state == RevocationState::Read).await);
            let complete = self.lock().complete.unwrap_or_else(Instant::now);
            sleep_until(complete + most).await;
            if self.lock().complete.is_some_and(|at| at.elapsed() >= most) {
                tracing::error!(
                    code = "REVOCATIONS_TOO_OLD",
                    "what is known of revoked sessions is older than --revoked-max-age: tokens are refused"
                );
                self.turn(RevocationState::TooOld);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn remember(&mut self, key: String, session: &Arc<Session>) {
        if self.sessions.len() >= self.look_at {
            self.sessions.retain(|_, session| session.strong_count() > 0);
            self.look_at = (self.sessions.len() * 2).max(FEW_SESSIONS);
        }
        self.sessions.insert(key, Arc::downgrade(session));
    }

    fn tidy(&mut self) {
        let now = Instant::now();
        self.revoked.retain(|_, until| until.is_none_or(|until| until > now));
        self.tidied = now;
    }
}

#[cfg(test)]
mod tests;
