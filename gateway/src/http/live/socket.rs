//! WebSockets with the subprotocol `graphql-transport-ws`, as graphql-ws defines it (its PROTOCOL.md).
//!
//! What is our own: the client may send a fresh token on the open socket, as the payload of a `ping`
//! (`{"type":"ping","payload":{"Authorization":"Bearer …"}}`), and is told in the `pong`'s payload whether it was
//! taken; and a `ping` from here may carry the places up to which quiet subscriptions have everything
//! (`{"type":"ping","payload":{"places":{"<id>":"<place>"}}}`). The first one says that a subscription is live: what is
//! published from then on is told, and what was missed before has been.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{
        FromRequestParts,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    response::IntoResponse,
};
use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::{HeaderMap, Response, header, request::Parts};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use tokio::time::{Instant, sleep_until, timeout};

use super::{NotBegun, Operations, Who};
use crate::{
    config::CorsOrigins,
    error::{Code, GraphqlError},
    gateway::Gateway,
    http::{ClientInfo, read},
    subscription::{Ending, Entry},
};

/// The subprotocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take to introduce itself.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// A client that doesn't read its goodbye doesn't get one.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);
/// Results that are there at once are written at once, up to about this size.
const WRITE_BUFFER: usize = 4096;
/// Most clients send a few hundred bytes in all, and then wait; each has a buffer of this size meanwhile.
const READ_BUFFER: usize = 1024;
/// Close reasons fit into a control frame (RFC 6455, section 5.5).
const LONGEST_REASON: usize = 123;

/// Whether a request wants to become a WebSocket.
pub(in crate::http) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Makes a WebSocket of a request.
///
/// # Errors
/// Where it comes from a page that may not.
pub(in crate::http) async fn upgrade(
    gateway: &Arc<Gateway>,
    mut parts: Parts,
    client: ClientInfo,
) -> Result<Response<Body>, GraphqlError> {
    let config = gateway.config();
    check_origin(&parts.headers, &config.http.cors)?;
    let identity = gateway.authenticator().identify(&parts.headers).await?;
    let who = Who::new(config, &parts.headers, client, identity);
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(config.limits.body_bytes)
        .max_frame_size(config.limits.body_bytes);
    let speaks = upgrade.selected_protocol().is_some();
    let operations = Operations::new(gateway.clone(), who, "websocket");
    Ok(upgrade.on_upgrade(move |socket| serve(socket, operations, speaks)))
}

/// A browser lets every page open a WebSocket to anywhere, and says which page it was. Those who say nothing are no
/// browsers.
fn check_origin(headers: &HeaderMap, origins: &CorsOrigins) -> Result<(), GraphqlError> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    if origins.allows(origin)
        || own.is_some_and(|own| host.is_some_and(|host| own.eq_ignore_ascii_case(host)))
    {
        return Ok(());
    }
    Err(GraphqlError::new(
        Code::CrossSiteRefused,
        "a WebSocket from another site's page is refused; --cors-origin lists the sites that may",
    )
    .with("setting", "--cors-origin"))
}

/// Why a socket is closed from here.
#[derive(Debug, PartialEq, Eq)]
struct Close {
    code: u16,
    reason: Cow<'static, str>,
}

impl Close {
    fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into() }
    }

    fn invalid(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(4400, why)
    }
}

/// Why a connection ends.
#[derive(Debug)]
enum End {
    /// The client left.
    Left,
    Close(Close),
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

async fn serve(socket: WebSocket, operations: Arc<Operations>, speaks: bool) {
    let (mut sink, stream) = socket.split();
    let asking = Asking::default();
    let end = match speaks {
        false => End::Close(Close::new(4406, "Subprotocol not acceptable")),
        true => tokio::select! {
            end = Reader { stream, operations: &operations, asking: &asking, acknowledged: false }.run() => end,
            () = write(&mut sink, &operations, &asking) => End::Left,
        },
    };
    operations.close();
    if let End::Close(Close { code, mut reason }) = end {
        tracing::debug!(code, %reason, "a WebSocket is closed");
        if reason.len() > LONGEST_REASON {
            reason = "Invalid message".into();
        }
        let frame = CloseFrame { code, reason: reason.into_owned().into() };
        let goodbye = async {
            drop(sink.send(Message::Close(Some(frame))).await);
            drop(sink.close().await);
        };
        drop(timeout(GOODBYE_TIMEOUT, goodbye).await);
    }
}

/// Sends what waits, for as long as the client takes it.
async fn write(sink: &mut SplitSink<WebSocket, Message>, operations: &Operations, asking: &Asking) {
    let mailbox = operations.mailbox();
    loop {
        let mut entry = Some(mailbox.next().await);
        let mut asks = false;
        while let Some(next) = entry {
            asks |= matches!(next, Entry::KeepAlive);
            if let Some(message) = message(operations, next)
                && sink.feed(message).await.is_err()
            {
                return;
            }
            entry = mailbox.take();
        }
        if sink.flush().await.is_err() {
            return;
        }
        if asks {
            asking.sent();
        }
    }
}

/// When a quiet client was asked whether it is there. What is written before that may take its time: as long as
/// the client reads, it is.
#[derive(Default)]
struct Asking(Mutex<Option<Instant>>);

impl Asking {
    fn sent(&self) {
        *self.lock() = Some(Instant::now());
    }

    /// Since when it could answer; `None`: it wasn't sent the question yet.
    fn since(&self) -> Option<Instant> {
        *self.lock()
    }

    fn again(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is sent of an entry. Of operations that are over nothing is.
fn message(operations: &Operations, entry: Entry) -> Option<Message> {
    let text = |json: Vec<u8>| {
        // It is JSON that was written here.
        Message::Text(Bytes::from(json).try_into().expect("JSON is UTF-8"))
    };
    let about = |id: &str, kind: &str, room: usize| {
        let mut json = Vec::with_capacity(room + id.len() + 48);
        json.extend_from_slice(b"{\"id\":");
        serde_json::to_writer(&mut json, id).expect("a string can be written into memory");
        json.extend_from_slice(format!(",\"type\":\"{kind}\"").as_bytes());
        json
    };
    match entry {
        Entry::Next { tag, delivery, skipped } => {
            let mut json = operations.id(tag, |id| about(id, "next", delivery.size()))?;
            json.extend_from_slice(b",\"payload\":");
            delivery.write(skipped, &mut json);
            json.push(b'}');
            Some(text(json))
        }
        Entry::Answer { tag, body } => {
            let mut json = operations.id(tag, |id| about(id, "next", body.len()))?;
            json.extend_from_slice(b",\"payload\":");
            json.extend_from_slice(&body);
            json.push(b'}');
            Some(text(json))
        }
        Entry::End { tag, ending } => {
            let json = operations.id(tag, |id| match ending {
                Ending::Complete => about(id, "complete", 0),
                Ending::Failed(why) => {
                    let mut json = about(id, "error", 256);
                    json.extend_from_slice(b",\"payload\":");
                    serde_json::to_writer(&mut json, why.errors()).expect("errors have string keys");
                    json
                }
            });
            operations.ended(tag);
            let mut json = json?;
            json.push(b'}');
            Some(text(json))
        }
        Entry::Progress { tag, place } => operations.id(tag, |id| {
            let places = json!({ "type": "ping", "payload": { "places": { id: place.to_string() } } });
            text(places.to_string().into_bytes())
        }),
        Entry::Frame(frame) => Some(text(frame.into())),
        Entry::KeepAlive => Some(Message::Ping(Bytes::new())),
    }
}

/// Reads what the client sends.
struct Reader<'a> {
    stream: SplitStream<WebSocket>,
    operations: &'a Arc<Operations>,
    asking: &'a Asking,
    acknowledged: bool,
}

#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(rename = "type")]
    kind: Option<Value>,
    id: Option<Value>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl Reader<'_> {
    async fn run(mut self) -> End {
        let every = self.operations.gateway().config().subscriptions.keep_alive;
        let ending = self.operations.gateway().ending().clone();
        let begun = Instant::now();
        // Heard last, and when to say something next.
        let (mut heard, mut asked) = (begun, false);
        loop {
            let since = if asked { self.asking.since() } else { None };
            let quiet = in_company(since.unwrap_or(heard) + every, every);
            let init = (!self.acknowledged).then_some(begun + INIT_TIMEOUT);
            let next = init.map_or(quiet, |init| init.min(quiet));
            let message = tokio::select! {
                message = self.stream.next() => message,
                () = ending.cancelled() => return Close::new(1001, "Going away").into(),
                () = sleep_until(next) => {
                    let now = Instant::now();
                    if init.is_some_and(|init| init <= now) {
                        return Close::new(4408, "Connection initialisation timeout").into();
                    }
                    match self.asking.since().filter(|_| asked) {
                        _ if quiet > now => {}
                        // It was sent in the meantime.
                        Some(sent) if sent + every > now => {}
                        Some(_) => return End::Left,
                        None if asked => heard = now,
                        None => {
                            (heard, asked) = (now, true);
                            self.asking.again();
                            self.operations.mailbox().tell(Entry::KeepAlive);
                        }
                    }
                    continue;
                }
            };
            (heard, asked) = (Instant::now(), false);
            match message {
                None | Some(Err(_) | Ok(Message::Close(_))) => return End::Left,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_))) => return Close::invalid("Invalid message received").into(),
                // Boxed: it takes more room than all the rest, and clients wait most of the time.
                Some(Ok(Message::Text(text))) => match Box::pin(self.receive(&text)).await {
                    Ok(()) => {}
                    Err(close) => return close.into(),
                },
            }
        }
    }

    async fn receive(&mut self, text: &str) -> Result<(), Close> {
        let invalid = || Close::invalid("Invalid message received");
        let Incoming { kind, id, payload } = serde_json::from_str(text).map_err(|_| invalid())?;
        let payload = payload.filter(|payload| payload.get() != "null");
        let is_object = payload.is_none_or(|payload| payload.get().starts_with('{'));
        let id = match id {
            Some(Value::String(id)) if !id.is_empty() => Some(id),
            Some(_) => return Err(invalid()),
            None => None,
        };
        let Some(Value::String(kind)) = kind else { return Err(invalid()) };
        if !is_object {
            return Err(invalid());
        }
        match (&*kind, id) {
            ("connection_init", _) => self.init(payload).await,
            ("ping", _) => self.ping(payload).await,
            ("pong", _) => Ok(()),
            ("subscribe", Some(id)) => self.subscribe(&id, payload.ok_or_else(invalid)?),
            ("complete", Some(id)) => {
                self.operations.complete(&id);
                Ok(())
            }
            _ => Err(invalid()),
        }
    }

    async fn init(&mut self, payload: Option<&RawValue>) -> Result<(), Close> {
        if std::mem::replace(&mut self.acknowledged, true) {
            return Err(Close::new(4429, "Too many initialisation requests"));
        }
        if let Some(authorization) = payload.and_then(authorization) {
            let authenticator = self.operations.gateway().authenticator();
            match authenticator.identify_by(&authorization).await {
                Ok(identity) => self.operations.renew(identity).await,
                // The token may be good: who is told that it isn't throws it away.
                Err(error) if error.code() == Code::AuthUnavailable => {
                    return Err(Close::new(1013, format!("Try again later: {}", error.message)));
                }
                Err(error) => return Err(Close::new(4403, format!("Forbidden: {}", error.message))),
            }
        }
        self.reply(json!({ "type": "connection_ack" }))
    }

    /// Answers a ping, which may bring a fresh token.
    async fn ping(&mut self, payload: Option<&RawValue>) -> Result<(), Close> {
        let Some(authorization) = payload.filter(|_| self.acknowledged).and_then(authorization) else {
            let pong = match payload {
                Some(payload) => json!({ "type": "pong", "payload": payload }),
                None => json!({ "type": "pong" }),
            };
            return self.reply(pong);
        };
        let authenticator = self.operations.gateway().authenticator();
        match authenticator.identify_by(&authorization).await {
            Ok(identity) => {
                let expires = identity.expires;
                self.operations.renew(identity).await;
                self.reply(json!({ "type": "pong", "payload": { "authorized": true, "expires": expires } }))
            }
            // The old token stays good for as long as it was.
            Err(error) => {
                let told = json!({ "authorized": false, "error": error });
                self.reply(json!({ "type": "pong", "payload": told }))
            }
        }
    }

    fn subscribe(&mut self, id: &str, payload: &RawValue) -> Result<(), Close> {
        if !self.acknowledged {
            return Err(Close::new(4401, "Unauthorized"));
        }
        let body = Bytes::copy_from_slice(payload.get().as_bytes());
        let parameters = read::post(&body).map_err(|error| Close::invalid(error.message))?;
        self.operations.start(id, parameters, self.operations.who(), false).map_err(|why| match why {
            NotBegun::Taken => Close::new(4409, format!("Subscriber for {id} already exists")),
            NotBegun::TooMany | NotBegun::Closed => Close::new(1008, "More is sent than is read"),
        })
    }

    fn reply(&self, json: Value) -> Result<(), Close> {
        match self.operations.mailbox().reply(json.to_string().into()) {
            true => Ok(()),
            false => Err(Close::new(1008, "More is sent than is read")),
        }
    }
}

/// A little later, at a moment at which others are asked as well: to wake up for each of ten thousand quiet clients by
/// itself takes several times as much of the processor.
fn in_company(at: Instant, every: Duration) -> Instant {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let apart = (every / 16).clamp(Duration::from_millis(1), Duration::from_secs(1)).as_millis() as u64;
    let since = at.saturating_duration_since(*BEGUN).as_millis() as u64;
    *BEGUN + Duration::from_millis(since.next_multiple_of(apart))
}

/// The authorization in a payload, where clients put it: by itself or among headers.
fn authorization(payload: &RawValue) -> Option<String> {
    fn find(value: &Value) -> Option<&str> {
        let entries = value.as_object()?;
        let entry = entries.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        entry.and_then(|(_, value)| value.as_str())
    }
    let payload: Value = serde_json::from_str(payload.get()).ok()?;
    find(&payload).or_else(|| find(payload.get("headers")?)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_authorization_is_found_where_clients_put_it() {
        let found = |json: &str| authorization(serde_json::from_str(json).unwrap());
        let bearer = Some("Bearer x".to_owned());
        assert_eq!(found(r#"{"Authorization":"Bearer x"}"#), bearer);
        assert_eq!(found(r#"{"authorization":"Bearer x","headers":{}}"#), bearer);
        assert_eq!(found(r#"{"headers":{"AUTHORIZATION":"Bearer x"}}"#), bearer);
        assert_eq!(found(r#"{"headers":[],"a":1}"#), None);
        assert_eq!(found(r#"{"Authorization":1}"#), None);
    }

    #[test]
    fn quiet_clients_are_asked_together_and_none_before_its_time() {
        let (now, every) = (Instant::now(), Duration::from_secs(20));
        let asked: Vec<Instant> =
            (0..2000).map(|at| in_company(now + Duration::from_millis(at) + every, every)).collect();
        let mut moments = asked.clone();
        moments.dedup();
        assert!(moments.len() <= 3, "{}", moments.len());
        for (at, asked) in asked.into_iter().enumerate() {
            let wanted = now + Duration::from_millis(at as u64) + every;
            assert!(asked + Duration::from_millis(1) >= wanted && asked <= wanted + Duration::from_secs(1));
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let headers = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("shop.example:4000"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            headers
        };
        let none = CorsOrigins::Listed(vec![]);
        let listed = CorsOrigins::Listed(vec![HeaderValue::from_static("https://other.example")]);
        let refused = |origin, origins| check_origin(&headers(origin), origins).is_err();
        assert!(!refused(None, &none), "no browser");
        assert!(!refused(Some("http://shop.example:4000"), &none), "its own page");
        assert!(refused(Some("https://other.example"), &none));
        assert!(refused(Some("http://shop.example"), &none), "another port is another site");
        assert!(refused(Some("null"), &listed));
        assert!(!refused(Some("https://other.example"), &listed));
        assert!(!refused(Some("https://any.example"), &CorsOrigins::Any));
    }
}
