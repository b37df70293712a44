//! Whether somebody who was identified still may ask, for connections that outlast a request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::{sync::watch, time::sleep};

use super::{Authenticator, Identity, RevocationState};
use crate::error::{Code, GraphqlError};

impl Authenticator {
    /// Whether a token that was verified is still good.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, identity: &Identity) -> Result<(), GraphqlError> {
        if self.lasts(identity).is_zero() {
            let message = "The token has expired; bring a fresh one to go on";
            return Err(GraphqlError::new(Code::TokenExpired, message));
        }
        self.check_session(identity)
    }

    /// Resolves when the token isn't good any more, with the reason.
    pub async fn refused(&self, identity: &Identity) -> GraphqlError {
        loop {
            // Before the check: what changes after it is heard.
            let mut states = self.states();
            if let Err(refusal) = self.check(identity) {
                return refusal;
            }
            let revoked = async {
                match &identity.session {
                    Some(session) => session.revoked().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep(self.lasts(identity)) => {}
                () = revoked => {}
                () = changed(&mut states) => {}
            }
        }
    }

    /// Resolves when the token is good, again if need be.
    pub async fn accepted(&self, identity: &Identity) {
        loop {
            let mut states = self.states();
            if self.check(identity).is_ok() {
                return;
            }
            changed(&mut states).await;
        }
    }

    /// How long it lasts, if its session does.
    fn lasts(&self, identity: &Identity) -> Duration {
        let good_until = Duration::from_secs(identity.expires).saturating_add(self.config.leeway);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        good_until.saturating_sub(now)
    }

    fn states(&self) -> Option<watch::Receiver<RevocationState>> {
        self.revocations.as_ref().map(|revocations| revocations.states())
    }
}

/// Resolves when something else is known of the bucket, where there is one.
async fn changed(states: &mut Option<watch::Receiver<RevocationState>>) {
    let heard = match states {
        Some(states) => states.changed().await.is_ok(),
        None => false,
    };
    if !heard {
        std::future::pending::<()>().await;
    }
}
