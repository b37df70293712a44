//! Subscriptions that the subgraph serves: numbered, no faster than they are acknowledged, over when nobody wants them.

use std::sync::Arc;

use async_graphql::{EmptyMutation, Error, Object, Schema, Subscription};
use async_nats::Message;
use bytes::Bytes;
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tributary_protocol::stream::{MAX_UNACKNOWLEDGED, StreamControl, StreamHead, StreamKind};
use tributary_protocol::{ControlSubject, Failure, FailureCode, QuerySubject, RequestHead};
use tributary_subgraph::Subgraph;
use xtask::servers::Nats;

use crate::support::{Gateway, Request, Running};

struct Query;

#[Object]
impl Query {
    async fn ok(&self) -> bool {
        true
    }
}

/// One permit for each stream that was dropped.
struct Streams(Arc<Semaphore>);

struct Dropped(Arc<Semaphore>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

#[Subscription(name = "Subscription")]
impl Streams {
    async fn count(
        &self,
        to: i32,
        #[graphql(default = 0)] size: usize,
    ) -> impl Stream<Item = String> + use<> {
        let dropped = Dropped(self.0.clone());
        stream::unfold((0, dropped), move |(number, dropped)| async move {
            (number < to).then(|| (format!("{number}{}", "x".repeat(size)), (number + 1, dropped)))
        })
    }

    async fn silent(&self) -> impl Stream<Item = i32> + use<> {
        let dropped = Dropped(self.0.clone());
        stream::unfold(dropped, |dropped| async move {
            std::future::pending::<()>().await;
            Some((0, dropped))
        })
    }

    async fn refused(&self) -> Result<stream::Empty<i32>, Error> {
        Err("not for you".into())
    }
}

struct Scene {
    _nats: Nats,
    gateway: Gateway,
    subject: QuerySubject,
    running: Running,
    dropped: Arc<Semaphore>,
}

/// What came of a stream.
#[derive(Debug, PartialEq)]
enum Came {
    Next(u64, Value),
    Complete(u64),
}

async fn scene(
    set: impl FnOnce(
        Subgraph<Schema<Query, EmptyMutation, Streams>>,
    ) -> Subgraph<Schema<Query, EmptyMutation, Streams>>,
) -> Scene {
    let nats = tokio::task::spawn_blocking(|| Nats::start_with(&["alpha"])).await.unwrap();
    let dropped = Arc::new(Semaphore::new(0));
    let schema = Schema::build(Query, EmptyMutation, Streams(dropped.clone())).enable_federation().finish();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let subgraph = set(Subgraph::new("alpha", schema));
    let running = Running::start("alpha", &nats.url_for("alpha"), subgraph, &mut gateway).await;
    let found = gateway.find("alpha").await;
    assert!(found.features.streams);
    Scene { _nats: nats, gateway, subject: found.subject, running, dropped }
}

impl Scene {
    async fn subscribe(&self, query: &str) -> Request {
        self.gateway.start(&self.subject, RequestHead::default(), query).await
    }

    /// Subscribes, and returns where its stream is controlled.
    async fn open(&self, query: &str) -> (Request, ControlSubject) {
        let mut request = self.subscribe(query).await;
        let head = head(&request.next().await);
        let StreamKind::Open { control, instance } = head.kind else { panic!("{head:?}") };
        assert_eq!(head.seq, 1);
        let name = self.subject.name.clone();
        (request, ControlSubject { name, instance, token: control })
    }

    async fn say(&self, control: &ControlSubject, what: StreamControl) {
        let sent =
            self.gateway.client.publish_with_headers(control.to_string(), what.headers(), Bytes::new());
        sent.await.unwrap();
    }

    /// Waits until so many streams were dropped.
    async fn dropped(&self, count: u32) {
        self.dropped.acquire_many(count).await.unwrap().forget();
    }
}

fn head(message: &Message) -> StreamHead {
    StreamHead::read(message.headers.as_ref()).unwrap().unwrap_or_else(|| panic!("no stream: {message:?}"))
}

async fn next(request: &mut Request) -> Came {
    let message = request.next().await;
    let head = head(&message);
    match head.kind {
        StreamKind::Next => {
            let result: Value = serde_json::from_slice(&message.payload).unwrap();
            Came::Next(head.seq, result["data"]["count"].clone())
        }
        StreamKind::Complete => Came::Complete(head.seq),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn results_are_numbered_and_completed() {
    let scene = scene(|subgraph| subgraph).await;
    let (mut request, _) = scene.open("subscription { count(to: 3) }").await;
    for number in 0..3 {
        assert_eq!(next(&mut request).await, Came::Next(number + 2, json!(number.to_string())));
    }
    assert_eq!(next(&mut request).await, Came::Complete(5));
    scene.dropped(1).await;
}

#[tokio::test]
async fn no_more_is_sent_than_is_acknowledged() {
    let scene = scene(|subgraph| subgraph).await;
    let (mut request, control) = scene.open("subscription { count(to: 1000) }").await;
    // The first message counts as well.
    for seq in 2..=MAX_UNACKNOWLEDGED {
        assert!(matches!(next(&mut request).await, Came::Next(found, _) if found == seq));
    }
    // What is answered after it would come after the next result, if there were one.
    assert!(scene.gateway.ask(&scene.subject, RequestHead::default(), "{ ok }").await.is_ok());
    scene.say(&control, StreamControl::Ping { ack: 100 }).await;
    for seq in MAX_UNACKNOWLEDGED + 1..=MAX_UNACKNOWLEDGED + 100 {
        assert!(matches!(next(&mut request).await, Came::Next(found, _) if found == seq));
    }
    scene.say(&control, StreamControl::Stop).await;
    scene.dropped(1).await;
}

#[tokio::test]
async fn bytes_count_too() {
    let scene = scene(|subgraph| subgraph).await;
    let (mut request, control) = scene.open("subscription { count(to: 10, size: 400000) }").await;
    for seq in [2, 3] {
        assert!(matches!(next(&mut request).await, Came::Next(found, _) if found == seq));
    }
    scene.say(&control, StreamControl::Ping { ack: 2 }).await;
    assert!(matches!(next(&mut request).await, Came::Next(4, _)));
    scene.say(&control, StreamControl::Stop).await;
    scene.dropped(1).await;
}

#[tokio::test]
async fn a_stream_that_nobody_wants_ends() {
    let scene = scene(|subgraph| subgraph).await;
    let (_request, control) = scene.open("subscription { silent }").await;
    scene.say(&control, StreamControl::Stop).await;
    scene.dropped(1).await;
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_answered_like_a_query() {
    let scene = scene(|subgraph| subgraph).await;
    for query in ["subscription { refused }", "subscription { nothing }"] {
        let (message, payload) = scene.subscribe(query).await.reply().await.unwrap();
        assert_eq!(StreamHead::read(message.headers.as_ref()), Ok(None), "{query}");
        let answer: Value = serde_json::from_slice(&payload).unwrap();
        assert!(answer["errors"][0]["message"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn streams_are_bounded_apart_from_requests() {
    let scene = scene(|subgraph| subgraph.concurrency(1).streams(2)).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(scene.open("subscription { silent }").await);
    }
    let refused = scene.subscribe("subscription { silent }").await.reply().await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Busy);
    assert!(scene.gateway.ask(&scene.subject, RequestHead::default(), "{ ok }").await.is_ok());
    scene.say(&open[0].1, StreamControl::Stop).await;
    scene.dropped(2).await;
    scene.open("subscription { silent }").await;
}

#[tokio::test]
async fn an_instance_that_stops_says_so_on_its_streams() {
    let scene = scene(|subgraph| subgraph).await;
    let (mut request, _) = scene.open("subscription { silent }").await;
    let Scene { running, dropped, .. } = scene;
    running.stop().await;
    let last = request.next().await;
    let failure = last.headers.as_ref().and_then(Failure::from_headers).expect("a failure");
    assert_eq!(failure.code, FailureCode::Other(503));
    dropped.acquire_many(1).await.unwrap().forget();
}
