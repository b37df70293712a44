//! Watches whether the token that a connection was opened with stays good.
//!
//! By itself, not when the connection's turn comes: a client that reads nothing would otherwise be told later what it may
//! not hear any more.

use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::Operations;
use crate::{auth::Identity, gateway::Gateway};

/// Whom a connection's operations are run for.
pub(super) type Identities = watch::Receiver<Option<Arc<Identity>>>;

/// Ends what is subscribed whenever the client's token isn't good any more, for as long as the connection lasts.
pub(super) async fn watch(operations: Weak<Operations>, gateway: Arc<Gateway>, mut identities: Identities) {
    let authenticator = gateway.authenticator();
    loop {
        let identity = identities.borrow_and_update().clone();
        let good_and_bad = async {
            let Some(identity) = identity else { return std::future::pending().await };
            loop {
                let why = authenticator.refused(&identity).await;
                let Some(operations) = operations.upgrade() else { return };
                operations.refuse(&why);
                drop(operations);
                // It may be good again: what is known of revoked sessions was too old, and isn't any more.
                authenticator.accepted(&identity).await;
            }
        };
        tokio::select! {
            () = good_and_bad => return,
            changed = identities.changed() => if changed.is_err() { return },
        }
    }
}
