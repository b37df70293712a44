//! Equal queries that are under way at the same time, done once for all who ask.
//!
//! Whoever asks must get what is so when it asks. An answer that is under way may be of a moment before that, which
//! shows where the one who asks knows better: it has changed something, or heard of a change. Both are counted, and
//! only what began after the same number of changes is equal. What changes by another gateway, and isn't told by any
//! event, may be missed for as long as a fetch takes.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::watch;
use tributary_federation::Plan;

use super::CallerKey;
use crate::transport::Target;

/// Which equal queries are made one (`--dedupe`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dedupe {
    /// None: each is for itself.
    Off,
    /// Those that are sent to subgraphs.
    Fetches,
    /// Those of clients, too.
    Queries,
}

/// A query to a subgraph.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct FetchKey {
    pub target: Same<Target>,
    pub body: Bytes,
    pub caller: CallerKey,
    pub change: Change,
    /// Where its answer is kept: how many events the cache has heard.
    pub heard: u64,
}

/// A client's query.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct QueryKey {
    /// The same operation on the same supergraph has the same plan.
    pub plan: Same<Plan>,
    /// As the client wrote them.
    pub variables: Option<Bytes>,
    pub caller: CallerKey,
    pub change: Change,
}

/// One and the same value; others that look like it are others.
pub(super) struct Same<T>(pub Arc<T>);

impl<T> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Same<T> {}

impl<T> Hash for Same<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// How many changes were known at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Change(u64);

/// Counts the changes that somebody may know of.
#[derive(Debug, Default)]
pub(super) struct Changes(AtomicU64);

impl Changes {
    /// One more: whoever asks from now on isn't told what was so before.
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// Those so far.
    pub(super) fn now(&self) -> Change {
        Change(self.0.load(Ordering::SeqCst))
    }
}

/// What is under way.
pub(super) struct InFlight<K: Eq + Hash, V> {
    /// The lock is held for a look.
    all: Mutex<HashMap<K, watch::Receiver<Option<V>>>>,
    /// How many have come to wait for somebody else's.
    joined: Counter,
}

/// Whoever does the work, for as long as it does.
struct Lead<'a, K: Eq + Hash, V> {
    of: &'a InFlight<K, V>,
    key: K,
    result: watch::Sender<Option<V>>,
}

/// What becomes of somebody who asks.
enum Place<'a, K: Eq + Hash, V> {
    Leads(Lead<'a, K, V>),
    Follows(watch::Receiver<Option<V>>),
}

impl<K: Clone + Eq + Hash, V: Clone> InFlight<K, V> {
    /// Nothing; `joined` counts who waits for somebody else's.
    pub(super) fn new(joined: Counter) -> Self {
        Self { all: Mutex::default(), joined }
    }

    /// What the work comes to: by somebody who does the same already, or done here, for whoever comes meanwhile.
    ///
    /// Only what `good` takes is shared. Where somebody's work comes to anything else, or is left, those who waited
    /// for it do it each for themselves: it may be due to that one's deadline, and nobody is to wait for one after
    /// the other.
    pub(super) async fn join<T, F: Future<Output = T>>(
        &self,
        key: K,
        work: impl FnOnce() -> F,
        good: impl Fn(&T) -> Option<V>,
        taken: impl FnOnce(V) -> T,
    ) -> T {
        match self.place(key) {
            Place::Leads(lead) => {
                let done = work().await;
                if let Some(value) = good(&done) {
                    lead.share(value);
                }
                done
            }
            Place::Follows(mut result) => {
                let shared = result.wait_for(Option::is_some).await.ok().and_then(|value| value.clone());
                match shared {
                    Some(value) => taken(value),
                    None => work().await,
                }
            }
        }
    }

    fn place(&self, key: K) -> Place<'_, K, V> {
        let mut all = self.lock();
        if let Some(result) = all.get(&key) {
            self.joined.inc();
            return Place::Follows(result.clone());
        }
        let (result, receiver) = watch::channel(None);
        all.insert(key.clone(), receiver);
        Place::Leads(Lead { of: self, key, result })
    }
}

impl<K: Eq + Hash, V> InFlight<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, watch::Receiver<Option<V>>>> {
        // Nothing that can panic runs under the lock.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Lead<'_, K, V> {
    fn share(self, value: V) {
        // Whoever comes from now on begins anew; then those who wait are told.
        self.of.lock().remove(&self.key);
        self.result.send_replace(Some(value));
    }
}

impl<K: Eq + Hash, V> Drop for Lead<'_, K, V> {
    fn drop(&mut self) {
        if self.result.borrow().is_none() {
            self.of.lock().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;

    use futures_util::future::{join_all, poll_immediate};
    use tokio::sync::oneshot;

    use super::*;

    type Numbers = InFlight<&'static str, u32>;

    /// Work that waits to be told what it comes to, and is counted.
    async fn work(begun: &Cell<u32>, told: oneshot::Receiver<Result<u32, ()>>) -> Result<u32, ()> {
        begun.set(begun.get() + 1);
        told.await.unwrap()
    }

    async fn ask(
        all: &Numbers,
        key: &'static str,
        work: impl Future<Output = Result<u32, ()>>,
    ) -> Result<u32, ()> {
        all.join(key, || work, |done| done.ok(), Ok).await
    }

    #[tokio::test]
    async fn equal_work_under_way_is_done_once() {
        let (all, begun) = (Numbers::new(Counter::default()), Cell::new(0));
        let (tell, told) = oneshot::channel();
        let mut first = pin!(ask(&all, "a", work(&begun, told)));
        assert_eq!(poll_immediate(first.as_mut()).await, None);
        let others: Vec<_> =
            (0..3).map(|_| ask(&all, "a", async { unreachable!("it is done already") })).collect();
        let mut others = pin!(join_all(others));
        assert_eq!(poll_immediate(others.as_mut()).await, None);
        assert_eq!(ask(&all, "b", async { Ok(1) }).await, Ok(1), "other work doesn't wait");
        tell.send(Ok(7)).unwrap();
        assert_eq!(first.await, Ok(7));
        assert_eq!(others.await, [Ok(7); 3]);
        assert_eq!(ask(&all, "a", async { Ok(8) }).await, Ok(8), "what has ended is done anew");
        assert_eq!(begun.get(), 1);
        assert!(all.lock().is_empty());
    }

    #[tokio::test]
    async fn whoever_waited_for_what_fails_does_it_alone() {
        let (all, begun) = (Numbers::new(Counter::default()), Cell::new(0));
        let (tell, told) = oneshot::channel();
        let mut first = pin!(ask(&all, "a", work(&begun, told)));
        assert_eq!(poll_immediate(first.as_mut()).await, None);
        let own = |begun| async move { Ok(Cell::replace(begun, begun.get() + 1)) };
        let mut others = pin!(join_all([ask(&all, "a", own(&begun)), ask(&all, "a", own(&begun))]));
        assert_eq!(poll_immediate(others.as_mut()).await, None);
        tell.send(Err(())).unwrap();
        assert_eq!(first.await, Err(()));
        assert_eq!(others.await, [Ok(1), Ok(2)]);
    }

    #[tokio::test]
    async fn whoever_waited_for_one_who_leaves_does_it_alone() {
        let (all, begun) = (Numbers::new(Counter::default()), Cell::new(0));
        let (_tell, told) = oneshot::channel();
        let mut first = Box::pin(ask(&all, "a", work(&begun, told)));
        assert_eq!(poll_immediate(first.as_mut()).await, None);
        let mut second = pin!(ask(&all, "a", async { Ok(2) }));
        assert_eq!(poll_immediate(second.as_mut()).await, None);
        drop(first);
        assert_eq!(second.await, Ok(2));
        assert!(all.lock().is_empty());
    }

    #[test]
    fn what_began_before_a_change_is_not_equal() {
        let changes = Changes::default();
        let before = changes.now();
        assert_eq!(before, changes.now());
        changes.note();
        assert_ne!(before, changes.now());
    }
}
