//! The developer's HTTP endpoint.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tributary_protocol::{Identity, header};
use tributary_subgraph::{ServeError, Subgraph, connect};
use xtask::servers::Nats;

use crate::support::{Gateway, Running, schema};

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn post(address: SocketAddr, query: &str, identity: Option<&Identity>) -> Value {
    let mut request =
        reqwest::Client::new().post(format!("http://{address}/graphql")).json(&json!({ "query": query }));
    if let Some(identity) = identity {
        request = request.header(header::IDENTITY, identity.encode());
    }
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn the_schema_and_graphiql_are_there() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let address = free_address();
    let subgraph = Subgraph::new("alpha", schema().0).http(address);
    let running = Running::start("alpha", &nats.url_for("alpha"), subgraph, &mut gateway).await;

    let page = reqwest::get(format!("http://{address}/")).await.unwrap().text().await.unwrap();
    assert!(page.contains("GraphiQL"), "{page}");
    assert_eq!(post(address, "{ echo(text: \"a\") }", None).await, json!({ "data": { "echo": "a" } }));
    let panicked = post(address, "{ boom }", None).await;
    assert!(panicked["errors"][0]["message"].as_str().unwrap().contains("panicked"), "{panicked}");
    running.stop().await;
    assert!(reqwest::get(format!("http://{address}/")).await.is_err(), "the stop ends it");
}

#[tokio::test]
async fn nobody_is_identified_by_a_header() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let address = free_address();
    let subgraph = Subgraph::new("alpha", schema().0).http(address);
    let _running = Running::start("alpha", &nats.url_for("alpha"), subgraph, &mut gateway).await;
    let claims = json!({ "sub": "u1", "role": "admin" });
    let identity = Identity::new(claims.as_object().cloned().unwrap());
    let answer = post(address, "{ identity client }", Some(&identity)).await;
    assert_eq!(answer["data"]["identity"], Value::Null);
    assert_eq!(answer["data"]["client"][0], "127.0.0.1");
}

#[tokio::test]
async fn a_taken_port_is_an_error_at_start() {
    let nats = Nats::start();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = connect("alpha", &nats.url_for("alpha")).await.unwrap();
    let subgraph = Subgraph::new("alpha", schema().0).http(taken.local_addr().unwrap());
    let error = subgraph.serve(client, std::future::pending()).await.unwrap_err();
    assert!(matches!(error, ServeError::Http { .. }), "{error}");
}
