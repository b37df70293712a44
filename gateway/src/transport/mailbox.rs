//! Where replies wait for the one task that reads them.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_nats::Message;
use futures_util::task::AtomicWaker;

/// A reply and which of the owner's sends it answers.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) attempt: u8,
    pub(super) message: Message,
}

/// Why no (further) reply will come, although nobody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The NATS client dropped messages because the gateway didn't keep up: a reply may be among them.
    SlowConsumer,
    /// The connection has been down for longer than the grace.
    Disconnected,
    /// The server refused the subscription that replies come by, or it ended.
    NoSubscription,
    /// More bytes arrived than a reply may have.
    Overflow,
}

/// A queue with one reader, filled by the dispatcher.
///
/// The mutex is held for a push or a pop only; the dispatcher never waits for a reader, and the
/// bytes that wait are bounded, so a subgraph that floods a token harms its own request alone.
pub(super) struct Mailbox {
    inner: Mutex<Inner>,
    waker: AtomicWaker,
    limit: usize,
}

#[derive(Default)]
struct Inner {
    queue: VecDeque<Delivery>,
    bytes: usize,
    lost: Option<Lost>,
}

impl Mailbox {
    /// A mailbox that holds at most `limit` bytes of replies.
    pub(super) fn new(limit: usize) -> Self {
        Self { inner: Mutex::default(), waker: AtomicWaker::new(), limit }
    }

    /// Puts a reply in, or marks the mailbox as overflown.
    pub(super) fn push(&self, delivery: Delivery) {
        {
            let mut inner = self.lock();
            let size = delivery.message.length;
            if inner.bytes + size > self.limit {
                inner.lost = Some(Lost::Overflow);
                inner.queue.clear();
            } else {
                inner.bytes += size;
                inner.queue.push_back(delivery);
            }
        }
        self.waker.wake();
    }

    /// Tells the reader that nothing more will come.
    pub(super) fn fail(&self, lost: Lost) {
        self.lock().lost.get_or_insert(lost);
        self.waker.wake();
    }

    /// The next reply. What arrived before a loss is read first.
    pub(super) async fn next(&self) -> Result<Delivery, Lost> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`Mailbox::next`], for a reader that waits for other things too.
    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Result<Delivery, Lost>> {
        if let Some(next) = self.take() {
            return Poll::Ready(next);
        }
        self.waker.register(context.waker());
        // A push between the look and the registration would otherwise wake nobody.
        self.take().map_or(Poll::Pending, Poll::Ready)
    }

    fn take(&self) -> Option<Result<Delivery, Lost>> {
        let mut inner = self.lock();
        match inner.queue.pop_front() {
            Some(delivery) => {
                inner.bytes -= delivery.message.length;
                Some(Ok(delivery))
            }
            None => inner.lost.map(Err),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that can panic runs under the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn reply(size: usize) -> Delivery {
        let message = Message {
            subject: "_GQL.a.g.t".into(),
            reply: None,
            payload: vec![b' '; size].into(),
            headers: None,
            status: None,
            description: None,
            length: size,
        };
        Delivery { attempt: 0, message }
    }

    #[test]
    fn replies_come_before_a_loss() {
        let mailbox = Mailbox::new(10);
        assert!(mailbox.next().now_or_never().is_none());
        mailbox.push(reply(4));
        mailbox.fail(Lost::Disconnected);
        mailbox.fail(Lost::SlowConsumer);
        assert!(mailbox.next().now_or_never().unwrap().is_ok());
        assert_eq!(mailbox.next().now_or_never().unwrap().unwrap_err(), Lost::Disconnected);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mailbox = Mailbox::new(10);
        mailbox.push(reply(6));
        assert!(mailbox.next().now_or_never().unwrap().is_ok());
        mailbox.push(reply(6));
        mailbox.push(reply(6));
        assert_eq!(mailbox.next().now_or_never().unwrap().unwrap_err(), Lost::Overflow);
    }
}
