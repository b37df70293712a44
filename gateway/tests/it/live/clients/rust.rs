//! The crate `graphql-ws-client`.

use std::future::IntoFuture;

use futures_util::{SinkExt, StreamExt};
use graphql_ws_client::graphql::GraphqlOperation;
use graphql_ws_client::{Client, Connection, Error, Message, Subscription};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, protocol::CloseFrame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Stage;
use crate::support::PATIENCE;

/// This workspace's WebSockets, as the crate wants them.
struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Connection for Socket {
    async fn receive(&mut self) -> Option<Message> {
        loop {
            return match self.0.next().await?.ok()? {
                tungstenite::Message::Text(text) => Some(Message::Text(text.to_string())),
                tungstenite::Message::Close(frame) => Some(Message::Close {
                    code: frame.as_ref().map(|frame| frame.code.into()),
                    reason: frame.map(|frame| frame.reason.to_string()),
                }),
                tungstenite::Message::Ping(_) => Some(Message::Ping),
                tungstenite::Message::Pong(_) => Some(Message::Pong),
                _ => continue,
            };
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), Error> {
        let message = match message {
            Message::Text(text) => tungstenite::Message::text(text),
            Message::Close { code, reason } => tungstenite::Message::Close(
                code.map(|code| CloseFrame { code: code.into(), reason: reason.unwrap_or_default().into() }),
            ),
            Message::Ping => tungstenite::Message::Ping(Default::default()),
            Message::Pong => tungstenite::Message::Pong(Default::default()),
        };
        self.0.send(message).await.map_err(|error| Error::Send(error.to_string()))
    }
}

/// An operation as it is sent.
#[derive(Serialize)]
struct Operation {
    query: &'static str,
    extensions: Value,
}

impl GraphqlOperation for Operation {
    type Response = Value;
    type Error = serde_json::Error;

    fn decode(&self, data: Value) -> Result<Value, serde_json::Error> {
        Ok(data)
    }
}

async fn connect(stage: &Stage, payload: Value) -> Client {
    let url = format!("ws://{}/graphql", stage.proxy.address);
    let mut request = url.into_client_request().unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let (client, actor) = Client::build(Socket(socket)).payload(payload).unwrap().await.unwrap();
    tokio::spawn(actor.into_future());
    client
}

async fn next(subscription: &mut Subscription<Operation>) -> Option<Result<Value, Error>> {
    timeout(PATIENCE, subscription.next()).await.expect("something in time")
}

async fn updated(subscription: &mut Subscription<Operation>, id: &str) -> String {
    let result = next(subscription).await.unwrap().unwrap();
    assert_eq!(result["data"]["orderUpdated"]["id"], id, "{result}");
    super::super::world::place(&result)
}

#[tokio::test]
async fn graphql_ws_client_subscribes_and_goes_on_from_a_place() {
    let stage = Stage::set().await;
    let query = "subscription { orderUpdated { id } }";
    let client = connect(&stage, json!({})).await;
    let mut results = client.subscribe(Operation { query, extensions: json!({}) }).await.unwrap();
    stage.members(1).await;
    stage.order("1", "user-1").await;
    let place = updated(&mut results, "1").await;
    stage.proxy.cut();
    assert!(!matches!(next(&mut results).await, Some(Ok(_))));
    stage.members(0).await;
    stage.order("2", "user-1").await;
    stage.proxy.heal();
    // It doesn't come back by itself.
    let client = connect(&stage, json!({})).await;
    let extensions = json!({ "resumeAfter": place });
    let mut results = client.subscribe(Operation { query, extensions }).await.unwrap();
    updated(&mut results, "2").await;
    stage.order("3", "user-1").await;
    updated(&mut results, "3").await;
    // One of several ends, and the others stay.
    let second = client.subscribe(Operation { query, extensions: json!({}) }).await.unwrap();
    stage.members(2).await;
    drop(second);
    stage.members(1).await;
    let refused = Operation { query: "subscription { nothing }", extensions: json!({}) };
    let mut refused = client.subscribe(refused).await.unwrap();
    let refusal = next(&mut refused).await;
    let Some(Ok(refusal)) = refusal else { panic!("{refusal:?}") };
    assert_eq!(refusal["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    stage.order("4", "user-1").await;
    updated(&mut results, "4").await;
}

#[tokio::test]
async fn graphql_ws_client_says_who_it_is_when_it_connects() {
    let stage = Stage::set().await;
    let client = connect(&stage, json!({ "authorization": Stage::bearer("user-2", 600) })).await;
    let query = "subscription { mine { id } }";
    let mut results = client.subscribe(Operation { query, extensions: json!({}) }).await.unwrap();
    stage.members(1).await;
    stage.order("1", "user-1").await;
    stage.order("2", "user-2").await;
    let result = next(&mut results).await.unwrap().unwrap();
    assert_eq!(result["data"]["mine"]["id"], "2");
}
