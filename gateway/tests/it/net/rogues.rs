//! Services that say of themselves what isn't so.

use tributary::registry::{Registry, RegistryOptions};
use xtask::servers::Nats;

use super::raw::{self, announce, info, serve};
use super::registry::{Alpha, Served};
use super::support::*;

const BETA: &str = "type Query { beta: String! }";

#[tokio::test]
async fn a_rogue_that_announces_anothers_subject_is_not_used() {
    let nats = Nats::start();
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let mallory = raw::client(&nats, "beta").await;
    let _rogue = announce(&mallory, info("beta", "graphql.alpha", "q")).await;
    let gateway = Registry::start(transport(&nats).await, RegistryOptions::default());
    let status = until(&gateway, |status| status.ready && !status.diagnostics.is_empty()).await;
    assert_eq!(status.diagnostics.len(), 1, "{status:#?}");
    let found = &status.diagnostics[0];
    assert_eq!((found.code.as_str(), found.subgraph.as_deref()), ("FOREIGN_SUBJECT", Some("beta")));
    assert_eq!(status.subgraphs.keys().map(|name| &**name).collect::<Vec<_>>(), ["alpha"]);
}

#[tokio::test]
async fn a_rogue_that_takes_anothers_name_is_not_heard() {
    let nats = Nats::start();
    let alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let mallory = raw::client(&nats, "beta").await;
    let transport = transport(&nats).await;
    let gateway = registry(&transport).await;
    until(&gateway, |status| status.subgraphs.contains_key("alpha")).await;
    // The server lets it hear and answer the question to everyone; the one to alpha it can't answer.
    let document = info("alpha", "graphql.alpha", "q").to_string();
    let _rogue = raw::listen(&mallory, "$SRV.INFO", None, move |client, message, _| {
        let document = document.clone();
        async move { raw::reply(&client, &message, document).await }
    })
    .await;
    drop(gateway);
    let gateway = registry(&transport).await;
    let status = until(&gateway, |status| status.subgraphs.contains_key("alpha")).await;
    assert_eq!(status.subgraphs["alpha"].instances, 1, "{status:#?}");
    alpha.stop().await;
    let status = until(&gateway, |status| status.subgraphs["alpha"].instances == 0).await;
    assert_eq!(status.subgraphs["alpha"].subject, None);
}

#[tokio::test]
async fn unusable_services_are_diagnostics() {
    let nats = Nats::start_open();
    let client = raw::client(&nats, "alpha").await;
    let mut wrong_group = info("group", "graphql.group", "other");
    let mut wrong_protocol = info("protocol", "graphql.protocol", "q");
    wrong_protocol["metadata"]["graphql.protocol"] = "2".into();
    let mut no_endpoint = info("endpoint", "graphql.endpoint", "q");
    no_endpoint["endpoints"] = serde_json::json!([]);
    let mut foreign = info("subject", "logins.take", "q");
    let mut other_service = info("unrelated", "whatever", "");
    other_service["metadata"] = serde_json::json!({});
    let mut listeners = Vec::new();
    for document in
        [&mut wrong_group, &mut wrong_protocol, &mut no_endpoint, &mut foreign, &mut other_service]
    {
        listeners.push(announce(&client, document.clone()).await);
    }
    let gateway = Registry::start(transport(&nats).await, RegistryOptions::default());
    let status = until(&gateway, |status| status.diagnostics.len() == 4).await;
    let codes: Vec<_> = status
        .diagnostics
        .iter()
        .map(|found| (found.subgraph.as_deref().unwrap(), found.code.as_str()))
        .collect();
    let expected = [
        ("endpoint", "ENDPOINT_INVALID"),
        ("group", "WRONG_QUEUE_GROUP"),
        ("protocol", "PROTOCOL_UNSUPPORTED"),
        ("subject", "SUBJECT_INVALID"),
    ];
    assert_eq!(codes, expected);
    assert!(status.subgraphs.is_empty() && gateway.live().is_none());
}

#[tokio::test]
async fn an_sdl_other_than_announced_is_not_used() {
    let nats = Nats::start();
    let _alpha = Served::start(&nats, "alpha", Alpha.schema()).await;
    let client = raw::client(&nats, "beta").await;
    let mut document = info("beta", "graphql.beta", "q");
    document["metadata"]["graphql.sdl.sha256"] =
        tributary_protocol::SdlHash::of("something else").to_string().into();
    let _announced = announce(&client, document).await;
    let _serving = serve(&client, "beta", BETA).await;
    let gateway = Registry::start(transport(&nats).await, RegistryOptions::default());
    let status = until(&gateway, |status| status.ready && !status.diagnostics.is_empty()).await;
    assert_eq!(status.diagnostics[0].code, "SDL_MISMATCH", "{status:#?}");
    assert_eq!(gateway.live().unwrap().supergraph.subgraphs().len(), 1);
}

#[tokio::test]
async fn a_subgraph_without_the_kit_is_used() {
    let nats = Nats::start();
    let client = raw::client(&nats, "beta").await;
    let _announced = announce(&client, info("beta", "graphql.beta", "q")).await;
    let _serving = serve(&client, "beta", BETA).await;
    let transport = transport(&nats).await;
    let gateway = registry(&transport).await;
    let live = until_live(&gateway, |live| live.target_of("beta").is_some()).await;
    assert_eq!(live.target_of("beta").unwrap().subject.as_str(), "graphql.beta");
    assert!(!live.target_of("beta").unwrap().features.parts);
}
