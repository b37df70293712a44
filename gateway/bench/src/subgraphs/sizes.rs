//! Answers of any size, and something to change. The public benchmark has nothing like it.

use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::{EmptySubscription, ID, Object, SimpleObject};
use tributary_subgraph::{FederatedSchema, federated};

use super::control::Control;

/// About 100 bytes of JSON.
#[derive(SimpleObject)]
struct Row {
    id: ID,
    number: usize,
    text: &'static str,
}

#[derive(SimpleObject)]
struct Note {
    id: ID,
    text: String,
}

const TEXT: &str = "Nemo enim ipsam voluptatem quia voluptas sit aspernatur";
/// More is no answer but an accident.
const MOST_ROWS: usize = 1_000_000;

pub(super) struct Query;

#[Object]
impl Query {
    async fn rows(&self, count: usize) -> Vec<Row> {
        (0..count.min(MOST_ROWS)).map(|number| Row { id: number.into(), number, text: TEXT }).collect()
    }
}

pub(super) struct Mutation {
    notes: AtomicU64,
}

#[Object]
impl Mutation {
    async fn note(&self, text: String) -> Note {
        let number = self.notes.fetch_add(1, Ordering::Relaxed);
        // All ids are of one length, and so are the answers.
        Note { id: format!("{number:012}").into(), text }
    }
}

pub(super) fn schema(control: &Control) -> FederatedSchema<Query, Mutation> {
    let mutation = Mutation { notes: AtomicU64::new(0) };
    federated(Query, mutation, EmptySubscription).extension(control.clone()).finish()
}
