//! Work that is done once for all who need it at the same time.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::error::{GraphqlError, Rejection};

/// Work on threads for blocking work, of which so many run at once.
///
/// Whoever comes for what is already being worked on waits for that. Work that nobody waits for any more isn't
/// begun; once begun it comes to its end, so that clients who leave can't have it done several times at once.
pub(super) struct Flights<K: Eq + Hash, V> {
    /// Weak: a flight is kept by those who wait for it, and by its work. The lock is held for a look.
    all: Mutex<HashMap<K, Weak<Flight<K, V>>>>,
    /// It must not take the processor from requests that are ready.
    threads: Arc<Semaphore>,
}

/// One piece of work.
struct Flight<K: Eq + Hash, V> {
    key: K,
    /// Held while its first waiter waits for a thread; if that one leaves, the next takes its place.
    begun: tokio::sync::Mutex<Option<Outcome<V>>>,
    of: Weak<Flights<K, V>>,
}

type Outcome<V> = Shared<BoxFuture<'static, Result<V, Rejection>>>;

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn new(threads: Arc<Semaphore>) -> Arc<Self> {
        Arc::new(Self { all: Mutex::default(), threads })
    }

    /// What the work for that key comes to, whether it is begun here or runs already.
    pub(super) async fn join(
        self: &Arc<Self>,
        key: &K,
        work: impl FnOnce() -> V + Send + 'static,
    ) -> Result<V, Rejection> {
        let flight = self.flight(key);
        let mut begun = flight.begun.lock().await;
        let outcome = match &*begun {
            Some(outcome) => outcome.clone(),
            None => {
                let permit = self.threads.clone().acquire_owned().await;
                let permit = permit.expect("the semaphore is never closed");
                let (flights, own) = (self.clone(), flight.clone());
                let task = spawn_blocking(move || {
                    let _permit = permit;
                    let value = work();
                    flights.ended(&own);
                    value
                });
                let outcome = task.map(|done| done.map_err(panicked)).boxed().shared();
                begun.insert(outcome).clone()
            }
        };
        drop(begun);
        outcome.await
    }

    fn flight(self: &Arc<Self>, key: &K) -> Arc<Flight<K, V>> {
        let mut all = self.lock();
        all.get(key).and_then(Weak::upgrade).unwrap_or_else(|| {
            let (begun, of) = (tokio::sync::Mutex::default(), Arc::downgrade(self));
            let flight = Arc::new(Flight { key: key.clone(), begun, of });
            all.insert(key.clone(), Arc::downgrade(&flight));
            flight
        })
    }

    /// Whoever comes now finds what it brought, or has it done anew.
    fn ended(&self, flight: &Arc<Flight<K, V>>) {
        self.forget(&flight.key, Arc::as_ptr(flight));
    }
}

impl<K: Eq + Hash, V> Flights<K, V> {
    fn forget(&self, key: &K, flight: *const Flight<K, V>) {
        let mut all = self.lock();
        if all.get(key).is_some_and(|known| known.as_ptr() == flight) {
            all.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Weak<Flight<K, V>>>> {
        // Nothing that can panic is done under the lock.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Drop for Flight<K, V> {
    fn drop(&mut self) {
        if let Some(of) = self.of.upgrade() {
            of.forget(&self.key, self);
        }
    }
}

fn panicked(error: tokio::task::JoinError) -> Rejection {
    GraphqlError::internal(format_args!("preparing an operation: {error}")).into()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use futures_util::future::poll_immediate;

    use super::*;

    type Numbers = Arc<Flights<&'static str, usize>>;

    /// Work that counts its beginnings and ends when it is told to.
    #[derive(Clone, Default)]
    struct Work {
        begun: Arc<AtomicUsize>,
        gate: Arc<Mutex<Option<mpsc::Receiver<()>>>>,
    }

    impl Work {
        fn gated() -> (Self, mpsc::Sender<()>) {
            let (open, gate) = mpsc::channel();
            (Self { begun: Arc::default(), gate: Arc::new(Mutex::new(Some(gate))) }, open)
        }

        async fn join(&self, numbers: &Numbers, key: &'static str) -> usize {
            let work = self.clone();
            let run = move || {
                let count = work.begun.fetch_add(1, Ordering::SeqCst) + 1;
                let gate = work.gate.lock().unwrap().take();
                if let Some(gate) = gate {
                    gate.recv().unwrap();
                }
                count
            };
            numbers.join(&key, run).await.unwrap()
        }

        async fn until_begun(&self, count: usize) {
            while self.begun.load(Ordering::SeqCst) < count {
                tokio::task::yield_now().await;
            }
        }
    }

    fn numbers(threads: usize) -> Numbers {
        Flights::new(Arc::new(Semaphore::new(threads)))
    }

    #[tokio::test]
    async fn who_comes_while_it_runs_waits_for_it() {
        let (numbers, (work, open)) = (numbers(4), Work::gated());
        let all = (0..50).map(|_| {
            let (numbers, work) = (numbers.clone(), work.clone());
            tokio::spawn(async move { work.join(&numbers, "a").await })
        });
        let all: Vec<_> = all.collect();
        work.until_begun(1).await;
        assert_eq!(work.join(&numbers, "b").await, 2, "other work doesn't wait for it");
        open.send(()).unwrap();
        for one in all {
            assert_eq!(one.await.unwrap(), 1);
        }
        assert_eq!(work.join(&numbers, "a").await, 3, "what has ended is done anew");
        assert!(numbers.lock().is_empty());
    }

    #[tokio::test]
    async fn it_goes_on_when_who_began_it_leaves() {
        let (numbers, (work, open)) = (numbers(4), Work::gated());
        let leaver = tokio::spawn({
            let (numbers, work) = (numbers.clone(), work.clone());
            async move { work.join(&numbers, "a").await }
        });
        work.until_begun(1).await;
        leaver.abort();
        assert!(leaver.await.unwrap_err().is_cancelled());
        let mut second = Box::pin(work.join(&numbers, "a"));
        assert_eq!(poll_immediate(&mut second).await, None, "it waits for what runs");
        open.send(()).unwrap();
        assert_eq!(second.await, 1);
        assert_eq!(work.begun.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_begun() {
        let (numbers, work) = (numbers(1), Work::default());
        let busy = numbers.threads.clone().acquire_owned().await.unwrap();
        let mut leaver = Box::pin(work.join(&numbers, "a"));
        let mut second = Box::pin(work.join(&numbers, "a"));
        assert_eq!(poll_immediate(&mut leaver).await, None);
        assert_eq!(poll_immediate(&mut second).await, None);
        drop(leaver);
        drop(busy);
        assert_eq!(second.await, 1, "the next takes the place of who left");
        let busy = numbers.threads.clone().acquire_owned().await.unwrap();
        let mut leaver = Box::pin(work.join(&numbers, "b"));
        assert_eq!(poll_immediate(&mut leaver).await, None);
        drop(leaver);
        assert!(numbers.lock().is_empty(), "and nothing is left of work without anyone");
        drop(busy);
        tokio::task::yield_now().await;
        assert_eq!(work.begun.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_for_all_and_can_be_tried_again() {
        let numbers = numbers(1);
        assert!(numbers.join(&"a", || panic!("on purpose")).await.is_err());
        assert_eq!(numbers.join(&"a", || 7).await.unwrap(), 7);
    }
}
