//! Server-sent events in single connection mode: one stream, and requests that put operations on it.

use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};

use super::streams::Pieces;
use super::world::{World, place, until};
use crate::auth::{Keys, ONE, auth_service, jwk, token_with};
use crate::support::{TestGateway, nats, refusal, subgraphs};

const TOKEN: &str = "x-graphql-event-stream-token";
const QUERY: &str = "subscription { orderUpdated { id } }";

/// A client of one stream.
struct Client<'a> {
    gateway: &'a TestGateway,
    token: String,
    bearer: Option<String>,
}

impl<'a> Client<'a> {
    /// Reserves a stream.
    async fn reserve(gateway: &'a TestGateway, bearer: Option<&str>) -> Self {
        let mut client = Self { gateway, token: String::new(), bearer: bearer.map(str::to_owned) };
        let response = client.send(Method::PUT, "").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        client.token = response.text().await.unwrap();
        client
    }

    /// Reserves a stream and opens it.
    async fn open(gateway: &'a TestGateway, bearer: Option<&str>) -> (Self, Pieces) {
        let client = Self::reserve(gateway, bearer).await;
        let events = client.events().await;
        (client, events)
    }

    fn send(&self, method: Method, query: &str) -> RequestBuilder {
        let mut request = self.gateway.http.request(method, self.gateway.url(&format!("/graphql{query}")));
        if !self.token.is_empty() {
            request = request.header(TOKEN, &self.token);
        }
        match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        }
    }

    async fn opening(&self) -> Response {
        self.send(Method::GET, "").header(header::ACCEPT, "text/event-stream").send().await.unwrap()
    }

    async fn events(&self) -> Pieces {
        let response = self.opening().await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
        let mut events = Pieces::of(response);
        assert_eq!(events.next("\n\n").await.unwrap(), ":", "the answer begins at once");
        events
    }

    async fn post(&self, body: Value) -> Response {
        self.send(Method::POST, "").json(&body).send().await.unwrap()
    }

    async fn ask(&self, id: &str, query: &str) -> Response {
        self.post(json!({ "query": query, "extensions": { "operationId": id } })).await
    }

    async fn asks(&self, id: &str, query: &str) {
        let response = self.ask(id, query).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.text().await.unwrap(), "");
    }

    async fn end(&self, id: &str) -> Response {
        self.send(Method::DELETE, &format!("?operationId={id}")).send().await.unwrap()
    }
}

/// The operation and payload of the next result.
async fn next(events: &mut Pieces) -> (String, Value) {
    let (event, _, data) = result_or_place(events).await;
    assert_eq!(event, "next", "{data}");
    let mut data: Value = serde_json::from_str(&data).unwrap();
    (data["id"].as_str().unwrap().to_owned(), data["payload"].take())
}

/// The next event that isn't a place by itself.
async fn result_or_place(events: &mut Pieces) -> (String, String, String) {
    loop {
        let event = events.event().await;
        if !event.0.is_empty() {
            return event;
        }
    }
}

/// The code with which an operation ends.
async fn error(events: &mut Pieces, id: &str) -> String {
    let (of, result) = next(events).await;
    assert_eq!(of, id, "{result}");
    completes(events, id).await;
    result["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned()
}

async fn completes(events: &mut Pieces, id: &str) {
    let (event, _, data) = result_or_place(events).await;
    assert_eq!((&*event, &*data), ("complete", &*json!({ "id": id }).to_string()));
}

#[tokio::test]
async fn one_stream_carries_many_operations_by_their_ids() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let (client, mut events) = Client::open(&gateway, None).await;
    client.asks("s \"1\"", QUERY).await;
    // The first place comes by itself, named like the operation.
    let (event, id, data) = events.event().await;
    assert_eq!((&*event, &*data), ("", ""));
    let begun: Value = serde_json::from_str(&id).unwrap();
    let begun = begun["s \"1\""].as_str().unwrap().to_owned();
    client.asks("q", "{ me { id } }").await;
    assert_eq!(next(&mut events).await, ("q".to_owned(), json!({"data": {"me": {"id": "u"}}})));
    completes(&mut events, "q").await;
    client.asks("q", "mutation { touch(id: 1) { id } }").await;
    assert_eq!(next(&mut events).await.1, json!({"data": {"touch": {"id": "1"}}}));
    completes(&mut events, "q").await;
    world.orders.order("1", "new").await;
    let (id, result) = next(&mut events).await;
    assert_eq!((&*id, &result["data"]), ("s \"1\"", &json!({"orderUpdated": {"id": "1"}})));
    let last = place(&result);
    world.orders.order("2", "new").await;
    assert_eq!(place(&next(&mut events).await.1).len(), last.len());
    // What was missed comes to who goes on, on whatever stream.
    drop(events);
    until(async || gateway.gateway.hub().counts() == (0, 0)).await;
    let (client, mut events) = Client::open(&gateway, None).await;
    for (id, after) in [("a", &begun), ("b", &last)] {
        let extensions = json!({"operationId": id, "resumeAfter": after});
        let response = client.post(json!({"query": QUERY, "extensions": extensions})).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
    }
    let mut got = Vec::new();
    for _ in 0..3 {
        let (id, result) = next(&mut events).await;
        got.push(format!("{id}{}", result["data"]["orderUpdated"]["id"].as_str().unwrap()));
    }
    got.sort();
    assert_eq!(got, ["a1", "a2", "b2"]);
}

#[tokio::test]
async fn results_wait_for_the_stream_to_be_opened() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let client = Client::reserve(&gateway, None).await;
    client.asks("q", "{ me { id } }").await;
    // By an `EventSource`, which can't set headers.
    let url = gateway.url(&format!("/graphql?token={}", client.token));
    let response = gateway.http.get(url).header(header::ACCEPT, "text/event-stream").send().await.unwrap();
    let mut events = Pieces::of(response);
    assert_eq!(next(&mut events).await.0, "q");
    completes(&mut events, "q").await;
    // By GET one can ask, but change nothing.
    let get = |query: &str| {
        let extensions = json!({"operationId": "g"}).to_string();
        let request = gateway.http.get(gateway.url("/graphql")).header(TOKEN, &client.token);
        request.query(&[("query", query), ("extensions", &extensions)]).send()
    };
    assert_eq!(get("{ me { id } }").await.unwrap().status(), StatusCode::ACCEPTED);
    assert_eq!(next(&mut events).await.0, "g");
    completes(&mut events, "g").await;
    assert_eq!(get("mutation { touch(id: 1) { id } }").await.unwrap().status(), StatusCode::ACCEPTED);
    assert_eq!(error(&mut events, "g").await, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn an_operation_ends_alone_and_its_id_is_free_again() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let (client, mut events) = Client::open(&gateway, None).await;
    client.asks("a", QUERY).await;
    client.asks("b", QUERY).await;
    until(async || gateway.gateway.hub().members() == 2).await;
    let (status, code, body) = refusal(client.ask("a", QUERY).await).await;
    assert_eq!((status, &*code), (StatusCode::CONFLICT, "OPERATION_ID_TAKEN"), "{body}");
    assert_eq!(client.end("a").await.status(), StatusCode::OK);
    assert_eq!(gateway.gateway.hub().members(), 1);
    world.orders.order("1", "new").await;
    assert_eq!(next(&mut events).await.0, "b");
    client.asks("a", QUERY).await;
    until(async || gateway.gateway.hub().members() == 2).await;
    // One that doesn't run is ended all the same.
    assert_eq!(client.end("nothing").await.status(), StatusCode::OK);
    drop(events);
    until(async || gateway.gateway.hub().counts() == (0, 0)).await;
    until(async || client.ask("c", QUERY).await.status() == StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_its_own_answer() {
    let world = World::start().await;
    let gateway = world.gateway("--max-operations-per-connection 1").await;
    let (client, mut events) = Client::open(&gateway, None).await;
    let refused = async |response: Response| {
        let (status, code, body) = refusal(response).await;
        (status.as_u16(), code, body["errors"][0]["message"].as_str().unwrap().to_owned())
    };
    let (status, code, message) = refused(client.post(json!({"query": "{ me { id } }"})).await).await;
    assert_eq!((status, &*code), (400, "BAD_REQUEST"));
    assert!(message.contains("extensions.operationId"), "{message}");
    let (status, code, message) = refused(client.send(Method::DELETE, "").send().await.unwrap()).await;
    assert_eq!((status, &*code), (400, "BAD_REQUEST"), "{message}");
    let form = client.send(Method::POST, "").header(header::CONTENT_TYPE, "text/plain").body("{}");
    assert_eq!(refused(form.send().await.unwrap()).await.0, 415);
    let picky = gateway.http.put(gateway.url("/graphql")).header(header::ACCEPT, "application/json");
    assert_eq!(refused(picky.send().await.unwrap()).await.0, 406);
    let (status, code, _) = refused(client.opening().await).await;
    assert_eq!((status, &*code), (409, "EVENT_STREAM_OPEN"));
    // What is wrong with an operation is told on the stream, and leaves nothing behind.
    client.asks("a", "{ nothing }").await;
    assert_eq!(error(&mut events, "a").await, "GRAPHQL_VALIDATION_FAILED");
    client.asks("a", QUERY).await;
    until(async || gateway.gateway.hub().members() == 1).await;
    client.asks("b", QUERY).await;
    assert_eq!(error(&mut events, "b").await, "LIMIT_EXCEEDED");
    world.orders.order("1", "new").await;
    assert_eq!(next(&mut events).await.0, "a");
}

#[tokio::test]
async fn a_token_that_means_nothing_is_404_and_says_what_to_do() {
    let world = World::start().await;
    let gateway = world.gateway("").await;
    let other = TestGateway::with(&world.nats, "", &["orders", "users"]).await;
    let (client, _events) = Client::open(&gateway, None).await;
    let unknown = Client { gateway: &gateway, token: "unknown".to_owned(), bearer: None };
    let elsewhere = Client { gateway: &other, token: client.token.clone(), bearer: None };
    for client in [&unknown, &elsewhere] {
        for response in [client.opening().await, client.ask("a", QUERY).await, client.end("a").await] {
            let (status, code, body) = refusal(response).await;
            assert_eq!((status, &*code), (StatusCode::NOT_FOUND, "EVENT_STREAM_NOT_FOUND"));
            let message = body["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains("by PUT") && message.contains("the same gateway"), "{message}");
        }
    }
}

#[tokio::test]
async fn reservations_are_bounded_and_go_when_nobody_opens_them() {
    let world = World::start().await;
    let gateway = world.gateway("--max-event-streams 2 --event-stream-wait 1s").await;
    let (client, mut events) = Client::open(&gateway, None).await;
    let unopened = Client::reserve(&gateway, None).await;
    assert_ne!(client.token, unopened.token);
    assert!(client.token.len() >= 32, "{}", client.token);
    unopened.asks("s", QUERY).await;
    until(async || gateway.gateway.hub().members() == 1).await;
    let put = async || gateway.http.put(gateway.url("/graphql")).send().await.unwrap();
    let (status, code, body) = refusal(put().await).await;
    assert_eq!((status, &*code), (StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED"));
    assert_eq!(body["errors"][0]["extensions"]["setting"], "--max-event-streams");
    // It goes, with what runs for it; the other one stays.
    until(async || gateway.gateway.hub().counts() == (0, 0)).await;
    assert_eq!(unopened.opening().await.status(), StatusCode::NOT_FOUND);
    client.asks("q", "{ me { id } }").await;
    assert_eq!(next(&mut events).await.0, "q");
    assert_eq!(put().await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_stream_is_for_who_reserved_it_and_each_operation_for_who_asks() {
    let world = World::start().await;
    let keys = Keys::default();
    keys.lock().unwrap().push(jwk(ONE, "one"));
    let _auth = auth_service(&world.nats, &keys).await;
    let gateway = TestGateway::with(&world.nats, "--jwt-leeway 1ms", &["orders", "users", "auth"]).await;
    let bearer = |sub: &str, lifetime| token_with(ONE, "one", lifetime, json!({ "sub": sub }));
    let mine = bearer("user-1", 600);
    let (client, mut events) = Client::open(&gateway, Some(&mine)).await;
    let with = |bearer: Option<String>| Client { gateway: &gateway, token: client.token.clone(), bearer };
    for stranger in [with(None), with(Some(bearer("user-2", 600)))] {
        assert_eq!(stranger.ask("a", QUERY).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(stranger.end("a").await.status(), StatusCode::NOT_FOUND);
    }
    let reserved = Client::reserve(&gateway, Some(&mine)).await;
    let stranger =
        Client { bearer: Some(bearer("user-2", 600)), token: reserved.token.clone(), gateway: &gateway };
    assert_eq!(stranger.opening().await.status(), StatusCode::NOT_FOUND);
    let bad = with(Some("bad".to_owned())).ask("a", QUERY).await;
    assert_eq!(refusal(bad).await.0, StatusCode::UNAUTHORIZED);
    // With its own token, which ends it; the stream stays, for a fresh one.
    let query = "subscription { mine { id } }";
    client.asks("long", query).await;
    with(Some(bearer("user-1", 3))).asks("short", query).await;
    let (id, result) = next(&mut events).await;
    assert_eq!((&*id, &result["errors"][0]["extensions"]["code"]), ("short", &json!("TOKEN_EXPIRED")));
    let after = result["errors"][0]["extensions"]["place"].as_str().unwrap();
    completes(&mut events, "short").await;
    let order = json!({"__typename": "Order", "id": "1", "customerId": "user-1"});
    world.orders.tell("1", "placed", order).await;
    assert_eq!(next(&mut events).await.0, "long");
    let again = json!({"operationId": "short", "resumeAfter": after});
    let response = client.post(json!({"query": query, "extensions": again})).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let (id, result) = next(&mut events).await;
    assert_eq!((&*id, &result["data"]["mine"]["id"]), ("short", &json!("1")));
}

#[tokio::test]
async fn quiet_streams_say_that_they_are_there_and_end_with_their_gateway() {
    let world = World::start().await;
    let mut gateway = world.gateway("--keep-alive 50ms --drain-timeout 20s").await;
    let (client, mut events) = Client::open(&gateway, None).await;
    client.asks("s", QUERY).await;
    events.event().await;
    for _ in 0..3 {
        assert_eq!(events.next("\n\n").await.unwrap(), ":");
    }
    gateway.running.begin_stop();
    while let Some(comment) = events.next("\n\n").await {
        assert_eq!(comment, ":", "without an end, so that clients come back");
    }
    gateway.running.stop().await;
    assert_eq!(gateway.gateway.hub().counts(), (0, 0));
}

#[tokio::test]
async fn pages_of_other_sites_reserve_and_open_nothing() {
    let world = World::start().await;
    let gateway = world.gateway("--cors-origin https://shop.example").await;
    let client = Client::reserve(&gateway, None).await;
    for (origin, refused) in [("https://evil.example", true), ("https://shop.example", false)] {
        for method in [Method::PUT, Method::GET, Method::DELETE] {
            let request = client.send(method.clone(), "?operationId=a");
            let request = request.header("sec-fetch-site", "cross-site").header(header::ORIGIN, origin);
            let response = request.send().await.unwrap();
            assert_eq!(response.status() == StatusCode::FORBIDDEN, refused, "{method} from {origin}");
        }
    }
    let ask = gateway.http.request(Method::OPTIONS, gateway.url("/graphql"));
    let ask = ask.header(header::ORIGIN, "https://shop.example");
    let answer = ask.header("access-control-request-method", "PUT").send().await.unwrap();
    let methods = answer.headers()["access-control-allow-methods"].to_str().unwrap();
    assert!(methods.contains("PUT") && methods.contains("DELETE"), "{methods}");
}

/// Whoever asks for more and more and never reads that it is too much is told so at once in the end.
#[tokio::test]
async fn what_is_asked_for_beyond_all_bounds_is_refused_at_once() {
    let world = World::start().await;
    let gateway = world.gateway("--max-operations-per-connection 2").await;
    let client = Client::reserve(&gateway, None).await;
    let mut taken = 0;
    let refused = loop {
        let response = client.ask(&format!("o{taken}"), QUERY).await;
        if response.status() != StatusCode::ACCEPTED {
            break refusal(response).await;
        }
        taken += 1;
        assert!(taken < 1000, "it goes on for ever");
    };
    assert_eq!(refused.1, "LIMIT_EXCEEDED");
    assert_eq!(taken, 2 + 64);
}

/// A mutation that is sent again is known by its key over this transport, too.
#[tokio::test]
async fn a_mutation_keeps_its_key() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let (client, mut events) = Client::open(&gateway, None).await;
    let body = json!({ "query": "mutation { count }", "extensions": { "operationId": "1" } });
    let request = client.send(Method::POST, "").header("idempotency-key", "order-7").json(&body);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::ACCEPTED);
    let (_, result) = next(&mut events).await;
    assert!(result.to_string().contains("order-7"), "{result}");
}
