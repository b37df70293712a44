//! A shop whose orders are told as events, and clients that hear of them.

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::{self, stream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use xtask::servers::Nats;

use crate::net::raw::{self, Instance};
use crate::support::{PATIENCE, TestGateway};

pub const EVENTS: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external"])
  @link(url: "https://tributary.dev/events/v1.0", import: ["@event"])
directive @event(subject: String!, where: EventFilter, slow: SlowConsumer = ALL, version: String) on FIELD_DEFINITION
enum SlowConsumer { ALL LATEST }
input EventFilter { field: String eq: String ne: String lt: String lte: String gt: String gte: String in: [String!] and: [EventFilter!] or: [EventFilter!] not: EventFilter }
"#;

pub const ORDERS: &str = r#"
type Query { orders: [Order!]! }
type Mutation { touch(id: ID!): Order }
type Order @key(fields: "id") { id: ID! status: String total: Int note: String customerId: ID buyer: User }
type User @key(fields: "id") { id: ID! }
type Subscription {
  orderUpdated(id: ID): Order @event(subject: "events.orders.Order.{args.id}.>")
  ordersOf(ids: [ID!]!, above: Int): Order @event(subject: "events.orders.Order.{args.ids}.*", where: { field: "total", gt: "{args.above}" })
  mine: Order @event(subject: "events.orders.Order.*.>", where: { field: "customerId", eq: "{claims.sub}" })
  newest: Order @event(subject: "events.orders.Order.*.>", slow: LATEST)
}
"#;

pub const USERS: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
type Query { me: User }
type User @key(fields: "id") { id: ID! name: String }
"#;

/// A nats-server with a stream of events, and the subgraphs orders and users.
pub struct World {
    pub nats: Nats,
    pub client: Client,
    pub orders: Service,
    _users: Service,
}

/// A subgraph that answers from a schema's text, and resolves every entity with what it is asked for.
pub struct Service {
    name: &'static str,
    client: Client,
    /// How many times it was asked for entities.
    pub asked: Arc<AtomicUsize>,
    instance: Instance,
}

impl Service {
    pub async fn start(nats: &Nats, name: &'static str, sdl: String) -> Self {
        let client = raw::client(nats, name).await;
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let instance = Instance::start(&client, name, move |client, message, _| {
            let (sdl, count) = (sdl.clone(), count.clone());
            async move {
                let request: Value = serde_json::from_slice(&message.payload).unwrap();
                let query = request["query"].as_str().unwrap();
                let data = if query.contains("_service") {
                    json!({ "_service": { "sdl": sdl } })
                } else if query.contains("_entities") {
                    count.fetch_add(1, Ordering::SeqCst);
                    let entity = |representation: &Value| {
                        let id = representation["id"].as_str().unwrap();
                        let caller = message.headers.as_ref().and_then(|it| it.get("Graphql-Identity"));
                        json!({
                            "__typename": representation["__typename"], "id": id,
                            "name": format!("name of {id}"),
                            "note": if caller.is_some() { "seen by somebody" } else { "seen by nobody" },
                            "status": "looked up", "total": 7, "customerId": "c", "buyer": { "id": "u" },
                        })
                    };
                    let list = request["variables"]["representations"].as_array().unwrap();
                    json!({ "_entities": list.iter().map(entity).collect::<Vec<_>>() })
                } else {
                    // What isn't asked for would be handed to the client with the rest.
                    let answers = [("b:me", json!({ "id": "u" })), ("c:orders", json!([{ "id": "1" }]))];
                    let answers = answers.into_iter().chain([
                        ("me", json!({ "id": "u" })),
                        ("orders", json!([{ "id": "1" }])),
                        ("touch", json!({ "id": "1" })),
                    ]);
                    let mut data = serde_json::Map::new();
                    for (field, value) in answers {
                        if query.contains(&format!("{field}{{")) || query.contains(&format!("{field}(")) {
                            data.insert(field.split(':').next().unwrap().to_owned(), value);
                            break;
                        }
                    }
                    data.into()
                };
                raw::reply(&client, &message, json!({ "data": data }).to_string()).await;
            }
        });
        Self { name, instance: instance.await, client, asked }
    }

    /// Is replaced by a new one with another schema.
    pub async fn turn_into(&mut self, nats: &Nats, sdl: String) {
        let new = Self::start(nats, self.name, sdl).await;
        std::mem::replace(self, new).instance.leave().await;
    }

    /// Publishes an event and waits until it is kept.
    pub async fn tell(&self, id: &str, verb: &str, payload: Value) -> u64 {
        let subject = format!("events.{}.Order.{id}.{verb}", self.name);
        let context = jetstream::new(self.client.clone());
        let sent = context.publish(subject, payload.to_string().into()).await.unwrap();
        timeout(PATIENCE, sent.into_future()).await.unwrap().unwrap().sequence
    }

    /// The same, again and again until it is acknowledged; it is one event all the same.
    pub async fn tell_until_kept(&self, id: &str, payload: Value) {
        let subject = format!("events.{}.Order.{id}.status", self.name);
        raw::tell_until_kept(&self.client, &subject, &format!("{}.{id}", self.name), &payload).await;
    }

    /// Publishes an order with that status.
    pub async fn order(&self, id: &str, status: &str) -> u64 {
        self.tell(id, "status", json!({ "__typename": "Order", "id": id, "status": status, "total": 7 }))
            .await
    }
}

/// The stream's definition.
pub fn definition() -> stream::Config {
    stream::Config {
        name: "EVENTS".into(),
        subjects: vec!["events.>".into()],
        storage: stream::StorageType::File,
        ..stream::Config::default()
    }
}

impl World {
    pub async fn start() -> Self {
        let nats =
            tokio::task::spawn_blocking(|| Nats::start_with(&["orders", "users", "auth"])).await.unwrap();
        let client = raw::client(&nats, "operator").await;
        jetstream::new(client.clone()).create_stream(definition()).await.unwrap();
        let orders = Service::start(&nats, "orders", format!("{EVENTS}{ORDERS}")).await;
        let users = Service::start(&nats, "users", USERS.into()).await;
        Self { nats, client, orders, _users: users }
    }

    /// How many consumers the stream has.
    pub async fn consumers(&self) -> usize {
        let stream = jetstream::new(self.client.clone()).get_stream("EVENTS").await.unwrap();
        stream.get_info().await.unwrap().state.consumer_count
    }

    pub async fn gateway(&self, flags: &str) -> TestGateway {
        TestGateway::with(&self.nats, flags, &["orders", "users"]).await
    }
}

/// A client on a WebSocket, which says what comes.
pub struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens a socket and says nothing yet.
    pub async fn open(gateway: &TestGateway) -> Self {
        Self::open_with(gateway, "graphql-transport-ws", &[]).await.unwrap()
    }

    /// Opens a socket with that subprotocol and these headers.
    pub async fn open_with(
        gateway: &TestGateway,
        protocol: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let mut request = format!("ws://{}/graphql", gateway.address).into_client_request().unwrap();
        if !protocol.is_empty() {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Self { socket })
    }

    /// Opens a socket on which everything can be asked, and for which the system keeps little that isn't read yet.
    pub async fn narrow(gateway: &TestGateway) -> Self {
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(64 * 1024).unwrap();
        let stream = MaybeTlsStream::Plain(tcp.connect(gateway.address).await.unwrap());
        let mut request = format!("ws://{}/graphql", gateway.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        Self { socket }.introduced().await
    }

    /// Waits until something other than the question whether it is there lies ready, and leaves it there.
    pub async fn has_begun_to_hear(&mut self) {
        const PING: u8 = 0x89;
        loop {
            let MaybeTlsStream::Plain(tcp) = self.socket.get_ref() else { panic!("no plain socket") };
            let mut first = [0];
            timeout(PATIENCE, tcp.peek(&mut first)).await.expect("something in time").unwrap();
            if first[0] != PING {
                return;
            }
            assert!(matches!(self.socket.next().await, Some(Ok(Message::Ping(_)))));
            self.socket.flush().await.unwrap();
        }
    }

    /// Opens a socket on which everything can be asked.
    pub async fn ready(gateway: &TestGateway) -> Self {
        Self::open(gateway).await.introduced().await
    }

    async fn introduced(mut self) -> Self {
        let socket = &mut self;
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        self
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn send_binary(&mut self) {
        self.socket.send(Message::binary(b"{}".as_slice())).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    /// Subscribes, and goes on after a place.
    pub async fn resume(&mut self, id: &str, query: &str, place: &str) {
        let payload = json!({ "query": query, "extensions": { "resumeAfter": place } });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// Subscribes, and returns when events that come from now on are told, with the place.
    pub async fn subscribed(&mut self, id: &str, query: &str) -> String {
        self.subscribe(id, query).await;
        self.place(id).await
    }

    /// The next place that is told of an operation by itself.
    pub async fn place(&mut self, id: &str) -> String {
        let message = self.any_message().await.unwrap();
        let place = message["payload"]["places"][id].as_str();
        place.unwrap_or_else(|| panic!("no place of {id}: {message}")).to_owned()
    }

    /// The next message but pings.
    pub async fn next(&mut self) -> Value {
        match self.message().await {
            Ok(message) => message,
            Err(close) => panic!("the socket was closed: {close:?}"),
        }
    }

    /// The next message but pings, or with what the socket was closed.
    pub async fn message(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match self.any_message().await {
                Ok(message) if message["type"] == "ping" => {}
                other => return other,
            }
        }
    }

    async fn any_message(&mut self) -> Result<Value, Option<CloseFrame>> {
        let message = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                    Some(Ok(Message::Close(frame))) => return Err(frame),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Err(None),
                }
            }
        };
        timeout(PATIENCE, message).await.expect("a message in time")
    }

    /// The code and reason with which the socket is closed.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.message().await {
                Ok(_) => {}
                Err(Some(frame)) => return (frame.code.into(), frame.reason.to_string()),
                Err(None) => panic!("closed without a reason"),
            }
        }
    }

    /// The payload of the next result of an operation.
    pub async fn result(&mut self, id: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        message["payload"].take()
    }

    /// The errors with which an operation ends.
    pub async fn error(&mut self, id: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        message["payload"].take()
    }

    /// Whether nothing comes, as far as the answer to a question that is asked now.
    pub async fn is_quiet(&mut self) -> bool {
        self.send(json!({ "type": "ping", "payload": { "quiet": true } })).await;
        self.next().await == json!({ "type": "pong", "payload": { "quiet": true } })
    }
}

/// Waits for a state that nobody tells of.
pub async fn until<F: Future<Output = bool>>(reached: impl Fn() -> F) {
    let polled = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, polled).await.expect("reached in time");
}

/// The place of a result.
pub fn place(result: &Value) -> String {
    result["extensions"]["place"].as_str().unwrap_or_else(|| panic!("no place in {result}")).to_owned()
}
