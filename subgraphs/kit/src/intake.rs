//! One queue subscription: takes messages until it is told to drain, then takes what is still on its way.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Message, Request, RequestErrorKind, Subscriber};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::unconstrained;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tributary_protocol::{ReplySubject, SubgraphName};

use crate::notices::Notices;
use crate::serve::random_token;

/// How many messages the server shall still deliver, in a form that it can't read.
///
/// async-nats forgets a subscription in the moment in which it tells the server, and what is on its way then is lost;
/// its `drain` forgets it after the next read, which isn't late enough either. `UNSUB <sid> <max>` with a maximum that
/// isn't reached keeps it. nats-server takes a maximum of more than nine digits for none at all and unsubscribes at
/// once, so the one side stops sending while the other still listens: exactly what draining is. Should a server
/// ever read the number, it goes on sending; the fence and the final unsubscription bound that.
const MORE_THAN_THE_SERVER_READS: u64 = 1_000_000_000_000;

/// How long the server may take for one answer.
const SERVER_TIME: Duration = Duration::from_secs(5);

/// A subscription that loses nothing when it ends.
pub(crate) struct Intake {
    client: Client,
    name: SubgraphName,
    subscriber: Subscriber,
}

impl Intake {
    pub(crate) fn new(client: Client, name: SubgraphName, subscriber: Subscriber) -> Self {
        Self { client, name, subscriber }
    }

    /// Passes each message to `accept`, which must not wait: a subscription that isn't read loses messages.
    pub(crate) async fn run(mut self, draining: CancellationToken, accept: impl Fn(Message)) {
        loop {
            tokio::select! {
                () = draining.cancelled() => break,
                message = self.subscriber.next() => match message {
                    Some(message) => accept(message),
                    None => return,
                },
            }
        }
        self.drain(accept).await;
    }

    async fn drain(&mut self, accept: impl Fn(Message)) {
        if let Err(error) = self.subscriber.unsubscribe_after(MORE_THAN_THE_SERVER_READS).await {
            tracing::warn!(%error, "the connection is closed: nothing to drain");
            return;
        }
        let fence = fence(&self.client, &self.name);
        tokio::pin!(fence);
        let passed = loop {
            tokio::select! {
                passed = &mut fence => break passed,
                Some(message) = self.subscriber.next() => accept(message),
            }
        };
        if !passed {
            tracing::warn!(
                "the server didn't confirm that it sends nothing more; a late request may be lost"
            );
        }
        // Whatever was delivered before the fence's answer is in the subscription's channel by now. Without
        // `unconstrained` tokio would call the channel empty when the task has used up its turn.
        while let Some(Some(message)) = unconstrained(self.subscriber.next()).now_or_never() {
            accept(message);
        }
        self.subscriber.unsubscribe().await.ok();
    }
}

/// Returns when the server has read everything that we sent, and everything has arrived that it sent before that; false
/// when it doesn't say so in time, or can't. The server answers a request that nobody hears by itself, on the same
/// connection, behind all that it had for us. async-nats's `flush` waits for the socket only.
pub(crate) async fn fence(client: &Client, name: &SubgraphName) -> bool {
    let nobody = ReplySubject::nobody(name, &random_token());
    let mut notices = Notices::of(client);
    let answer = while_connected(client, client.send_request(nobody.clone(), Request::new().timeout(None)));
    tokio::select! {
        biased;
        answer = answer => {
            matches!(answer, Some(Err(error)) if error.kind() == RequestErrorKind::NoResponders)
        }
        _ = notices.refusal(|refusal| refusal.subject == nobody) => false,
    }
}

/// Does what needs the server: until it is done, the server has had its time, or the connection is lost. async-nats
/// keeps what is asked of a server that is gone until it is back, and a process that stops must end.
pub(crate) async fn while_connected<T>(client: &Client, work: impl Future<Output = T>) -> Option<T> {
    let mut notices = Notices::of(client);
    if client.connection_state() == State::Disconnected {
        return None;
    }
    tokio::select! {
        biased;
        done = timeout(SERVER_TIME, work) => done.ok(),
        () = notices.disconnected() => None,
    }
}
