//! The kit needs no more rights than the protocol gives a subgraph.

use std::time::Duration;

use async_nats::{ConnectOptions, Event};
use bytes::Bytes;
use tokio::sync::watch;
use tributary_protocol::{RequestHead, service::Verb};
use tributary_subgraph::{Internal, Subgraph};
use xtask::servers::Nats;

use crate::support::{Gateway, Running, schema};

/// Everything that the server refused a client.
type Refused = watch::Receiver<Vec<String>>;

async fn watched(nats: &Nats, user: &str) -> (async_nats::Client, Refused) {
    let (seen, refused) = watch::channel(Vec::new());
    let password = nats.password(user).unwrap().to_owned();
    let options = ConnectOptions::with_user_and_password(user.to_owned(), password)
        .custom_inbox_prefix(format!("_JS.{user}"))
        .event_callback(move |event| {
            if let Event::ServerError(error) = event {
                seen.send_modify(|refused| refused.push(error.to_string()));
            }
            std::future::ready(())
        });
    (options.connect(nats.url()).await.unwrap(), refused)
}

#[tokio::test]
async fn a_whole_life_is_within_the_rights() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let (client, refused) = watched(&nats, "alpha").await;
    let subgraph =
        Subgraph::new("alpha", schema().0).internal("echo", |request: Bytes, _| async { Ok(request) });
    let running = Running::start_with(client.clone(), subgraph, &mut gateway).await;
    let found = gateway.find("alpha").await;
    gateway.ask(&found.subject, RequestHead::default(), "{ echo(text: \"a\") }").await.unwrap();
    for verb in [Verb::Ping, Verb::Info, Verb::Stats] {
        assert!(gateway.ask_service(verb, &found.name).await.is_some());
    }
    let internal = Internal::new(client, "alpha");
    internal.call("alpha", "echo", Bytes::new(), Duration::from_secs(10)).await.unwrap();
    running.stop().await;
    assert_eq!(*refused.borrow(), Vec::<String>::new());
}

#[tokio::test]
async fn another_subgraphs_credential_serves_nothing() {
    let nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let running =
        Running::start("alpha", &nats.url_for("alpha"), Subgraph::new("alpha", schema().0), &mut gateway)
            .await;
    let subject = gateway.find("alpha").await.subject;
    running.stop().await;

    let (rogue, mut refused) = watched(&nats, "beta").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(Subgraph::new("alpha", schema().0).serve(rogue.clone(), async {
        stopped.await.ok();
    }));
    // Each refusal is one message from the server; the announcement's is the last.
    let last =
        refused.wait_for(|refused| refused.iter().any(|error| error.contains("graphql.announce.alpha")));
    tokio::time::timeout(Duration::from_secs(10), last).await.expect("the announcement is refused").unwrap();
    let failure = gateway.ask(&subject, RequestHead::default(), "{ echo(text: \"a\") }").await.unwrap_err();
    assert_eq!(failure.code.as_u16(), 503);
    assert!(refused.borrow().iter().any(|error| error.contains(&subject.to_string())));
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}
