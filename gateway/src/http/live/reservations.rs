//! Event streams that clients reserve, open, and then ask their operations for: the "single connection mode" of
//! GraphQL over server-sent events.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::time::timeout;

use super::{Operations, StreamForm, Who};
use crate::{
    error::{Code, GraphqlError},
    gateway::Gateway,
};

/// All streams that are reserved or open at this gateway.
pub(in crate::http) struct Reservations {
    gateway: Arc<Gateway>,
    /// By their tokens.
    streams: Mutex<HashMap<Box<str>, Reserved>>,
}

struct Reserved {
    /// They run for whoever asked for them; the stream's owner is who reserved it.
    operations: Arc<Operations>,
    opened: bool,
}

/// A stream that is open. When this is dropped it is over: its token means nothing any more.
pub(in crate::http) struct Opened {
    reservations: Arc<Reservations>,
    token: Box<str>,
}

impl Reservations {
    pub(in crate::http) fn new(gateway: Arc<Gateway>) -> Arc<Self> {
        Arc::new(Self { gateway, streams: Mutex::default() })
    }

    /// Reserves a stream, and gives out its token. It is kept for a while only, unless it is opened.
    ///
    /// # Errors
    /// Where there are too many.
    pub(in crate::http) fn reserve(self: &Arc<Self>, who: Who) -> Result<Box<str>, GraphqlError> {
        let most = self.gateway.config().subscriptions.event_streams;
        // From a generator that is made for secrets: whoever has the token may open the stream.
        let token: Box<str> = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()).into();
        let operations = Operations::new(self.gateway.clone(), who, StreamForm::Shared.name());
        let mut streams = self.lock();
        if streams.len() >= most {
            let what = "The number of event streams that are reserved or open";
            return Err(GraphqlError::limit(
                Code::Overloaded,
                what,
                None,
                most as u64,
                "--max-event-streams",
            ));
        }
        streams.insert(token.clone(), Reserved { operations, opened: false });
        drop(streams);
        tokio::spawn(self.clone().expire(token.clone()));
        Ok(token)
    }

    async fn expire(self: Arc<Self>, token: Box<str>) {
        let wait = self.gateway.config().subscriptions.event_stream_wait;
        drop(timeout(wait, self.gateway.ending().cancelled()).await);
        let unopened = {
            let mut streams = self.lock();
            let is_unopened = streams.get(&token).is_some_and(|reserved| !reserved.opened);
            is_unopened.then(|| streams.remove(&token)).flatten()
        };
        if let Some(reserved) = unopened {
            reserved.operations.close();
        }
    }

    /// Opens a reserved stream. Whoever has the token may, but for those who show that they are somebody else: browsers
    /// send an `EventSource` without any header of the page's.
    ///
    /// # Errors
    /// Where there is no such stream, or it is open.
    pub(in crate::http) fn open(
        self: &Arc<Self>,
        token: &str,
        who: &Who,
    ) -> Result<(Arc<Operations>, Opened), GraphqlError> {
        let mut streams = self.lock();
        let reserved = streams.get_mut(token).ok_or_else(|| self.not_found())?;
        if who.identity.is_some() && !who.is(&reserved.operations.who()) {
            return Err(self.not_found());
        }
        if std::mem::replace(&mut reserved.opened, true) {
            let message = "This event stream is open already; reserve another one by PUT";
            return Err(GraphqlError::new(Code::EventStreamOpen, message));
        }
        let opened = Opened { reservations: self.clone(), token: token.into() };
        Ok((reserved.operations.clone(), opened))
    }

    /// The operations of a stream that who asks has reserved.
    ///
    /// # Errors
    /// Where there is no such stream.
    pub(in crate::http) fn find(&self, token: &str, who: &Who) -> Result<Arc<Operations>, GraphqlError> {
        let streams = self.lock();
        let reserved = streams.get(token).filter(|reserved| who.is(&reserved.operations.who()));
        reserved.map(|reserved| reserved.operations.clone()).ok_or_else(|| self.not_found())
    }

    fn not_found(&self) -> GraphqlError {
        let wait = self.gateway.config().subscriptions.event_stream_wait;
        let message = format!(
            "No event stream that you reserved has this token here: it has ended, wasn't opened within {wait:?} \
             (--event-stream-wait), is somebody else's, or is at another gateway. Reserve one by PUT, and send all \
             requests of a stream to the same gateway"
        );
        GraphqlError::new(Code::EventStreamNotFound, message).with("setting", "--event-stream-wait")
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Reserved>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let reserved = self.reservations.lock().remove(&self.token);
        if let Some(reserved) = reserved {
            reserved.operations.close();
        }
    }
}
