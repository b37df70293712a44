//! Every subscription of an instance, and the rights that it needs.

use async_nats::{Client, Subscriber};
use tributary_protocol::{QUEUE_GROUP, SubgraphName, subject};

use crate::ServeError;
use crate::notices::{Notices, Refusal, Right};

/// Subscribes, and remembers to what: a refusal comes later, and names the subject alone.
pub(crate) struct Subscriptions {
    client: Client,
    name: SubgraphName,
    subjects: Vec<String>,
    notices: Notices,
}

impl Subscriptions {
    /// None yet. Refusals are heard from here on.
    pub(crate) fn new(client: Client, name: SubgraphName) -> Self {
        let notices = Notices::of(&client);
        Self { client, name, subjects: Vec::new(), notices }
    }

    /// For what every instance hears.
    pub(crate) async fn everyone(&mut self, subject: String) -> Result<Subscriber, ServeError> {
        let subscribed = self.client.subscribe(subject.clone()).await;
        self.remember(subject, subscribed)
    }

    /// For what one of the instances hears.
    pub(crate) async fn one_of_us(&mut self, subject: String) -> Result<Subscriber, ServeError> {
        let subscribed = self.client.queue_subscribe(subject.clone(), QUEUE_GROUP.to_owned()).await;
        self.remember(subject, subscribed)
    }

    /// Returns when the server refuses what the instance can't do without.
    ///
    /// What others make it publish is no part of that: a requester that names a reply subject of its own invention must
    /// not end a subgraph.
    pub(crate) async fn refused(&mut self) -> ServeError {
        let announce = subject::announce(&self.name);
        let needed = |refusal: &Refusal| match refusal.right {
            Right::Subscribe => self.subjects.contains(&refusal.subject),
            Right::Publish => refusal.subject == announce,
        };
        let Refusal { right, subject } = self.notices.refusal(needed).await;
        let right = match right {
            Right::Subscribe => "subscribe to",
            Right::Publish => "publish to",
        };
        ServeError::Refused { right, subject, name: self.name.to_string() }
    }

    fn remember(
        &mut self,
        subject: String,
        subscribed: Result<Subscriber, async_nats::SubscribeError>,
    ) -> Result<Subscriber, ServeError> {
        self.subjects.push(subject.clone());
        subscribed.map_err(|source| ServeError::Subscribe { subject, source })
    }
}
