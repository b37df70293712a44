//! What becomes of operations when a token isn't good any more, or a fresh one comes.
//!
//! Tokens are watched by tasks of their own, not when the connection's turn comes: a client that reads nothing would
//! otherwise be told later what it may not hear any more.

use std::sync::{Arc, Weak};

use super::{AbortOnDrop, Operations, Running, State, Who, Work};
use crate::{auth::Identity, error::GraphqlError, gateway::Gateway, subscription::Joined};

/// Watches a token, for as long as something runs with it.
pub(super) struct Guard {
    identity: Arc<Identity>,
    _task: AbortOnDrop,
}

impl Operations {
    /// From now on it is somebody else who asks, or the same one with a newer token. Subscriptions go on from where
    /// they are, if they still may.
    pub(in crate::http) async fn renew(self: &Arc<Self>, identity: Arc<Identity>) {
        let (who, subscribed) = {
            let mut state = self.lock();
            let who = Arc::new(state.who.with(identity));
            state.who = who.clone();
            state.running.iter_mut().for_each(|running| running.who = who.clone());
            self.guard(&mut state, &who);
            (who, state.subscribed(|_| true))
        };
        for joined in subscribed {
            let caller = who.caller(self.gateway.config());
            self.gateway.hub().renew(&joined, caller, who.facts()).await;
        }
    }

    /// Watches the token of a caller for whom something runs from now on.
    pub(super) fn guard(self: &Arc<Self>, state: &mut State, who: &Who) {
        let State { running, guards, .. } = state;
        guards.retain(|guard| {
            has(who, &guard.identity) || running.iter().any(|running| has(&running.who, &guard.identity))
        });
        if let Some(identity) = &who.identity
            && !guards.iter().any(|guard| Arc::ptr_eq(&guard.identity, identity))
        {
            let watching = watch(Arc::downgrade(self), self.gateway.clone(), identity.clone());
            let task = AbortOnDrop(Some(tokio::spawn(watching).abort_handle()));
            guards.push(Guard { identity: identity.clone(), _task: task });
        }
    }

    /// A token isn't good any more: what is subscribed with it ends, and tells from where it can be gone on.
    fn refuse(&self, identity: &Arc<Identity>, why: &GraphqlError) {
        let subscribed = self.lock().subscribed(|who| has(who, identity));
        subscribed.iter().for_each(|joined| joined.fail(why.clone()));
    }

    /// Whether somebody still may ask.
    pub(super) fn check(&self, who: &Who) -> Result<(), GraphqlError> {
        match &who.identity {
            Some(identity) => self.gateway.authenticator().check(identity),
            None => Ok(()),
        }
    }

    pub(super) fn end_if_refused(&self, joined: &Arc<Joined>, who: &Who) {
        if let Err(refusal) = self.check(who) {
            joined.fail(refusal);
        }
    }
}

impl State {
    /// The subscriptions of those callers.
    fn subscribed(&self, whose: impl Fn(&Who) -> bool) -> Vec<Arc<Joined>> {
        let of = |running: &Running| match &running.work {
            Work::Subscribed { joined, .. } if whose(&running.who) => Some(joined.clone()),
            _ => None,
        };
        self.running.iter().filter_map(of).collect()
    }
}

/// Whether that is a caller's token.
fn has(who: &Who, identity: &Arc<Identity>) -> bool {
    who.identity.as_ref().is_some_and(|known| Arc::ptr_eq(known, identity))
}

/// Ends what is subscribed with a token whenever that isn't good any more.
async fn watch(operations: Weak<Operations>, gateway: Arc<Gateway>, identity: Arc<Identity>) {
    let authenticator = gateway.authenticator();
    loop {
        let why = authenticator.refused(&identity).await;
        let Some(operations) = operations.upgrade() else { return };
        operations.refuse(&identity, &why);
        drop(operations);
        // It may be good again: what is known of revoked sessions was too old, and isn't any more.
        authenticator.accepted(&identity).await;
    }
}
