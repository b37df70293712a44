//! A server that isn't there yet, and one that goes and comes back.

use tributary_protocol::RequestHead;
use tributary_subgraph::{ConnectError, Subgraph, connect};
use xtask::servers::Nats;

use crate::support::{Gateway, Running, schema};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_may_start_later() {
    let mut nats = Nats::start();
    let url = nats.url_for("alpha");
    nats.kill();
    let nobody = tokio::net::TcpListener::bind(("127.0.0.1", nats.port())).await.unwrap();
    let connecting = tokio::spawn(async move { connect("alpha", &url).await });
    drop(nobody.accept().await.unwrap());
    drop(nobody);
    nats.restart();
    assert!(connecting.await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subgraph_is_there_again_when_the_server_is() {
    let mut nats = Nats::start();
    let mut gateway = Gateway::connect(&nats.url_for("gateway")).await;
    let running =
        Running::start("alpha", &nats.url_for("alpha"), Subgraph::new("alpha", schema().0), &mut gateway)
            .await;
    let subject = gateway.find("alpha").await.subject;
    nats.kill();
    nats.restart();
    let answered = async {
        loop {
            // Until the subgraph is connected again the server answers that nobody is there.
            match gateway.ask(&subject, RequestHead::default(), "{ echo(text: \"a\") }").await {
                Ok(_) => return,
                Err(failure) => assert_eq!(failure.code.as_u16(), 503),
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), answered).await.expect("it comes back");
    running.stop().await;
}

#[tokio::test]
async fn what_can_never_work_is_an_error() {
    assert!(matches!(connect("al.pha", "nats://127.0.0.1:4222").await, Err(ConnectError::Name(_))));
    assert!(matches!(
        connect("alpha", "http://127.0.0.1:4222").await,
        Err(ConnectError::Url(_) | ConnectError::Client(_))
    ));
}
