//! Requests that found nobody on a subject and wait to learn where the subgraph is now.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::registry::live::Live;

/// The waiting requests.
#[derive(Default)]
pub(super) struct Waiters {
    waiting: Vec<Waiter>,
}

struct Waiter {
    name: Arc<str>,
    /// Where nobody was.
    subject: Arc<str>,
    answer: oneshot::Sender<Option<Arc<Live>>>,
}

impl Waiters {
    pub(super) fn add(
        &mut self,
        name: Arc<str>,
        subject: Arc<str>,
        answer: oneshot::Sender<Option<Arc<Live>>>,
    ) {
        self.waiting.push(Waiter { name, subject, answer });
    }

    /// Whether anyone waits for that name.
    pub(super) fn wait_for(&self, name: &str) -> bool {
        self.waiting.iter().any(|waiter| &*waiter.name == name)
    }

    /// Answers those who needn't wait: for whose name there is another subject, or nothing `is_pending`
    /// that could bring one.
    pub(super) fn answer(&mut self, live: Option<&Arc<Live>>, is_pending: impl Fn(&str) -> bool) {
        let mut still = Vec::new();
        for waiter in self.waiting.drain(..).filter(|waiter| !waiter.answer.is_closed()) {
            let there = live.filter(|live| live.target_of(&waiter.name).is_some());
            let moved = there.and_then(|live| live.target_of(&waiter.name));
            let moved = moved.is_some_and(|target| target.subject.as_str() != &*waiter.subject);
            if !moved && is_pending(&waiter.name) {
                still.push(waiter);
            } else {
                // Nobody is left to be told when this fails.
                let _ = waiter.answer.send(there.cloned());
            }
        }
        self.waiting = still;
    }
}
