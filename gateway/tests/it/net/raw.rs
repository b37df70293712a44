//! Subgraphs without the kit: a subscription and a function, so that a test decides every message.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::jetstream::{self, message::PublishMessage};
use async_nats::{Client, HeaderMap, Message, RequestErrorKind};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::task::AbortHandle;
use tributary_protocol::{Announcement, Token};
use xtask::servers::Nats;

use crate::live::world::until;

/// A connection as that user.
pub async fn client(nats: &Nats, user: &str) -> Client {
    tributary_subgraph::connect(user, &nats.url_for(user)).await.unwrap()
}

/// Something that listens until it is dropped, and counts what it hears.
pub struct Listener {
    heard: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Listener {
    /// How many messages came.
    pub fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens on a subject; `handle` gets each message with its number, from 0.
pub async fn listen<F, Fut>(client: &Client, subject: &str, group: Option<&str>, handle: F) -> Listener
where
    F: Fn(Client, Message, usize) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let subject = subject.to_owned();
    let mut messages = match group {
        Some(group) => client.queue_subscribe(subject, group.to_owned()).await.unwrap(),
        None => client.subscribe(subject).await.unwrap(),
    };
    fence(client).await;
    let heard = Arc::new(AtomicUsize::new(0));
    let (client, count) = (client.clone(), heard.clone());
    let task = tokio::spawn(async move {
        while let Some(message) = messages.next().await {
            tokio::spawn(handle(client.clone(), message, count.fetch_add(1, Ordering::SeqCst)));
        }
    });
    Listener { heard, task: task.abort_handle() }
}

/// Returns when the server has taken everything that the client sent before: a flush only writes it.
pub async fn fence(client: &Client) {
    let inbox = client.new_inbox();
    let user = inbox.split('.').nth(1).unwrap();
    let nobody = client.request(format!("_GQL.{user}._.fence"), Bytes::new()).await;
    assert_eq!(nobody.unwrap_err().kind(), RequestErrorKind::NoResponders);
}

/// Listens where `name` takes queries.
pub async fn subgraph<F, Fut>(client: &Client, name: &str, handle: F) -> Listener
where
    F: Fn(Client, Message, usize) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    listen(client, &format!("graphql.{name}"), Some("q"), handle).await
}

/// Answers a message.
pub async fn reply(client: &Client, to: &Message, payload: impl Into<Bytes>) {
    client.publish(to.reply.clone().unwrap(), payload.into()).await.unwrap();
}

/// Answers a message with headers.
pub async fn reply_with(client: &Client, to: &Message, headers: &[(&str, &str)], payload: impl Into<Bytes>) {
    let mut map = HeaderMap::new();
    headers.iter().for_each(|(name, value)| map.insert(*name, *value));
    client.publish_with_headers(to.reply.clone().unwrap(), map, payload.into()).await.unwrap();
}

/// Answers with an error of the services API.
pub async fn fail(client: &Client, to: &Message, code: u16) {
    let code = code.to_string();
    reply_with(client, to, &[("Nats-Service-Error-Code", &code), ("Nats-Service-Error", "because")], "")
        .await;
}

/// The INFO of a service that might be a subgraph.
pub fn info(name: &str, subject: &str, group: &str) -> Value {
    json!({
        "type": "io.nats.micro.v1.info_response", "name": name, "id": "i1", "version": "1.0.0",
        "metadata": {"graphql.protocol": "1"},
        "endpoints": [{"name": "query", "subject": subject, "queue_group": group}],
    })
}

/// Answers `$SRV.INFO`, and `$SRV.INFO.<name>` for the name of the document.
pub async fn announce(client: &Client, info: Value) -> [Listener; 2] {
    let name = info["name"].as_str().unwrap().to_owned();
    let answer = move |client: Client, message: Message, _| {
        let info = info.to_string();
        async move { reply(&client, &message, info).await }
    };
    let everyone = listen(client, "$SRV.INFO", None, answer.clone()).await;
    let named = listen(client, &format!("$SRV.INFO.{name}"), None, answer).await;
    [everyone, named]
}

/// Says that the instance of [`info`] is there.
pub async fn say_up(client: &Client, name: &str) {
    let headers = Announcement::Up("i1".parse().unwrap()).to_headers();
    client.publish_with_headers(format!("graphql.announce.{name}"), headers, Bytes::new()).await.unwrap();
}

/// An instance of its own id that was announced, and can leave.
pub struct Instance {
    name: &'static str,
    client: Client,
    id: String,
    _listeners: [Listener; 3],
}

impl Instance {
    /// Serves that subgraph with `handle`, and says so.
    pub async fn start<F, Fut>(client: &Client, name: &'static str, handle: F) -> Self
    where
        F: Fn(Client, Message, usize) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        static INSTANCES: AtomicUsize = AtomicUsize::new(0);
        let serving = subgraph(client, name, handle).await;
        let id = format!("i{}", INSTANCES.fetch_add(1, Ordering::SeqCst));
        let mut info = info(name, &format!("graphql.{name}"), "q");
        info["id"] = id.as_str().into();
        let [everyone, named] = announce(client, info).await;
        let own = Self { name, client: client.clone(), id, _listeners: [serving, everyone, named] };
        own.say(Announcement::Up).await;
        own
    }

    /// Says that it leaves.
    pub async fn leave(self) {
        self.say(Announcement::Down).await;
    }

    async fn say(&self, what: impl FnOnce(Token) -> Announcement) {
        let headers = what(self.id.parse().unwrap()).to_headers();
        let subject = format!("graphql.announce.{}", self.name);
        self.client.publish_with_headers(subject, headers, Bytes::new()).await.unwrap();
    }
}

/// Publishes an event again and again until it is acknowledged; by its id it is one event all the same.
pub async fn tell_until_kept(client: &Client, subject: &str, id: &str, payload: &Value) {
    let mut context = jetstream::new(client.clone());
    context.set_timeout(Duration::from_secs(1));
    let once = async || {
        let message = PublishMessage::build().payload(payload.to_string().into()).message_id(id);
        context.send_publish(subject.to_owned(), message).await.ok()?.await.ok()
    };
    until(async || once().await.is_some()).await;
}

/// Answers queries for an SDL, and everything else with `{"data":{"hello":"world"}}`.
pub async fn serve(client: &Client, name: &str, sdl: &str) -> Listener {
    let sdl = json!({"data": {"_service": {"sdl": sdl}}}).to_string();
    subgraph(client, name, move |client, message, _| {
        let asked = message.payload.windows(8).any(|window| window == b"_service");
        let payload = if asked { sdl.clone() } else { r#"{"data":{"hello":"world"}}"#.to_owned() };
        async move { reply(&client, &message, payload).await }
    })
    .await
}
