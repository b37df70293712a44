//! What a connection says besides messages: what the server refuses, and that it is gone.
//!
//! async-nats tells this to a callback alone, which is set before there is a client, and a [`Client`] carries nothing of
//! ours. So [`crate::connect`] writes down where the callback of each client passes its news on to. A client that was
//! connected in another way has no news: what the server refuses it stays in async-nats's log.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_nats::{Client, Event, ServerError, Statistics};
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

/// How many notices a listener may be behind. They are rare, and listeners do nothing else.
const CAPACITY: usize = 256;

/// The clients that [`crate::connect`] made. Locked to look something up, never across an `.await`.
static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

/// All clones of a client share its statistics, and no two clients do: they are what tells clients apart.
struct Known {
    client: Weak<Statistics>,
    news: Sender<Notice>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    Refused(Refusal),
    Disconnected,
}

/// A subject that the server doesn't let this process use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) right: Right,
    pub(crate) subject: String,
}

/// What can be done with a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    Subscribe,
    Publish,
}

/// Where a client's callback puts its news.
pub(crate) fn channel() -> Sender<Notice> {
    broadcast::channel(CAPACITY).0
}

/// Remembers where a client's news go.
pub(crate) fn register(client: &Client, news: Sender<Notice>) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|known| known.client.strong_count() > 0);
    known.push(Known { client: Arc::downgrade(&client.statistics()), news });
}

impl Notice {
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Disconnected | Event::Closed => Some(Self::Disconnected),
            Event::ServerError(ServerError::Other(text)) => Refusal::parse(text).map(Self::Refused),
            _ => None,
        }
    }
}

impl Refusal {
    /// Reads nats-server's `Permissions Violation for Subscription to "graphql.a" using queue "q"`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("Permissions Violation for ")?;
        let (what, rest) = text.split_once(" to \"")?;
        let right = match what {
            "Subscription" => Right::Subscribe,
            "Publish" => Right::Publish,
            _ => return None,
        };
        Some(Self { right, subject: rest.split_once('"')?.0.to_owned() })
    }
}

/// A client's news from now on.
pub(crate) struct Notices(Option<Receiver<Notice>>);

impl Notices {
    pub(crate) fn of(client: &Client) -> Self {
        let client = client.statistics();
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|known| known.client.as_ptr() == Arc::as_ptr(&client));
        Self(found.map(|known| known.news.subscribe()))
    }

    /// The next refusal that matters; for ever if there is none.
    pub(crate) async fn refusal(&mut self, matters: impl Fn(&Refusal) -> bool) -> Refusal {
        loop {
            if let Notice::Refused(refusal) = self.next().await
                && matters(&refusal)
            {
                return refusal;
            }
        }
    }

    pub(crate) async fn disconnected(&mut self) {
        while self.next().await != Notice::Disconnected {}
    }

    async fn next(&mut self) -> Notice {
        while let Some(news) = &mut self.0 {
            match news.recv().await {
                Ok(notice) => return notice,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => self.0 = None,
            }
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read() {
        let refusal = |right, subject: &str| Some(Refusal { right, subject: subject.to_owned() });
        for (text, expected) in [
            (
                "Permissions Violation for Subscription to \"graphql.a.0\" using queue \"q\"",
                refusal(Right::Subscribe, "graphql.a.0"),
            ),
            ("Permissions Violation for Subscription to \"$SRV.*\"", refusal(Right::Subscribe, "$SRV.*")),
            (
                "Permissions Violation for Publish to \"internal.a.b\"",
                refusal(Right::Publish, "internal.a.b"),
            ),
            ("Permissions Violation for Subscription", None),
            ("Maximum Payload Violation", None),
        ] {
            assert_eq!(Refusal::parse(text), expected, "{text}");
        }
    }
}
