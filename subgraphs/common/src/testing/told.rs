//! The events that a service wrote, and those that were published.

use serde_json::Value;

/// An event, without the time at which it was published.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Where.
    pub subject: String,
    /// What it says.
    pub payload: Value,
}

/// Everything in the stream of events, in its order; `url` is the operator's.
///
/// # Panics
/// When there is no such stream.
pub async fn told(url: &str) -> Vec<Told> {
    let client = tributary_subgraph::connect("operator", url).await.expect("the test's NATS can be reached");
    let stream = async_nats::jetstream::new(client).get_stream("EVENTS").await.expect("a stream of events");
    let mut told = Vec::new();
    for sequence in 1..=stream.cached_info().state.last_sequence {
        let message = stream.get_raw_message(sequence).await.expect("nothing is forgotten in a test");
        let payload = serde_json::from_slice(&message.payload).expect("an event is JSON");
        told.push(Told { subject: message.subject.to_string(), payload });
    }
    told
}

/// What waits in a service's outbox, oldest first.
///
/// # Panics
/// When the database has none.
#[cfg(feature = "postgres")]
pub async fn waiting(pool: &sqlx::PgPool) -> Vec<Told> {
    let sql = "SELECT subject, payload FROM outbox ORDER BY position";
    let rows: Vec<(String, Value)> = sqlx::query_as(sql).fetch_all(pool).await.expect("an outbox");
    rows.into_iter().map(|(subject, payload)| Told { subject, payload }).collect()
}
