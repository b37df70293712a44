//! Routes replies to those who wait for them.
//!
//! All replies come by one wildcard subscription. The client library has a multiplexer of its own
//! for requests, which forgets a request with its first reply; a reply in parts has several, so
//! the table of who waits is ours.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use slab::Slab;

use super::mailbox::{Delivery, Lost, Mailbox};
use super::metrics::Metrics;
use super::subject;
use super::token::Token;

/// The table of sends that wait for replies.
///
/// One mutex guards the slab: it is held for an insertion, a removal or a look, a few tens of
/// nanoseconds each, far below the cost of the message that causes it.
pub(super) struct Dispatcher {
    gateway: Arc<str>,
    slots: Mutex<Slots>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Slots {
    slab: Slab<Slot>,
    next_generation: u32,
}

struct Slot {
    generation: u32,
    secret: u64,
    /// Only a reply on this name's subjects counts.
    name: Arc<str>,
    attempt: u8,
    mailbox: Arc<Mailbox>,
}

/// The right to receive the replies of one send; dropping it gives the slot back, and whatever
/// comes later is discarded.
pub(super) struct Ticket {
    dispatcher: Arc<Dispatcher>,
    name: Arc<str>,
    token: Token,
}

impl Dispatcher {
    pub(super) fn new(gateway: Arc<str>, metrics: Arc<Metrics>) -> Self {
        Self { gateway, slots: Mutex::default(), metrics }
    }

    /// Opens a slot for a send to `name`, whose replies go to `mailbox`.
    pub(super) fn register(self: &Arc<Self>, name: &Arc<str>, attempt: u8, mailbox: &Arc<Mailbox>) -> Ticket {
        let secret = rand::random();
        let mut slots = self.lock();
        let generation = slots.next_generation;
        slots.next_generation = generation.wrapping_add(1);
        let slot = Slot { generation, secret, name: name.clone(), attempt, mailbox: mailbox.clone() };
        let index = u32::try_from(slots.slab.insert(slot)).expect("four billion sends don't fit in memory");
        drop(slots);
        Ticket { dispatcher: self.clone(), name: name.clone(), token: Token { index, generation, secret } }
    }

    /// Gives a message to the one who waits for it, if anyone does.
    pub(super) fn route(&self, message: Message) {
        let Some((name, token)) = subject::parse_reply(&message.subject, &self.gateway) else {
            self.metrics.forged_replies.add(1);
            return;
        };
        let slots = self.lock();
        let slot = slots.slab.get(token.index as usize).filter(|slot| slot.generation == token.generation);
        match slot {
            None => self.metrics.late_replies.add(1),
            Some(slot) if slot.secret != token.secret || *slot.name != *name => {
                self.metrics.forged_replies.add(1);
                let asked = slot.name.clone();
                tracing::warn!(code = "REPLY_FORGED", from = name, %asked, "discarded a reply to something else");
            }
            Some(slot) => {
                let (attempt, mailbox) = (slot.attempt, slot.mailbox.clone());
                drop(slots);
                mailbox.push(Delivery { attempt, message });
            }
        }
    }

    /// Fails everything that waits; returns how much that was.
    pub(super) fn fail_all(&self, lost: Lost) -> usize {
        let slots = self.lock();
        for (_, slot) in &slots.slab {
            slot.mailbox.fail(lost);
        }
        slots.slab.len()
    }

    /// How many sends wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().slab.len()
    }

    /// Routes what the subscription brings until it ends.
    pub(super) async fn run(self: Arc<Self>, mut replies: Subscriber) {
        while let Some(message) = replies.next().await {
            self.route(message);
        }
        let outstanding = self.fail_all(Lost::NoSubscription);
        tracing::error!(code = "REPLIES_ENDED", outstanding, "the subscription for replies ended");
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        // Nothing that can panic runs under the lock.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The subject that replies to this send come on.
    pub(super) fn reply_subject(&self) -> String {
        subject::reply(&self.name, &self.dispatcher.gateway, self.token)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.dispatcher.lock().slab.try_remove(self.token.index as usize);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    struct Fixture {
        dispatcher: Arc<Dispatcher>,
        metrics: Arc<Metrics>,
        mailbox: Arc<Mailbox>,
    }

    impl Fixture {
        fn new() -> Self {
            let metrics = Arc::new(Metrics::default());
            Self {
                dispatcher: Arc::new(Dispatcher::new("gw1".into(), metrics.clone())),
                metrics,
                mailbox: Arc::new(Mailbox::new(1024)),
            }
        }

        fn register(&self, name: &str, attempt: u8) -> Ticket {
            self.dispatcher.register(&name.into(), attempt, &self.mailbox)
        }

        fn reply_on(&self, subject: &str) -> Option<u8> {
            self.dispatcher.route(Message {
                subject: subject.into(),
                reply: None,
                payload: "{}".into(),
                headers: None,
                status: None,
                description: None,
                length: 2,
            });
            self.mailbox.next().now_or_never().map(|delivery| delivery.unwrap().attempt)
        }
    }

    #[test]
    fn a_reply_reaches_its_send() {
        let fixture = Fixture::new();
        let (first, second) = (fixture.register("a", 0), fixture.register("a", 1));
        assert_eq!(fixture.reply_on(&second.reply_subject()), Some(1));
        assert_eq!(fixture.reply_on(&first.reply_subject()), Some(0));
        assert_eq!(fixture.reply_on(&first.reply_subject()), Some(0), "replies can have parts");
    }

    #[test]
    fn a_late_reply_is_discarded_even_when_the_slot_has_a_new_user() {
        let fixture = Fixture::new();
        let old = fixture.register("a", 0);
        let subject = old.reply_subject();
        drop(old);
        let _new = fixture.register("a", 1);
        assert_eq!(fixture.reply_on(&subject), None);
        assert_eq!(fixture.metrics.late_replies.get(), 1);
        assert_eq!(fixture.dispatcher.waiting(), 1);
    }

    #[test]
    fn a_forged_reply_is_discarded() {
        let fixture = Fixture::new();
        let ticket = fixture.register("a", 0);
        let good = ticket.reply_subject();
        let guessed = Token { secret: ticket.token.secret ^ 1, ..ticket.token };
        for subject in [
            good.replace("_GQL.a.", "_GQL.b."),
            good.replace("gw1", "gw2"),
            good.replace(&ticket.token.to_string(), &guessed.to_string()),
            format!("{good}.more"),
            "_GQL.a.gw1.x".to_owned(),
            "_GQL.a".to_owned(),
        ] {
            assert_eq!(fixture.reply_on(&subject), None, "{subject}");
        }
        assert_eq!(fixture.metrics.forged_replies.get(), 6);
        assert_eq!(fixture.reply_on(&good), Some(0));
    }

    #[test]
    fn a_loss_reaches_everyone() {
        let fixture = Fixture::new();
        let _ticket = fixture.register("a", 0);
        assert_eq!(fixture.dispatcher.fail_all(Lost::SlowConsumer), 1);
        let lost = fixture.mailbox.next().now_or_never().unwrap().unwrap_err();
        assert_eq!(lost, Lost::SlowConsumer);
    }
}
