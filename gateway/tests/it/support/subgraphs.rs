//! The subgraphs that tests ask: `alpha` has something of everything, `beta` extends one of its types.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, EmptySubscription, Enum, Error, ErrorExtensions, ID, InputObject, Json, Object, ObjectType,
    Schema, SchemaBuilder, SimpleObject,
};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tributary_subgraph::{ClientInfo, IdempotencyKey, Identity, Subgraph, TraceContext, connect};
use xtask::servers::Nats;

use super::Running;

/// What happened in the subgraphs of a test.
#[derive(Clone, Default)]
pub struct Events {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    started: AtomicUsize,
    counted: AtomicUsize,
    changed: Notify,
}

impl Events {
    pub fn started(&self) -> usize {
        self.inner.started.load(Ordering::SeqCst)
    }

    /// Waits until a slow field runs.
    pub async fn until_started(&self, count: usize) {
        loop {
            let changed = self.inner.changed.notified();
            if self.started() >= count {
                return;
            }
            changed.await;
        }
    }
}

pub struct Query;
pub struct Mutation;

#[derive(SimpleObject)]
#[graphql(complex)]
struct Item {
    id: ID,
    name: String,
}

#[async_graphql::ComplexObject]
impl Item {
    async fn broken(&self) -> Result<i32, Error> {
        Err(Error::new("password=hunter2 in table items"))
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum Color {
    Red,
    Green,
}

#[derive(InputObject)]
struct Filter {
    color: Option<Color>,
    ids: Vec<ID>,
    #[graphql(default = 10)]
    first: i32,
}

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.as_deref().unwrap_or("world"))
    }

    /// What the gateway told about the caller.
    async fn caller(&self, ctx: &Context<'_>) -> Json<Value> {
        Json(caller(ctx))
    }

    async fn slow(&self, ctx: &Context<'_>, ms: u64) -> bool {
        let events = ctx.data_unchecked::<Events>();
        events.inner.started.fetch_add(1, Ordering::SeqCst);
        events.inner.changed.notify_waiters();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        true
    }

    async fn secret(&self) -> Result<i32, Error> {
        Err(Error::new("connection to postgres://admin:hunter2@db failed"))
    }

    async fn missing(&self) -> Result<i32, Error> {
        Err(Error::new("There is no such thing").extend_with(|_, e| e.set("code", "NOT_FOUND")))
    }

    async fn large(&self, size: usize) -> String {
        "x".repeat(size)
    }

    async fn filtered(&self, filter: Filter) -> String {
        let color = filter.color.map_or("any", |color| if color == Color::Red { "red" } else { "green" });
        format!("{color} {} {}", filter.ids.len(), filter.first)
    }

    async fn items(&self, ids: Vec<ID>) -> Vec<Item> {
        ids.into_iter().map(item).collect()
    }

    #[graphql(entity)]
    async fn item_by_id(&self, id: ID) -> Item {
        item(id)
    }
}

#[Object]
impl Mutation {
    /// Counts, and returns what it was told.
    async fn count(&self, ctx: &Context<'_>) -> Json<Value> {
        let count = ctx.data_unchecked::<Events>().inner.counted.fetch_add(1, Ordering::SeqCst) + 1;
        let mut caller = caller(ctx);
        caller["count"] = json!(count);
        Json(caller)
    }
}

fn caller(ctx: &Context<'_>) -> Value {
    let client = ctx.data_opt::<ClientInfo>();
    json!({
        "claims": ctx.data_opt::<Identity>().map(|identity| identity.claims().clone()),
        "address": client.and_then(|client| client.address.clone()),
        "agent": client.and_then(|client| client.agent.clone()),
        "key": ctx.data_opt::<IdempotencyKey>().map(|key| key.0.clone()),
        "traceparent": ctx.data_opt::<TraceContext>().map(|trace| trace.traceparent.clone()),
        "tracestate": ctx.data_opt::<TraceContext>().and_then(|trace| trace.tracestate.clone()),
    })
}

fn item(id: ID) -> Item {
    Item { name: format!("item {}", *id), id }
}

/// The second subgraph. Root types keep the names that federation expects.
pub struct BetaQuery;

struct Stocked {
    id: ID,
}

#[Object(name = "Item")]
impl Stocked {
    async fn id(&self) -> &ID {
        &self.id
    }

    async fn stock(&self) -> Option<i32> {
        Some(self.id.len() as i32)
    }
}

#[Object(name = "Query")]
impl BetaQuery {
    async fn beta(&self) -> &str {
        "beta"
    }

    #[graphql(entity)]
    async fn item_by_id(&self, id: ID) -> Stocked {
        Stocked { id }
    }
}

/// Starts an instance of `alpha`.
pub async fn alpha(nats: &Nats, events: &Events) -> Running {
    serve(nats, "alpha", Schema::build(Query, Mutation, EmptySubscription).data(events.clone())).await
}

/// Starts an instance of `beta`.
pub async fn beta(nats: &Nats) -> Running {
    serve(nats, "beta", Schema::build(BetaQuery, async_graphql::EmptyMutation, EmptySubscription)).await
}

/// Serves any schema under a name.
pub async fn serve<Q, M>(
    nats: &Nats,
    name: &'static str,
    schema: SchemaBuilder<Q, M, EmptySubscription>,
) -> Running
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
{
    let schema = schema.enable_federation().finish();
    let client = connect(name, &nats.url_for(name)).await.unwrap();
    Running::start(|stopped| async move {
        let stop = async { drop(stopped.await) };
        Subgraph::new(name, schema).serve(client, stop).await.unwrap();
    })
}

/// Serves `{ headers }`, which answers with the request's headers, by nothing but a NATS client.
pub async fn header_echo(nats: &Nats, name: &'static str) -> Running {
    plain(nats, name, "scalar JSON type Query { headers: JSON }", echo).await
}

/// Serves an SDL by nothing but a NATS client: what no schema library writes can be in it.
pub async fn plain(
    nats: &Nats,
    name: &'static str,
    sdl: &'static str,
    answer: impl Fn(&async_nats::Message) -> Value + Send + 'static,
) -> Running {
    use futures_util::StreamExt;

    let client = connect(name, &nats.url_for(name)).await.unwrap();
    let subject = format!("graphql.{name}");
    let mut queries = client.queue_subscribe(subject.clone(), "q".into()).await.unwrap();
    let mut infos = client.subscribe(format!("$SRV.INFO.{name}")).await.unwrap();
    let mut broadcasts = client.subscribe("$SRV.INFO").await.unwrap();
    client.flush().await.unwrap();
    let info = json!({
        "type": "io.nats.micro.v1.info_response", "name": name, "id": "plain1", "version": "1.0.0", "description": "",
        "metadata": { "graphql.protocol": "1" },
        "endpoints": [{ "name": "query", "subject": subject, "queue_group": "q", "metadata": {} }],
    });
    let reply = move |message: &async_nats::Message| {
        let is_sdl = String::from_utf8_lossy(&message.payload).contains("_service");
        if is_sdl { json!({ "_service": { "sdl": sdl } }) } else { answer(message) }
    };
    Running::start(|mut stopped| async move {
        loop {
            let (message, reply) = tokio::select! {
                _ = &mut stopped => return,
                Some(message) = infos.next() => (message, info.clone()),
                Some(message) = broadcasts.next() => (message, info.clone()),
                Some(message) = queries.next() => {
                    let data = reply(&message);
                    (message, json!({ "data": data }))
                }
            };
            client.publish(message.reply.unwrap(), reply.to_string().into()).await.unwrap();
        }
    })
}

fn echo(message: &async_nats::Message) -> Value {
    let headers: serde_json::Map<String, Value> = message
        .headers
        .iter()
        .flat_map(|headers| headers.iter())
        .map(|(name, values)| (name.to_string(), json!(values[0].as_str())))
        .collect();
    json!({ "headers": headers })
}
