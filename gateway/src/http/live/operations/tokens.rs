//! What becomes of operations when a token expires, or a fresh one comes.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{Operations, Running, Who, Work};
use crate::{
    auth::Identity,
    error::{Code, GraphqlError},
};

impl Operations {
    /// From now on it is somebody else who asks, or the same one with a newer token. Subscriptions go on from where
    /// they are, if they still may.
    pub(in crate::http) async fn renew(&self, identity: Arc<Identity>) {
        let (who, subscribed) = {
            let mut state = self.lock();
            let who = Arc::new(state.who.with(identity));
            state.who = who.clone();
            let mut subscribed = Vec::new();
            for running in &mut state.running {
                running.who = who.clone();
                if let Work::Subscribed { joined, expired, .. } = &mut running.work {
                    *expired = false;
                    subscribed.push(joined.clone());
                }
            }
            (who, subscribed)
        };
        self.tokens.notify_one();
        for joined in subscribed {
            let caller = who.caller(self.gateway.config());
            self.gateway.hub().renew(&joined, caller, who.facts()).await;
        }
    }

    /// Ends each subscription when the token has expired with which it was asked for; it is told from where it can be
    /// gone on. Only one may watch.
    pub(in crate::http) async fn watch_tokens(&self) -> Infallible {
        loop {
            match self.next_expiry() {
                Some(left) if left.is_zero() => self.expire(),
                Some(left) => drop(tokio::time::timeout(left, self.tokens.notified()).await),
                None => self.tokens.notified().await,
            }
        }
    }

    /// How long it is until the first token of a subscription has expired; `None`: for ever.
    fn next_expiry(&self) -> Option<Duration> {
        let state = self.lock();
        let lasting = |running: &Running| match running.work {
            Work::Subscribed { expired: false, .. } => self.good_for(&running.who),
            _ => None,
        };
        state.running.iter().filter_map(lasting).min()
    }

    fn expire(&self) {
        let mut state = self.lock();
        let mut over = Vec::new();
        for Running { who, work, .. } in &mut state.running {
            if let Work::Subscribed { joined, expired, .. } = work
                && self.good_for(who).is_some_and(|left| left.is_zero())
                && !std::mem::replace(expired, true)
            {
                over.push(joined.clone());
            }
        }
        drop(state);
        over.iter().for_each(|joined| joined.fail(expired()));
    }

    /// How long a caller's token is good for; `None`: for ever, since it has none.
    pub(super) fn good_for(&self, who: &Who) -> Option<Duration> {
        let expires = who.identity.as_ref()?.expires;
        let good_until = Duration::from_secs(expires) + self.gateway.authenticator().leeway();
        Some(good_until.saturating_sub(now()))
    }
}

pub(super) fn expired() -> GraphqlError {
    GraphqlError::new(Code::TokenExpired, "The token has expired; bring a fresh one to go on")
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
