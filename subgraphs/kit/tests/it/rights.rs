//! The kit needs no more rights than the protocol gives a subgraph.

use std::time::Duration;

use async_nats::{ConnectOptions, Event};
use bytes::Bytes;
use tokio::sync::watch;
use tributary_protocol::{RequestHead, service::Verb};
use tributary_subgraph::{Internal, InternalError, ServeError, Subgraph, connect};
use xtask::servers::{Nats, nats::Settings, rights::Rights};

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

    let rogue = connect("beta", &nats.url_for("beta")).await.unwrap();
    let error = serve_until_refused(rogue, "alpha").await;
    let text = error.to_string();
    assert!(text.contains("subscribe to graphql.alpha."), "the subject: {text}");
    assert!(text.contains("a credential of the subgraph `alpha`"), "the remedy: {text}");
    let failure = gateway.ask(&subject, RequestHead::default(), "{ echo(text: \"a\") }").await.unwrap_err();
    assert_eq!(failure.code.as_u16(), 503);
}

/// Serves for ever, which ends only because the server refuses something.
async fn serve_until_refused(client: async_nats::Client, name: &str) -> ServeError {
    let served = Subgraph::new(name, schema().0).serve(client, std::future::pending());
    let served = tokio::time::timeout(Duration::from_secs(4), served).await;
    let error = served.expect("sooner than one wait for an answer").unwrap_err();
    assert!(matches!(error, ServeError::Refused { .. }), "{error}");
    error
}

#[tokio::test]
async fn a_running_subgraph_whose_rights_are_taken_away_ends() {
    let password = |_: &str| "p".to_owned();
    let subgraph = Rights::new().gateway("gateway", "gw1").unwrap().subgraph("alpha").unwrap();
    let mut nats = server(subgraph.with_passwords(password), None);
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let client = connect("alpha", &nats.url_for("alpha")).await.unwrap();
    let running = Running::start_with(client, Subgraph::new("alpha", schema().0), &mut gateway).await;

    nats.kill();
    // The same user and password, but a gateway's rights.
    let other = Rights::new().gateway("alpha", "gw1").unwrap().with_passwords(password);
    let _nats = server(other, Some(nats.port()));
    let ended = tokio::time::timeout(Duration::from_secs(20), running.ended()).await;
    let error = ended.expect("it ends by itself").unwrap_err();
    assert!(matches!(error, ServeError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_call_that_is_not_allowed_fails_at_once() {
    let nats = Nats::start();
    let client = connect("products", &nats.url_for("products")).await.unwrap();
    let internal = Internal::new(client, "products");
    let calling = internal.call("alpha", "echo", Bytes::new(), Duration::from_secs(3600));
    let outcome = tokio::time::timeout(Duration::from_secs(10), calling).await.expect("it doesn't wait");
    let error = outcome.unwrap_err();
    assert!(
        matches!(&error, InternalError::NotAllowed(subject) if subject == "internal.alpha.echo"),
        "{error}"
    );
}

/// A server with just these rights.
fn server(rights: Rights, port: Option<u16>) -> Nats {
    let folder = tempfile::tempdir().unwrap().keep();
    let log = folder.join("log");
    let settings = Settings { folder: folder.clone(), port, rights: Some(rights), log, trash: Some(folder) };
    Nats::launch(settings).unwrap()
}
