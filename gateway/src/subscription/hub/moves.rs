//! Subscriptions that go on as others: on a new supergraph, or with another token.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::{Hub, Joined};
use crate::error::{Code, GraphqlError};
use crate::pipeline::{Caller, RequestFacts};
use crate::subscription::member::{Asker, Member};
use crate::subscription::served;
use crate::subscription::topic::{Asking, Seated, Topic};

/// Groups of subscriptions that are moved to a new schema at once.
const MOVING_AT_ONCE: usize = 64;
/// Between attempts to do what can't be done for a while.
const PAUSE: Duration = Duration::from_millis(500);

impl Hub {
    /// Plans all subscriptions again, each from where it is. Those that no longer can be end, with the reason.
    pub async fn move_to_live(self: &Arc<Self>) {
        let topics: Vec<Arc<Topic>> = self.lock().topics.values().filter_map(Weak::upgrade).collect();
        let groups = topics.iter().flat_map(|topic| topic.all().into_iter().map(move |group| (topic, group)));
        let moving = stream::iter(groups.collect::<Vec<_>>());
        // What waits for something doesn't keep the others waiting.
        let one = |(topic, (asking, members))| self.move_members(topic, asking, members);
        moving.for_each_concurrent(MOVING_AT_ONCE, one).await;
    }

    /// Somebody asks as another one from now on, or with a newer token: what it has is asked for anew, from where it is.
    pub async fn renew(self: &Arc<Self>, joined: &Joined, caller: Caller, facts: RequestFacts) {
        let asking = Asking { caller, facts };
        let (member, asker) = (joined.member.clone(), joined.member.next_asker());
        if self.is_renewed(&member, &asking, asker).await {
            return;
        }
        // What isn't there for a while isn't waited for here: the client may have more to say.
        let hub = self.clone();
        tokio::spawn(async move {
            while member.is_for(asker) {
                tokio::time::sleep(PAUSE).await;
                if hub.is_renewed(&member, &asking, asker).await {
                    return;
                }
            }
        });
    }

    /// Whether that has come to something; what keeps it from that passes.
    async fn is_renewed(self: &Arc<Self>, member: &Arc<Member>, asking: &Asking, asker: Asker) -> bool {
        let Some(topic) = member.topic() else { return true };
        let again = match self.pipeline.subscription_for(topic.subscription(), &asking.facts).await {
            Ok(subscription) => self.topic(subscription, asking).await,
            Err(why) => Err(why),
        };
        match again {
            Ok(new) => {
                self.reseat(&new, asking, vec![(member.clone(), asker)]);
                self.settle(&new, asking, member, asker).await;
            }
            Err(why) if passes(why.code()) => return false,
            Err(why) if member.is_for(asker) => member.fail(why.errors()[0].clone()),
            Err(_) => {}
        }
        true
    }

    fn reseat(self: &Arc<Self>, topic: &Arc<Topic>, asking: &Asking, members: Vec<Seated>) {
        for (member, asker) in members {
            drop(self.join(topic, asking, &member, asker, None));
            if topic.feed().is_none() && member.is_for(asker) {
                // What the subgraph said between the two streams is lost.
                member.give(served::gap(), topic.slow());
            }
        }
    }

    pub(super) async fn move_members(
        self: &Arc<Self>,
        topic: &Arc<Topic>,
        asking: Asking,
        members: Vec<Seated>,
    ) {
        let moved = loop {
            let moved = match self.pipeline.subscription_again(topic.subscription(), &asking.facts).await {
                Ok(Some(subscription)) => self.topic(subscription, &asking).await,
                // The graph is the same.
                Ok(None) => return,
                Err(why) => Err(why),
            };
            match moved {
                Err(_) if members.iter().all(|(member, asker)| !member.is_for(*asker)) => return,
                Err(why) if passes(why.code()) => tokio::time::sleep(PAUSE).await,
                moved => break moved,
            }
        };
        match moved {
            Ok(new) if Arc::ptr_eq(&new, topic) => {}
            Ok(new) => self.reseat(&new, &asking, members),
            Err(why) => {
                for (member, _) in members.iter().filter(|(member, asker)| member.is_for(*asker)) {
                    let why = &why.errors()[0];
                    let message =
                        format!("The schema has changed, and the subscription can't go on: {}", why.message);
                    member.fail(
                        GraphqlError::new(Code::SchemaChanged, message).with("reason", why.code().as_str()),
                    );
                }
            }
        }
    }
}

/// Whether a reason is none any more after a while.
fn passes(code: Code) -> bool {
    matches!(code, Code::EventsUnavailable | Code::NatsUnavailable | Code::GraphUnavailable)
}
