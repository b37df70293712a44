//! Documents and schemas made to break a gateway: each is answered with a code, and the next request as ever.

use std::time::Duration;

use serde_json::{Value, json};

use crate::net::raw;
use crate::support::{TestGateway, nats, refusal, subgraphs};

/// Gone through a gateway with its own limits, and through one whose limits were moved as far as they go: what keeps
/// a document from breaking it mustn't be the limits alone.
#[tokio::test]
async fn documents_that_are_too_much() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let usual = TestGateway::with(&nats, "", &["alpha"]).await;
    const OPEN: &str = "--max-tokens 10000000 --max-depth 100000 --max-aliases 10000000 --max-root-fields 10000000 \
        --max-fields 10000000 --max-body-bytes 64MiB";
    let open = TestGateway::with(&nats, OPEN, &["alpha"]).await;
    let before = most_memory();
    for (what, query, code, code_when_open) in documents() {
        for (gateway, expected) in [(&usual, code), (&open, code_when_open)] {
            let answer =
                async { refusal(gateway.post(&json!({ "query": query })).send().await.unwrap()).await };
            let answer = tokio::time::timeout(LONGEST, answer).await;
            let (_, code, body) = answer.unwrap_or_else(|_| panic!("{what}: no answer in {LONGEST:?}"));
            let start: String = body.to_string().chars().take(300).collect();
            assert_eq!(code, expected, "{what}: {start}");
            gateway.data("{ hello }").await;
            let grown = most_memory() - before;
            assert!(grown < MOST_MEMORY, "{what}: {} MiB more", grown >> 20);
        }
    }
}

/// Far more than any answer takes, even unoptimised on a busy machine; far less than what explodes would.
const LONGEST: Duration = Duration::from_secs(30);
/// Bytes by which the process, with both gateways and the client in it, may grow.
const MOST_MEMORY: u64 = 512 << 20;

/// The most memory that this process ever had, in bytes.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// What it is, the document, and the codes: none where it is answered.
fn documents() -> Vec<(&'static str, String, &'static str, &'static str)> {
    let repeat = |count: usize, text: fn(usize) -> String| (0..count).map(text).collect::<String>();
    let spread = repeat(30, |n| format!("fragment F{n} on Item {{ ...F{} ...F{} }} ", n + 1, n + 1));
    let places = repeat(30, |n| {
        format!("fragment F{n} on __Type {{ a: ofType {{ ...F{0} }} b: ofType {{ ...F{0} }} }} ", n + 1)
    });
    let deep = |levels: usize| {
        format!(
            "{{ __schema {{ queryType {{ {}name{} }} }} }}",
            "ofType { ".repeat(levels),
            " }".repeat(levels)
        )
    };
    let cycle = "{ items(ids: []) { ...A } } fragment A on Item { ...B } fragment B on Item { ...A }";
    const LIMIT: &str = "LIMIT_EXCEEDED";
    const PARSE: &str = "GRAPHQL_PARSE_FAILED";
    vec![
        ("fragments in a circle", cycle.to_owned(), "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_VALIDATION_FAILED"),
        (
            "fragments that each spread the next twice",
            format!("{{ items(ids: []) {{ ...F0 }} }} {spread} fragment F30 on Item {{ id }}"),
            LIMIT,
            LIMIT,
        ),
        (
            "exponentially many places",
            format!("{{ __schema {{ queryType {{ ...F0 }} }} }} {places} fragment F30 on __Type {{ name }}"),
            LIMIT,
            LIMIT,
        ),
        (
            "10,000 aliases",
            format!("{{ items(ids: []) {{ {} }} }}", repeat(10_000, |n| format!("a{n}: id "))),
            LIMIT,
            "",
        ),
        ("1,000 levels", deep(1_000), LIMIT, LIMIT),
        ("1 MiB of fields", format!("{{ {} }}", "hello ".repeat((1 << 20) / 6)), "BODY_TOO_LARGE", ""),
        ("nearly 1 MiB of fields", format!("{{ {} }}", "hello ".repeat(174_000)), LIMIT, ""),
        ("20,000 braces", "{".repeat(20_000), LIMIT, PARSE),
        ("20,000 lists", format!("{{ items(ids: {}", "[".repeat(20_000)), LIMIT, LIMIT),
        ("nearly 1 MiB of nothing", format!("{{ hello }}{}", " ".repeat(1_000_000)), "", ""),
    ]
}

/// A subgraph whose SDL is nothing but mistakes is told about, no mistake more than once, with their codes.
#[tokio::test]
async fn schemas_that_are_nothing_but_mistakes() {
    let nats = nats().await;
    let unknown_types: String = (0..1_000).map(|n| format!("f{n}: Missing{n} ")).collect();
    let unknown_keys: String =
        (0..1_000).map(|n| format!("type T{n} @key(fields: \"missing\") {{ id: ID! }} ")).collect();
    let sdls = [
        (format!("type Query {{ {unknown_types} }}"), "INVALID_GRAPHQL"),
        (format!("type Query {{ x: Int }} {unknown_keys}"), "KEY_INVALID_FIELDS"),
    ];
    for (sdl, code) in sdls {
        let gamma = raw::client(&nats, "gamma").await;
        let _gamma = raw::serve(&gamma, "gamma", &sdl).await;
        let _announced = raw::announce(&gamma, raw::info("gamma", "graphql.gamma", "q")).await;
        let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
        let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
        gateway.until(|status| status.diagnostics.iter().any(|it| it.code == code)).await;
        let ready = gateway.http.get(gateway.url("/health/ready")).send().await.unwrap();
        let body: Value = ready.json().await.unwrap();
        let count = body["diagnostics"].as_array().unwrap().len();
        assert!((2..=1_010).contains(&count), "{count} diagnostics");
        gateway.data("{ hello }").await;
        gateway.running.stop().await;
    }
}
