//! Items and their prices, which may be kept, and the events that say that they changed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_nats::jetstream;
use async_nats::{Client, Message};
use serde_json::{Map, Value, json};
use tokio::sync::RwLock;
use tributary::cache::CacheStatus;
use xtask::servers::Nats;

use crate::live::world::{definition, until};
use crate::net::raw::{self, Instance};
use crate::support::TestGateway;

const LINK: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
enum CacheControlScope { PUBLIC PRIVATE }
"#;

/// Which items there are: a list that may be kept, and one that may not.
pub const ITEMS: &str = r#"
type Query {
  items: [Item!]! @cacheControl(maxAge: 3600)
  first: Item @cacheControl(maxAge: 3600)
  listed(ids: [ID!]!): [Item!]! @cacheControl(maxAge: 0)
  mine: String @cacheControl(maxAge: 3600, scope: PRIVATE)
  count: Int @cacheControl(maxAge: 3600)
  now: Int @cacheControl(maxAge: 1)
}
type Mutation { rename(id: ID!, name: String!): Item }
type Item @key(fields: "id") @cacheControl(maxAge: 3600) { id: ID! name: String }
"#;

/// What items cost, for everybody and for each.
pub const PRICES: &str = r#"
type Query { currency: String }
type Item @key(fields: "id") @cacheControl(maxAge: 600) { id: ID! price: String discount: String @cacheControl(scope: PRIVATE) stock: Int @cacheControl(maxAge: 0) }
"#;

pub struct World {
    pub nats: Nats,
    /// Somebody who may do everything.
    pub client: Client,
    pub items: Service,
    pub prices: Service,
}

/// A subgraph whose values a test sets.
pub struct Service {
    name: &'static str,
    client: Client,
    pub state: Arc<State>,
    instance: Instance,
}

#[derive(Default)]
pub struct State {
    /// By item.
    pub values: Mutex<BTreeMap<String, String>>,
    /// Its answers have an error besides.
    pub fails: AtomicBool,
    /// Answers wait for this after they were made.
    pub gate: RwLock<()>,
    requests: Mutex<Vec<Value>>,
}

impl State {
    /// How often it was asked anything.
    pub fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// The items that it was asked for by their keys since that was asked last.
    pub fn looked_up(&self) -> Vec<String> {
        let requests = std::mem::take(&mut *self.requests.lock().unwrap());
        let lists = requests.iter().filter_map(|it| it["variables"]["representations"].as_array());
        lists.flatten().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    }

    pub fn set(&self, id: &str, value: &str) {
        self.values.lock().unwrap().insert(id.into(), value.into());
    }

    fn item(&self, id: &str, who: &str) -> Value {
        let values = self.values.lock().unwrap();
        let Some(value) = values.get(id) else { return Value::Null };
        json!({ "__typename": "Item", "id": id, "name": value, "price": value, "discount": who, "stock": 3 })
    }

    fn answer(&self, request: &Value, who: &str) -> Value {
        let (query, variables) = (request["query"].as_str().unwrap(), &request["variables"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let by_ids = |ids: Vec<String>| ids.iter().map(|id| self.item(id, who)).collect::<Vec<_>>();
        let all = || self.values.lock().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut data = Map::new();
        let asks = |field: &str| {
            let ends = ["{", "(", " ", "}"];
            ["{", " ", "}"]
                .iter()
                .any(|before| ends.iter().any(|end| query.contains(&[before, field, end].concat())))
        };
        if query.contains("_entities") {
            let list = variables["representations"].as_array().unwrap();
            data.insert("_entities".into(), by_ids(list.iter().map(|it| text(&it["id"])).collect()).into());
        } else if query.contains("rename(") {
            self.set(&text(&variables["id"]), &text(&variables["name"]));
            data.insert("rename".into(), self.item(&text(&variables["id"]), who));
        } else if asks("listed") {
            let ids = variables["ids"].as_array().unwrap().iter().map(text).collect();
            data.insert("listed".into(), by_ids(ids).into());
        } else {
            let of = [
                ("items", by_ids(all()).into()),
                ("first", all().first().map_or(Value::Null, |id| self.item(id, who))),
                ("mine", who.into()),
                ("count", all().len().into()),
                ("now", self.asked().into()),
                ("currency", "EUR".into()),
            ];
            data.extend(
                of.into_iter().filter(|(field, _)| asks(field)).map(|(key, it)| (key.to_owned(), it)),
            );
        }
        data.into()
    }

    async fn reply(self: Arc<Self>, client: Client, message: Message, sdl: String) {
        let request: Value = serde_json::from_slice(&message.payload).unwrap();
        if request["query"].as_str().unwrap().contains("_service") {
            let sdl = json!({ "data": { "_service": { "sdl": sdl } } });
            return raw::reply(&client, &message, sdl.to_string()).await;
        }
        let who = message.headers.as_ref().and_then(|it| it.get("Graphql-Identity"));
        let who = who.map_or("nobody", |who| who.as_str());
        let mut response = json!({ "data": self.answer(&request, who) });
        if self.fails.load(Ordering::SeqCst) {
            response["errors"] = json!([{ "message": "something is wrong" }]);
        }
        self.requests.lock().unwrap().push(request);
        drop(self.gate.read().await);
        raw::reply(&client, &message, response.to_string()).await;
    }
}

impl Service {
    async fn start(nats: &Nats, name: &'static str, sdl: &str, state: Arc<State>) -> Self {
        let client = raw::client(nats, name).await;
        let (serving, sdl) = (state.clone(), format!("{LINK}{sdl}"));
        let instance = Instance::start(&client, name, move |client, message, _| {
            serving.clone().reply(client, message, sdl.clone())
        });
        Self { name, instance: instance.await, client, state }
    }

    /// Is replaced by one with another schema and the same values.
    pub async fn turn_into(&mut self, nats: &Nats, sdl: &str) {
        let new = Self::start(nats, self.name, sdl, self.state.clone()).await;
        std::mem::replace(self, new).instance.leave().await;
    }

    /// Publishes an event about an item, again and again until it is acknowledged; it is one event all the same.
    pub async fn tell(&self, id: &str) {
        static EVENTS: AtomicUsize = AtomicUsize::new(0);
        let number = EVENTS.fetch_add(1, Ordering::SeqCst);
        let subject = format!("events.{}.Item.{id}.changed", self.name);
        let payload = json!({ "__typename": "Item", "id": id });
        raw::tell_until_kept(&self.client, &subject, &format!("{}.{number}", self.name), &payload).await;
    }
}

impl World {
    /// With a stream of events, and three items.
    pub async fn start() -> Self {
        let world = Self::without_events().await;
        world.keep_events().await;
        world
    }

    pub async fn without_events() -> Self {
        let nats =
            tokio::task::spawn_blocking(|| Nats::start_with(&["items", "prices", "auth"])).await.unwrap();
        let client = raw::client(&nats, "operator").await;
        let states: [Arc<State>; 2] = Default::default();
        for (state, value) in states.iter().zip(["name", "price"]) {
            ["1", "2", "3"].iter().for_each(|id| state.set(id, &format!("{value} of {id}")));
        }
        let [items, prices] = states;
        let items = Service::start(&nats, "items", ITEMS, items).await;
        let prices = Service::start(&nats, "prices", PRICES, prices).await;
        Self { nats, client, items, prices }
    }

    /// Makes the stream.
    pub async fn keep_events(&self) {
        jetstream::new(self.client.clone()).create_stream(definition()).await.unwrap();
    }

    /// Deletes it.
    pub async fn lose_events(&self) {
        jetstream::new(self.client.clone()).delete_stream("EVENTS").await.unwrap();
    }

    /// A gateway that keeps answers.
    pub async fn gateway(&self, flags: &str) -> TestGateway {
        let user = if flags.contains("gw2") { "gateway2" } else { "gateway" };
        let gateway = TestGateway::start(&self.nats.url_for(user), flags).await;
        gateway.serves(&["items", "prices"]).await;
        gateway
    }

    /// The same, once it hears every event.
    pub async fn following(&self, flags: &str) -> TestGateway {
        let gateway = self.gateway(flags).await;
        becomes(&gateway, |status| status.usable).await;
        gateway
    }
}

/// What a gateway's cache says of itself.
pub fn status(gateway: &TestGateway) -> CacheStatus {
    gateway.gateway.cache().unwrap().status()
}

/// Waits until it says something.
pub async fn becomes(gateway: &TestGateway, reached: impl Fn(CacheStatus) -> bool) {
    until(async || reached(status(gateway))).await;
}

/// Publishes an event and waits until these gateways have heard it. What it is about must be kept there.
pub async fn told(service: &Service, id: &str, gateways: &[&TestGateway]) {
    let before: Vec<u64> = gateways.iter().map(|gateway| status(gateway).dropped).collect();
    service.tell(id).await;
    for (gateway, before) in gateways.iter().zip(before) {
        becomes(gateway, |status| status.dropped > before).await;
    }
}
