//! GraphQL over HTTP: methods, media types, status codes, and who may ask from where.

use std::io::Read;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{TestGateway, nats, refusal, subgraphs};

async fn gateway(flags: &str) -> (xtask::servers::Nats, crate::support::Running, TestGateway) {
    let nats = nats().await;
    let alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let gateway = TestGateway::with(&nats, flags, &["alpha"]).await;
    (nats, alpha, gateway)
}

#[tokio::test]
async fn a_query_is_answered_by_post_and_get() {
    let (_nats, _alpha, gateway) = gateway("").await;
    assert_eq!(gateway.data("{ hello }").await, json!({ "hello": "hello world" }));

    let variables = json!({ "n": "Ada" }).to_string();
    let response = gateway
        .get("query Q($n: String) { hello(name: $n) } query Other { hello }")
        .query(&[("variables", variables.as_str()), ("operationName", "Q")])
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json; charset=utf-8");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "data": { "hello": "hello Ada" } }));
}

#[tokio::test]
async fn the_status_of_a_request_error_depends_on_the_media_type() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let cases = [
        (json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "{ nothing }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "query A { hello } query B { hello }" }), "OPERATION_NOT_FOUND"),
        (json!({ "query": "query A { hello }", "operationName": "C" }), "OPERATION_NOT_FOUND"),
        (json!({ "query": "query($n: Int!) { slow(ms: $n) }", "variables": { "n": "x" } }), "BAD_USER_INPUT"),
        (json!({ "query": "query($n: Int!) { slow(ms: $n) }" }), "BAD_USER_INPUT"),
    ];
    for (body, expected) in cases {
        for (accept, status) in [("application/json", 200), ("application/graphql-response+json", 400)] {
            let response = gateway.post(&body).header(header::ACCEPT, accept).send().await.unwrap();
            assert!(response.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with(accept));
            let (found, code, json) = refusal(response).await;
            assert_eq!((found.as_u16(), code.as_str()), (status, expected), "{body}: {json}");
            assert!(json.get("data").is_none(), "{json}");
        }
    }
}

#[tokio::test]
async fn a_mistake_in_the_document_has_its_place() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let answer = gateway.run("{\n  hello\n  nothing\n}").await;
    assert_eq!(answer["errors"][0]["locations"], json!([{ "line": 3, "column": 3 }]));
}

#[tokio::test]
async fn what_is_no_graphql_request_is_400() {
    let (_nats, _alpha, gateway) = gateway("").await;
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"query":1}"#,
        r#"{"query":"{hello}","variables":"x"}"#,
        r#"[{"query":"{hello}"}]"#,
    ] {
        let request =
            gateway.http.post(gateway.url("/graphql")).header(header::CONTENT_TYPE, "application/json");
        let (status, code, json) = refusal(request.body(body).send().await.unwrap()).await;
        assert_eq!((status, code.as_str()), (StatusCode::BAD_REQUEST, "BAD_REQUEST"), "{body}: {json}");
    }
    let (status, ..) = refusal(gateway.http.get(gateway.url("/graphql")).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let (nats, alpha, gateway) = gateway("").await;
    for accept in ["application/json", "application/graphql-response+json"] {
        let response = gateway.get("mutation { count }").header(header::ACCEPT, accept).send().await.unwrap();
        assert_eq!(response.headers()[header::ALLOW], "GET, POST, PUT, DELETE");
        let (status, code, _) = refusal(response).await;
        assert_eq!((status, code.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"));
    }
    // The counter tells that neither ran.
    assert_eq!(gateway.data("mutation { count }").await["count"]["count"], 1);
    drop((nats, alpha));
}

#[tokio::test]
async fn other_methods_are_refused() {
    let (_nats, _alpha, gateway) = gateway("").await;
    for method in [Method::HEAD, Method::PATCH] {
        let response = gateway.http.request(method, gateway.url("/graphql")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET, POST, PUT, DELETE");
    }
}

#[tokio::test]
async fn a_post_that_needs_no_preflight_is_refused() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let body = r#"{"query":"mutation { count }"}"#;
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"] {
        let request = gateway.http.post(gateway.url("/graphql")).header(header::CONTENT_TYPE, media);
        let (status, code, _) = refusal(request.body(body).send().await.unwrap()).await;
        assert_eq!(
            (status, code.as_str()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
            "{media}"
        );
    }
    let response = gateway.http.post(gateway.url("/graphql")).body(body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "no media type at all");
    assert_eq!(gateway.data("mutation { count }").await["count"]["count"], 1);
}

#[tokio::test]
async fn a_foreign_page_reads_nothing_unless_listed() {
    let (_nats, _alpha, gateway) = gateway("--cors-origin https://shop.example").await;
    let ask = |origin: Option<&'static str>| {
        let request = gateway.get("{ hello }").header("sec-fetch-site", "cross-site");
        match origin {
            Some(origin) => request.header(header::ORIGIN, origin),
            None => request,
        }
    };
    for origin in [Some("https://evil.example"), None] {
        let (status, code, _) = refusal(ask(origin).send().await.unwrap()).await;
        assert_eq!((status, code.as_str()), (StatusCode::FORBIDDEN, "CROSS_SITE_REFUSED"));
    }
    let response = ask(Some("https://shop.example")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://shop.example");
}

#[tokio::test]
async fn a_preflight_is_answered_for_listed_origins() {
    let (_nats, _alpha, gateway) = gateway("--cors-origin https://shop.example").await;
    let preflight = |origin: &'static str| {
        gateway
            .http
            .request(Method::OPTIONS, gateway.url("/graphql"))
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type,authorization")
            .send()
    };
    let good = preflight("https://shop.example").await.unwrap();
    assert_eq!(good.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://shop.example");
    assert_eq!(good.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "content-type,authorization");
    let bad = preflight("https://evil.example").await.unwrap();
    assert!(!bad.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn nobody_is_allowed_by_default() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let response = gateway.post(&json!({ "query": "{ hello }" })).header(header::ORIGIN, "https://a.example");
    let response = response.send().await.unwrap();
    assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn a_client_that_accepts_neither_media_type_is_told() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let request = gateway.post(&json!({ "query": "{ hello }" })).header(header::ACCEPT, "text/html");
    let (status, code, _) = refusal(request.send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE"));
}

#[tokio::test]
async fn large_answers_are_compressed_small_ones_not() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let ask = |size: usize, encodings: &'static str| {
        let body = json!({ "query": format!("{{ large(size: {size}) }}") });
        gateway.post(&body).header(header::ACCEPT_ENCODING, encodings).send()
    };
    let plain = ask(100_000, "identity").await.unwrap();
    assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    let plain = plain.bytes().await.unwrap();
    for encoding in ["gzip", "br"] {
        let large = ask(100_000, encoding).await.unwrap();
        assert_eq!(large.headers()[header::CONTENT_ENCODING], encoding);
        assert!(large.headers()[header::VARY].to_str().unwrap().contains("accept"));
        let packed = large.bytes().await.unwrap();
        assert!(packed.len() < 5_000);
        assert_eq!(unpacked(encoding, &packed), plain, "{encoding}");
        let small = ask(10, encoding).await.unwrap();
        assert!(!small.headers().contains_key(header::CONTENT_ENCODING));
    }
}

fn unpacked(encoding: &str, packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    match encoding {
        "gzip" => flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes),
        _ => brotli_decompressor::Decompressor::new(packed, 4096).read_to_end(&mut bytes),
    }
    .unwrap();
    bytes
}

#[tokio::test]
async fn introspection_is_answered_and_merged_in_order() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let query = "query T($n: String!) { a: hello __type(name: $n) { kind name } __typename z: hello }";
    let body = json!({ "query": query, "variables": { "n": "Item" } });
    let text = gateway.post(&body).send().await.unwrap().text().await.unwrap();
    assert_eq!(
        text,
        r#"{"data":{"a":"hello world","__type":{"kind":"OBJECT","name":"Item"},"__typename":"Query","z":"hello world"}}"#
    );
    let schema = gateway.data("{ __schema { queryType { name } types { name } } }").await;
    let types = schema["__schema"]["types"].to_string();
    assert!(types.contains("Item") && !types.contains("_Entity") && !types.contains("join__"), "{types}");
}

#[tokio::test]
async fn introspection_can_be_switched_off() {
    let (_nats, _alpha, gateway) = gateway("--disable-introspection").await;
    let answer = gateway.run("{ __schema { queryType { name } } }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTROSPECTION_DISABLED");
    assert_eq!(gateway.data("{ __typename hello }").await["__typename"], "Query");
}

#[tokio::test]
async fn pages_and_health_have_their_own_routes() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let page = gateway.http.get(gateway.url("/")).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert!(
        page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("frame-ancestors 'none'")
    );
    let live = gateway.http.get(gateway.url("/health/live")).send().await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    let ready: Value =
        gateway.http.get(gateway.url("/health/ready")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&ready["ready"], &ready["connected"]), (&json!(true), &json!(true)));
    assert_eq!(ready["subgraphs"]["alpha"]["instances"], 1);
    let missing = gateway.http.get(gateway.url("/nothing")).send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn metrics_count_requests_fetches_plans_and_composition() {
    let (_nats, _alpha, gateway) = gateway("").await;
    for _ in 0..3 {
        gateway.data("{ hello }").await;
    }
    gateway.run("{ nothing }").await;
    assert_eq!(gateway.metric(r#"tributary_requests_total{kind="query",status="200",code=""}"#).await, 3.0);
    let refused = r#"tributary_requests_total{kind="none",status="200",code="GRAPHQL_VALIDATION_FAILED"}"#;
    assert_eq!(gateway.metric(refused).await, 1.0);
    assert_eq!(
        gateway.metric(r#"tributary_subgraph_fetches_total{subgraph="alpha",outcome="ok"}"#).await,
        3.0
    );
    assert_eq!(gateway.metric("tributary_plan_cache_hits_total").await, 2.0);
    assert_eq!(gateway.metric("tributary_plan_cache_misses_total").await, 2.0);
    assert_eq!(gateway.metric("tributary_ready").await, 1.0);
    assert!(gateway.metric("tributary_compositions_total").await >= 1.0);
    assert!(gateway.metric(r#"tributary_subgraph_received_bytes_total{subgraph="alpha"}"#).await > 10.0);
    assert_eq!(gateway.metric("tributary_subgraphs").await, 1.0);
    assert!(gateway.metric("tributary_supergraph_generation").await >= 1.0);
}

#[tokio::test]
async fn a_subscription_is_refused_before_anybody_is_asked() {
    let nats = nats().await;
    let sdl = "type Query { now: Int } type Subscription { tick: Int }";
    let _alpha = subgraphs::plain(&nats, "alpha", sdl, |_| panic!("nothing is asked for")).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    for (accept, status) in [("application/json", 200), ("application/graphql-response+json", 400)] {
        let body = json!({ "query": "subscription { tick }" });
        let response = gateway.post(&body).header(header::ACCEPT, accept).send().await.unwrap();
        let (found, code, json) = refusal(response).await;
        assert_eq!((found.as_u16(), code.as_str()), (status, "SUBSCRIPTION_UNSUPPORTED"), "{json}");
        assert!(json.get("data").is_none(), "{json}");
    }
}

/// A condition is decided when the plan runs: one plan for all values.
#[tokio::test]
async fn conditions_are_planned_once() {
    let (_nats, _alpha, gateway) = gateway("").await;
    let query =
        "query($a: Boolean!, $b: Boolean = true) { one: hello @include(if: $a) two: hello @skip(if: $b) }";
    let cases = [
        (json!({ "a": true }), json!({ "one": "hello world" })),
        (json!({ "a": false }), json!({})),
        (json!({ "a": true, "b": false }), json!({ "one": "hello world", "two": "hello world" })),
        (json!({ "a": false, "b": false }), json!({ "two": "hello world" })),
    ];
    for (variables, data) in cases {
        assert_eq!(gateway.run_with(query, variables).await, json!({ "data": data }));
    }
    assert_eq!(gateway.metric("tributary_plan_cache_misses_total").await, 1.0);
}
