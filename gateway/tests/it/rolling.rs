//! A subgraph's schema changes while clients ask.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_graphql::{Context, EmptySubscription, Object, Schema};
use serde_json::{Value, json};
use tokio::{sync::Notify, time::timeout};

use crate::support::{PATIENCE, TestGateway, nats, subgraphs};

/// Counts mutations, so that one that ran twice is noticed.
type Count = Arc<AtomicUsize>;

struct OldQuery;
struct NewQuery;
struct Mutation;

#[Object(name = "Query")]
impl OldQuery {
    async fn version(&self) -> i32 {
        1
    }
}

#[Object(name = "Query")]
impl NewQuery {
    async fn version(&self) -> i32 {
        2
    }

    async fn added(&self) -> bool {
        true
    }
}

#[Object]
impl Mutation {
    async fn tally(&self, ctx: &Context<'_>) -> usize {
        ctx.data_unchecked::<Count>().fetch_add(1, Ordering::SeqCst)
    }
}

/// Old and new instances side by side, then only new ones: no request fails, and no mutation runs twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_change_fails_no_request() {
    let nats = nats().await;
    let count = Count::default();
    let old = Schema::build(OldQuery, Mutation, EmptySubscription).data(count.clone());
    let old = subgraphs::serve(&nats, "gamma", old).await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = Arc::new(TestGateway::with(&nats, "", &["alpha", "gamma"]).await);
    assert_eq!(gateway.data("{ version }").await["version"], 1);
    let before = gateway.gateway.status().borrow().generation;

    let load = Arc::<Load>::default();
    let clients: Vec<_> =
        (0..8).map(|n| tokio::spawn(load.clone().client(gateway.clone(), n % 2 == 0))).collect();
    load.more().await;
    let new = Schema::build(NewQuery, Mutation, EmptySubscription).data(count.clone());
    let _new = subgraphs::serve(&nats, "gamma", new).await;
    gateway.until(|status| status.subgraphs["gamma"].instances == 2).await;
    load.more().await;
    old.stop().await;
    gateway.until(|status| status.subgraphs["gamma"].instances == 1 && status.generation > before).await;
    load.more().await;
    load.stopped.store(true, Ordering::SeqCst);

    let mut mutations = 0;
    for client in clients {
        mutations += client.await.unwrap();
    }
    assert!(mutations > 0);
    assert_eq!(count.load(Ordering::SeqCst), mutations, "each mutation ran once");
    assert_eq!(gateway.data("{ added version }").await, json!({ "added": true, "version": 2 }));
}

/// Clients that ask all the time.
#[derive(Default)]
struct Load {
    answered: AtomicUsize,
    changed: Notify,
    stopped: AtomicBool,
}

impl Load {
    /// Waits until many more requests have been answered.
    async fn more(&self) {
        let wanted = self.answered.load(Ordering::SeqCst) + 100;
        let answered = async {
            loop {
                let changed = self.changed.notified();
                if self.answered.load(Ordering::SeqCst) >= wanted {
                    return;
                }
                changed.await;
            }
        };
        timeout(PATIENCE, answered).await.expect("requests are answered");
    }

    /// Asks until it is told to stop; any failure is the test's. Returns how many mutations it sent.
    async fn client(self: Arc<Self>, gateway: Arc<TestGateway>, mutates: bool) -> usize {
        let mut sent = 0;
        while !self.stopped.load(Ordering::SeqCst) {
            let query = if mutates { "mutation { tally }" } else { "{ hello version }" };
            let answer: Value = gateway.run(query).await;
            assert_eq!(answer.get("errors"), None, "{answer}");
            sent += usize::from(mutates);
            self.answered.fetch_add(1, Ordering::SeqCst);
            self.changed.notify_waiters();
        }
        sent
    }
}
