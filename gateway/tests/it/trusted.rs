//! A gateway that runs trusted operations only.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tributary_federation::compose::{SubgraphSdl, compose};

use crate::support::{TestGateway, nats, process::GatewayProcess, refusal, subgraphs};

const GREET: &str = "# Of the front page\nquery Greet($name: String) {\n  hello(name: $name)\n}\n";
const TWO: &str = "query Names { items(ids: [\"ab\"]) { ...Part } }\n\
                   query Hello { hello }\n\
                   fragment Part on Item { name }\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

struct World {
    gateway: TestGateway,
    _rest: (xtask::servers::Nats, crate::support::Running, crate::support::Running, TempDir),
}

async fn world(files: &[(&str, &str)], flags: &str) -> World {
    let (folder, nats) = (folder(files), nats().await);
    let alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let beta = subgraphs::beta(&nats).await;
    let flags = format!("--trusted {} {flags}", folder.path().display());
    let gateway = TestGateway::with(&nats, &flags, &["alpha", "beta"]).await;
    World { gateway, _rest: (nats, alpha, beta, folder) }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_trusted_operations_are_run() {
    let World { gateway, _rest } = world(&[("greet.graphql", GREET), ("two.graphql", TWO)], "").await;
    let post = async |body: Value| gateway.post(&body).send().await.unwrap();
    let data = async |body: Value| -> Value {
        let mut response: Value = post(body).await.json().await.unwrap();
        assert_eq!(response.get("errors"), None, "{response}");
        response["data"].take()
    };
    let minified = "query Greet($name:String){hello(name:$name)}";
    let variables = json!({ "name": "you" });
    for query in [GREET, minified, minified] {
        let body = json!({ "query": query, "variables": variables, "operationName": "Greet" });
        assert_eq!(data(body).await["hello"], "hello you", "{query}");
    }
    for query in
        ["{ hello }", "query Greet($name: String) { hello(name: $name) __typename }", "{", "query", ""]
    {
        let (status, code, body) = refusal(post(json!({ "query": query })).await).await;
        assert_eq!((status, &*code), (StatusCode::OK, "OPERATION_NOT_TRUSTED"), "{query}: {body}");
        assert!(body.get("data").is_none());
    }
    let strict = gateway.post(&json!({ "query": "{ hello }" }));
    let strict = strict.header("accept", "application/graphql-response+json").send().await.unwrap();
    let (status, code, _) = refusal(strict).await;
    assert_eq!((status, &*code), (StatusCode::BAD_REQUEST, "OPERATION_NOT_TRUSTED"));

    // Of a file with several operations, the whole and each.
    assert_eq!(data(json!({ "query": TWO, "operationName": "Hello" })).await["hello"], "hello world");
    assert_eq!(data(json!({ "query": "query Hello { hello }" })).await["hello"], "hello world");
    let names = "fragment Part on Item { name } query Names { items(ids: [\"ab\"]) { ...Part } }";
    assert!(data(json!({ "query": names })).await["items"][0]["name"].is_string());
    let (_, code, _) = refusal(post(json!({ "query": TWO })).await).await;
    assert_eq!(code, "OPERATION_NOT_FOUND", "which of the two isn't said");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_stands_for_the_text() {
    let World { gateway, _rest } = world(&[("greet.graphql", GREET)], "").await;
    let id = sha256(GREET);
    let persisted = |id: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": id } });
    for body in [
        json!({ "documentId": id }),
        json!({ "documentId": format!("sha256:{id}") }),
        json!({ "extensions": persisted(&id) }),
        json!({ "extensions": persisted(&sha256(GREET.trim())), "query": null }),
    ] {
        let response: Value = gateway.post(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(response["data"]["hello"], "hello world", "{body}: {response}");
    }
    let get = async |name: &str, value: &str| -> Value {
        let request = gateway.http.get(gateway.url("/graphql")).query(&[(name, value)]);
        request.send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(get("documentId", &id).await["data"]["hello"], "hello world");
    assert_eq!(get("extensions", &persisted(&id).to_string()).await["data"]["hello"], "hello world");

    let unknown = json!({ "documentId": sha256("query Other { hello }") });
    let (status, code, body) = refusal(gateway.post(&unknown).send().await.unwrap()).await;
    assert_eq!((status, &*code), (StatusCode::OK, "OPERATION_NOT_TRUSTED"));
    assert_eq!(body["errors"][0]["extensions"]["documentId"], unknown["documentId"]);
}

/// What one plan can't serve is planned again, from the document and not from what was sent.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_answered_in_parts_too() {
    let text = "query Later { items(ids: [\"ab\"]) { id ... @defer { stock } } }";
    let World { gateway, _rest } = world(&[("later.graphql", text)], "").await;
    let body = json!({ "documentId": sha256(text), "operationName": "Later" });
    let whole: Value = gateway.post(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(whole, json!({ "data": { "items": [{ "id": "ab", "stock": 2 }] } }));
    let request =
        gateway.post(&body).header("accept", "multipart/mixed;deferSpec=20220824, application/json");
    let parts = request.send().await.unwrap().text().await.unwrap();
    assert!(parts.contains(r#""hasNext":true"#) && parts.contains(r#""data":{"stock":2}"#), "{parts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_operations_are_ready_when_the_graph_is() {
    let files = [("greet.graphql", GREET), ("gone.graphql", "query Gone { gone }")];
    let World { gateway, _rest } = world(&files, "").await;
    let misses = gateway.metric("tributary_plan_cache_misses_total").await;
    let data = gateway.data(GREET).await;
    assert_eq!(data["hello"], "hello world");
    assert_eq!(gateway.metric("tributary_plan_cache_misses_total").await, misses);
    // One that doesn't fit is trusted all the same, and says why it can't be run.
    let (_, code, _) =
        refusal(gateway.post(&json!({ "query": "query Gone { gone }" })).send().await.unwrap()).await;
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
}

/// Whether it is composed here or was before: what doesn't fit what is live is logged when it goes live.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_graph_is_logged() {
    let two = "query Fits { hello } query Gone { gone }";
    let folder = folder(&[("greet.graphql", GREET), ("two.graphql", two)]);
    let sdl = "type Query { hello(name: String): String }";
    let inputs = [SubgraphSdl { name: "alpha", url: None, sdl }];
    let supergraph = folder.path().join("supergraph.txt");
    std::fs::write(&supergraph, compose(&inputs).supergraph.unwrap()).unwrap();
    let (trusted, supergraph) = (folder.path().to_str().unwrap(), supergraph.to_str().unwrap());
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    for flags in [&["--trusted", trusted][..], &["--trusted", trusted, "--supergraph", supergraph]] {
        let gateway = GatewayProcess::start(&nats, flags).await;
        let line = gateway.logged(|line| line["file"] == "two.graphql").await;
        assert_eq!((&line["operation"], &line["level"]), (&"Gone".into(), &"WARN".into()), "{line}");
        assert_eq!(line["code"], "GRAPHQL_VALIDATION_FAILED");
        gateway.ready(|status| status["ready"] == true).await;
        assert_eq!(
            gateway.ask(&json!({ "query": "query Fits { hello }" })).await["data"]["hello"],
            "hello world"
        );
        let told = gateway.lines().iter().filter(|line| line["file"].is_string()).count();
        assert_eq!(told, 1, "once, and the others fit");
        gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_flag_an_id_says_what_is_missing() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    let (status, code, body) =
        refusal(gateway.post(&json!({ "documentId": sha256(GREET) })).send().await.unwrap()).await;
    assert_eq!((status, &*code), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
    assert!(body["errors"][0]["message"].as_str().unwrap().contains("--trusted"), "{body}");
}
