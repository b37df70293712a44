//! Every limit is on, and its error names the flag that moves it.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{PATIENCE, TestGateway, nats, refusal, subgraphs};

async fn refused_for(gateway: &TestGateway, query: &str) -> (String, String) {
    let answer = gateway.run(query).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert!(answer.get("data").is_none(), "{answer}");
    let text = |key: &str| extensions[key].as_str().unwrap_or_default().to_owned();
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains(&text("setting")), "{message}");
    (text("code"), text("setting"))
}

/// The setting that the first error names, in its message too.
fn setting(answer: &Value) -> &str {
    let error = &answer["errors"][0];
    let setting = error["extensions"]["setting"].as_str().unwrap_or_default();
    assert!(error["message"].as_str().unwrap().contains(setting), "{error}");
    setting
}

#[tokio::test]
async fn documents_over_a_limit_are_refused_by_default() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let repeat = |count: usize, text: fn(usize) -> String| (0..count).map(text).collect::<String>();
    let deep =
        format!("{{ __schema {{ queryType {{ {} name {} }} }} }}", "ofType { ".repeat(40), "}".repeat(40));
    let fragments = repeat(20, |n| format!("fragment F{n} on Item {{ ...F{} ...F{} }} ", n + 1, n + 1));
    let cases = [
        ("--max-tokens", format!("{{ {} }}", "hello ".repeat(20_000))),
        ("--max-depth", deep),
        ("--max-aliases", format!("{{ items(ids: []) {{ {} }} }}", repeat(101, |n| format!("a{n}: id ")))),
        ("--max-root-fields", format!("{{ {} }}", "hello ".repeat(51))),
        (
            "--max-fields",
            format!("{{ items(ids: []) {{ ...F0 }} }} {fragments} fragment F20 on Item {{ id }}"),
        ),
        (
            "--max-deferred-fragments",
            format!("{{ items(ids: []) {{ {} }} }}", "... @defer { stock } ".repeat(101)),
        ),
        ("--max-variables", format!("query({}) {{ hello }}", repeat(201, |n| format!("$v{n}: Int ")))),
    ];
    for (flag, query) in cases {
        assert_eq!(refused_for(&gateway, &query).await, ("LIMIT_EXCEEDED".into(), flag.into()));
    }
}

#[tokio::test]
async fn limits_can_be_moved() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--max-aliases 1 --max-root-fields 2", &["alpha"]).await;
    gateway.data("{ a: hello }").await;
    assert_eq!(refused_for(&gateway, "{ a: hello b: hello }").await.1, "--max-aliases");
    assert_eq!(refused_for(&gateway, "{ hello caller __typename }").await.1, "--max-root-fields");
}

#[tokio::test]
async fn a_large_body_is_refused_whether_announced_or_not() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--max-body-bytes 4KiB", &["alpha"]).await;
    let body = json!({ "query": "{ hello }", "extensions": { "x": "y".repeat(8000) } });
    let (status, code, json) = refusal(gateway.post(&body).send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE"));
    assert_eq!(json["errors"][0]["extensions"]["setting"], "--max-body-bytes");

    let text = body.to_string();
    let chunks = text
        .as_bytes()
        .chunks(1000)
        .map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    let answer = raw(&gateway, "transfer-encoding: chunked", &chunks.collect::<Vec<_>>().concat()).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("--max-body-bytes"), "{answer}");
}

/// Sends a POST as it is written here, and reads until the connection closes.
async fn raw(gateway: &TestGateway, header: &str, body: &[u8]) -> String {
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    let head =
        format!("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{header}\r\n\r\n");
    socket.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses a body may reset the connection after its answer.
    let _ = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("the connection is closed");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn an_answer_that_grows_too_large_is_cut_off() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--max-answer-bytes 2KiB", &["alpha"]).await;
    // An internal alias or abstract type isn't there, so two fields of one subgraph may be passed on unread;
    // the introspection field makes the gateway write the answer.
    let answer = gateway.run("{ large(size: 5000) __schema { queryType { name } } }").await;
    assert_eq!(answer["data"], Value::Null, "{answer}");
    assert_eq!(setting(&answer), "--max-answer-bytes");
}

#[tokio::test]
async fn too_many_requests_at_once_are_refused_at_once() {
    let nats = nats().await;
    let events = subgraphs::Events::default();
    let _alpha = subgraphs::alpha(&nats, &events).await;
    let gateway = TestGateway::with(&nats, "--max-requests 1", &["alpha"]).await;
    let slow = tokio::spawn(gateway.post(&json!({ "query": "{ slow(ms: 60000) }" })).send());
    events.until_started(1).await;
    let response = gateway.post(&json!({ "query": "{ hello }" })).send().await.unwrap();
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    let (status, code, body) = refusal(response).await;
    assert_eq!((status, code.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED"));
    assert_eq!(setting(&body), "--max-requests");
    slow.abort();
}

#[tokio::test]
async fn variables_are_checked_with_their_place() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let query = "query($f: Filter!) { filtered(filter: $f) }";
    let good = gateway.run_with(query, json!({ "f": { "color": "RED", "ids": [1, "b"] } })).await;
    assert_eq!(good, json!({ "data": { "filtered": "red 2 10" } }));
    for bad in [
        json!({ "color": "BLUE", "ids": [] }),
        json!({ "ids": [null] }),
        json!({ "ids": [1.5] }),
        json!({ "color": "RED" }),
        json!({ "ids": [], "first": "10" }),
        json!({ "ids": [], "unknown": 1 }),
    ] {
        let answer = gateway.run_with(query, json!({ "f": bad })).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            (&extensions["code"], &extensions["variable"]),
            (&json!("BAD_USER_INPUT"), &json!("f")),
            "{answer}"
        );
        assert!(answer.get("data").is_none());
    }
}

/// The whole takes too long, although each part of it may: waiting for a late body has its own code.
#[tokio::test]
async fn a_request_has_a_time_limit() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--request-timeout 400ms", &["alpha"]).await;
    let answer = gateway.run("{ slow(ms: 20000) }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SUBGRAPH_TIMEOUT", "{answer}");
    assert_eq!(setting(&answer), "--request-timeout");

    let answer = raw(&gateway, "content-length: 100", b"{").await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("REQUEST_TIMEOUT"), "{answer}");
    assert!(answer.contains("--request-timeout"), "{answer}");
}

#[tokio::test]
async fn a_subgraph_has_a_time_limit() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--subgraph-timeout alpha=300ms", &["alpha"]).await;
    let answer = gateway.run("{ slow(ms: 20000) }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SUBGRAPH_TIMEOUT", "{answer}");
    assert_eq!(setting(&answer), "--subgraph-timeout");
    gateway.data("{ hello }").await;
}

/// Also where both would fit into one message of NATS.
#[tokio::test]
async fn what_is_exchanged_with_a_subgraph_has_a_limit() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--max-subgraph-message-bytes 4KiB", &["alpha"]).await;
    gateway.data("{ large(size: 3000) }").await;
    let long = format!("{{ hello(name: \"{}\") }}", "y".repeat(5000));
    for query in ["{ large(size: 5000) }", "{ large(size: 50000) }", &long] {
        let answer = gateway.run(query).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "PAYLOAD_TOO_LARGE", "{answer}");
        assert_eq!(setting(&answer), "--max-subgraph-message-bytes");
    }
}

#[tokio::test]
async fn an_answer_has_so_many_errors() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--max-errors 2", &["alpha"]).await;
    let answer = gateway.run("{ a: missing b: missing c: missing d: missing }").await;
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 3, "{answer}");
    assert_eq!(errors[2]["extensions"]["code"], "TOO_MANY_ERRORS");
    assert_eq!(errors[2]["extensions"]["setting"], "--max-errors");
}

/// A client that never ends its request's head doesn't hold its connection for ever.
#[tokio::test]
async fn a_silent_connection_is_closed() {
    let nats = nats().await;
    let gateway = TestGateway::start(&nats.url_for("gateway"), "--idle-timeout 300ms").await;
    for begun in ["", "POST /graphql HTTP/1.1\r\nhost: x\r\n"] {
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        socket.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = timeout(PATIENCE, socket.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "{begun:?} holds the connection");
    }
}

const PARTS: &str = "multipart/mixed;incrementalSpec=v0.2, application/json";

/// However deep the fragments stand in each other: all of an answer's objects count together.
#[tokio::test]
async fn objects_with_deferred_fragments_are_limited() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let _beta = subgraphs::beta(&nats).await;
    let gateway = TestGateway::with(&nats, "--max-deferred-objects 3", &["alpha", "beta"]).await;
    for (query, pending) in [
        (r#"{ items(ids: ["a", "b", "c"]) { id ... @defer { stock } } }"#, 3),
        (r#"{ items(ids: ["a", "b", "c", "d", "e"]) { id ... @defer { stock } } }"#, 3),
        (r#"{ items(ids: ["a", "b"]) { id ... @defer { stock ... @defer { name } } } }"#, 3),
    ] {
        let request = gateway.post(&json!({ "query": query })).header(header::ACCEPT, PARTS);
        let text = request.send().await.unwrap().text().await.unwrap();
        assert_eq!(text.matches(r#""path":["items","#).count(), pending, "{text}");
        let too_many = query.contains("\"d\"") || query.matches("@defer").count() > 1;
        let told = text.matches(r#""setting":"--max-deferred-objects""#).count();
        assert_eq!(told, usize::from(too_many), "{text}");
        assert!(!too_many || text.contains("More than 3 objects"), "{text}");
    }
}

/// A slot is for work: what is left to do is the client's.
#[tokio::test]
async fn a_client_that_reads_parts_slowly_takes_no_slot() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--max-requests 1", &["alpha"]).await;
    // More than the sockets between them hold.
    let size = 12 << 20;
    let body = json!({ "query": format!("{{ hello ... @defer {{ large(size: {size}) }} }}") }).to_string();
    let mut socket = begun(&gateway, &body).await;
    // It isn't known when the other part is made, only that it is.
    let free = async {
        while gateway.get("{ hello }").send().await.unwrap().status() != StatusCode::OK {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, free).await.expect("the slot is free while the client hasn't read");
    let mut answer = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("it can have the rest").unwrap();
    assert!(answer.len() > size, "{} bytes", answer.len());
    assert!(String::from_utf8_lossy(&answer[answer.len() - 200..]).contains(r#""hasNext":false"#));
}

/// A client that has read the head of its answer, and nothing else.
async fn begun(gateway: &TestGateway, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         accept: {PARTS}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 13];
    timeout(PATIENCE, socket.read_exact(&mut answer)).await.expect("the answer begins").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 ");
    socket
}

/// Large answers that nobody reads would fill the memory, a connection each.
#[tokio::test]
async fn an_answer_is_not_kept_for_a_client_that_stops_reading() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--idle-timeout 1s", &["alpha"]).await;
    // More than the sockets between them hold.
    let size = 12 << 20;
    let body = json!({ "query": format!("{{ large(size: {size}) }}") }).to_string();
    let mut socket = begun(&gateway, &body).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let mut answer = Vec::new();
    // Cut, one way or the other.
    let _ = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("the connection is closed");
    assert!(answer.len() < size, "{} bytes", answer.len());
}

/// Clients that send their requests slowly, or never to the end, cost nothing: others have the slots.
#[tokio::test]
async fn a_body_that_arrives_slowly_takes_no_slot() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--max-requests 2", &["alpha"]).await;
    let begin = async |length: &str| {
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        socket
    };
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push(begin("content-length: 100").await);
    }
    // Of large ones so many are read at once as a part of the slots would be.
    slow.push(begin("transfer-encoding: chunked").await);
    let refused = async {
        loop {
            let mut socket = begin("content-length: 100000").await;
            let mut answer = [0; 13];
            match timeout(std::time::Duration::from_millis(200), socket.read_exact(&mut answer)).await {
                Ok(read) => {
                    read.unwrap();
                    return String::from_utf8(answer.to_vec()).unwrap();
                }
                // The other one hadn't been begun yet.
                Err(_) => slow.push(socket),
            }
        }
    };
    assert_eq!(timeout(PATIENCE, refused).await.expect("it is answered"), "HTTP/1.1 503 ");
    gateway.data("{ hello }").await;
}

/// A label is told for each object, and so are the aliases on its path.
#[tokio::test]
async fn what_tells_of_deferred_fragments_counts_as_answer() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "--max-answer-bytes 64KiB", &["alpha"]).await;
    let (ids, long) = (vec!["\"a\""; 40].join(" "), "x".repeat(4096));
    for query in [
        format!("{{ items(ids: [{ids}]) {{ id ... @defer(label: \"{long}\") {{ name }} }} }}"),
        format!("{{ {long}: items(ids: [{ids}]) {{ id ... @defer {{ name }} }} }}"),
    ] {
        let request = gateway.post(&json!({ "query": query })).header(header::ACCEPT, PARTS);
        let text = request.send().await.unwrap().text().await.unwrap();
        assert!(text.contains(r#""setting":"--max-answer-bytes""#), "{} bytes", text.len());
        assert!(text.contains(r#"{"data":null"#) && text.len() < 1 << 16, "{} bytes", text.len());
    }
}
