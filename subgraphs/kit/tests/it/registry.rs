//! The NATS Services API, and which subject an SDL has.

use async_graphql::SDLExportOptions;
use serde_json::json;
use tributary_protocol::service::Verb;
use tributary_protocol::{
    Announcement, QuerySubject, ReplyAddress, RequestHead, SdlHash, SubgraphName, Token,
};
use tributary_subgraph::Subgraph;
use xtask::servers::Nats;

use crate::support::{Gateway, Running, other_schema, schema};

fn alpha() -> SubgraphName {
    SubgraphName::new("alpha").unwrap()
}

#[tokio::test]
async fn info_names_the_subject_of_this_very_sdl() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let (schema, _) = schema();
    let printed = schema.sdl_with_options(SDLExportOptions::new().federation().compose_directive());
    let subgraph = Subgraph::new("alpha", schema).version("2.1.0").description("Test");
    let running = Running::start("alpha", &nats.url_for("alpha"), subgraph, &mut gateway).await;

    let found = gateway.find("alpha").await;
    let answer = gateway.ask(&found.subject, RequestHead::default(), "{ _service { sdl } }").await.unwrap();
    let sdl = answer["_service"]["sdl"].as_str().unwrap();
    assert_eq!(sdl, printed);
    assert_eq!(found.sdl, Some(SdlHash::of(sdl)));
    assert_eq!(found.subject, QuerySubject::pinned(alpha(), &SdlHash::of(sdl)));

    let info = gateway.ask_service(Verb::Info, &alpha()).await.unwrap();
    let metadata = json!({ "graphql.protocol": "1", "graphql.sdl.sha256": SdlHash::of(sdl).to_string(), "graphql.features": "parts,streams" });
    let expected = json!({
        "type": "io.nats.micro.v1.info_response",
        "name": "alpha",
        "id": found.instance.as_str(),
        "version": "2.1.0",
        "description": "Test",
        "metadata": metadata,
        "endpoints": [{ "name": "query", "subject": found.subject.to_string(), "queue_group": "q", "metadata": metadata }],
    });
    assert_eq!(info, expected);
    running.stop().await;
}

#[tokio::test]
async fn everyone_is_asked_by_broadcast_too() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let _one =
        Running::start("alpha", &nats.url_for("alpha"), Subgraph::new("alpha", schema().0), &mut gateway)
            .await;
    let _two =
        Running::start("beta", &nats.url_for("beta"), Subgraph::new("beta", other_schema()), &mut gateway)
            .await;
    let mut request = gateway.listen(ReplyAddress::Any).await;
    gateway
        .client
        .publish_with_reply(Verb::Ping.everyone(), request.reply.to_string(), "".into())
        .await
        .unwrap();
    let mut names = Vec::new();
    for _ in 0..2 {
        let pong: serde_json::Value = serde_json::from_slice(&request.next().await.payload).unwrap();
        assert_eq!(pong["type"], "io.nats.micro.v1.ping_response");
        assert_eq!(pong["version"], "1.0.0");
        names.push(pong["name"].as_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["alpha", "beta"]);
}

#[tokio::test]
async fn stats_count_requests_failures_and_time() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let _running =
        Running::start("alpha", &nats.url_for("alpha"), Subgraph::new("alpha", schema().0), &mut gateway)
            .await;
    let subject = gateway.find("alpha").await.subject;
    for query in ["{ echo(text: \"a\") }", "{ echo(text: \"b\") }", "{ boom }"] {
        gateway.ask(&subject, RequestHead::default(), query).await.ok();
    }
    // A request is counted after its reply has left, so the last one may still be on its way into the statistics.
    let stats = loop {
        let stats = gateway.ask_service(Verb::Stats, &alpha()).await.unwrap();
        if stats["endpoints"][0]["num_requests"] == 3 {
            break stats;
        }
    };
    assert_eq!(stats["type"], "io.nats.micro.v1.stats_response");
    assert!(chrono::DateTime::parse_from_rfc3339(stats["started"].as_str().unwrap()).is_ok());
    let endpoint = &stats["endpoints"][0];
    assert_eq!(endpoint["name"], "query");
    assert_eq!(endpoint["subject"], subject.to_string());
    assert_eq!(endpoint["num_errors"], 1);
    assert!(endpoint["last_error"].as_str().unwrap().starts_with("500:"), "{endpoint}");
    let (all, average) = (
        endpoint["processing_time"].as_u64().unwrap(),
        endpoint["average_processing_time"].as_u64().unwrap(),
    );
    assert!(all > 0 && average == all / 3, "{endpoint}");
}

#[tokio::test]
async fn instances_with_different_sdls_share_no_subject() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let old =
        Running::start("alpha", &nats.url_for("alpha"), Subgraph::new("alpha", schema().0), &mut gateway)
            .await;
    let old_subject = gateway.find("alpha").await.subject;
    let _new =
        Running::start("alpha", &nats.url_for("alpha"), Subgraph::new("alpha", other_schema()), &mut gateway)
            .await;

    assert!(gateway.ask(&old_subject, RequestHead::default(), "{ echo(text: \"a\") }").await.is_ok());
    old.stop().await;
    let new_subject = gateway.find("alpha").await.subject;
    assert_ne!(new_subject, old_subject);
    assert!(gateway.ask(&new_subject, RequestHead::default(), "{ other }").await.is_ok());
    let failure =
        gateway.ask(&old_subject, RequestHead::default(), "{ echo(text: \"a\") }").await.unwrap_err();
    assert_eq!(failure.code.as_u16(), 503, "nobody answers for an SDL that is gone");
}

#[tokio::test]
async fn coming_and_going_is_announced() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let running =
        Running::start("alpha", &nats.url_for("alpha"), Subgraph::new("alpha", schema().0), &mut gateway)
            .await;
    let instance: Token = gateway.find("alpha").await.instance;
    running.stop().await;
    assert_eq!(gateway.announcement().await, (alpha(), Announcement::Down(instance)));
    assert_eq!(gateway.ask_service(Verb::Info, &alpha()).await, None, "who is gone doesn't answer");
}

#[tokio::test]
async fn a_schema_without_federation_is_refused() {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
    struct Query;
    #[Object]
    impl Query {
        async fn a(&self) -> bool {
            true
        }
    }
    let nats = Nats::start();
    let client = tributary_subgraph::connect("alpha", &nats.url_for("alpha")).await.unwrap();
    let plain = Schema::new(Query, EmptyMutation, EmptySubscription);
    let error =
        Subgraph::new("alpha", plain).serve(client.clone(), std::future::pending()).await.unwrap_err();
    assert!(matches!(error, tributary_subgraph::ServeError::NoSdl(_)), "{error}");
    let error = Subgraph::new("any", schema().0).serve(client, std::future::pending()).await.unwrap_err();
    assert!(matches!(error, tributary_subgraph::ServeError::Name(_)), "{error}");
}
