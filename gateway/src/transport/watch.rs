//! Fails what waits for replies when they can't come any more.

use std::sync::Arc;
use std::time::Duration;

use super::dispatch::Dispatcher;
use super::link::Link;
use super::mailbox::Lost;

/// Watches the connection for as long as there is one.
pub(super) async fn run(link: Link, dispatcher: Arc<Dispatcher>, replies: Arc<str>, grace: Duration) {
    let mut states = link.state();
    let (mut dropped, mut connects) = (0, 0);
    loop {
        let state = states.borrow_and_update().clone();
        if connects == 0 && state.connects > 0 {
            connects = state.connects;
            link.warn_if_open();
        }
        // The client doesn't say whose messages it dropped, so a reply may be among them whoever was slow.
        if state.dropped > dropped {
            dropped = state.dropped;
            fail(&dispatcher, Lost::SlowConsumer, "REPLIES_LOST", "the NATS client dropped messages");
        }
        if state.refused.contains(&replies) {
            fail(
                &dispatcher,
                Lost::NoSubscription,
                "NATS_NO_RIGHTS",
                "NATS refuses the subscription for replies",
            );
        }
        let changed = match state.down_since {
            None => states.changed().await,
            Some(since) => tokio::select! {
                changed = states.changed() => changed,
                () = tokio::time::sleep_until(since + grace) => {
                    fail(&dispatcher, Lost::Disconnected, "NATS_UNAVAILABLE", "the connection to NATS stays down");
                    states.changed().await
                }
            },
        };
        if changed.is_err() {
            return;
        }
    }
}

fn fail(dispatcher: &Dispatcher, lost: Lost, code: &str, what: &str) {
    let outstanding = dispatcher.fail_all(lost);
    tracing::error!(code, outstanding, "{what}");
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tributary_protocol::GatewayId;

    use super::*;
    use crate::transport::mailbox::Mailbox;

    struct Fixture {
        link: Link,
        mailbox: Arc<Mailbox>,
        _ticket: crate::transport::dispatch::Ticket,
    }

    /// A connection to nowhere, whose state a test decides.
    async fn watched() -> Fixture {
        let gateway = GatewayId::new("gw1").unwrap();
        let link = Link::connect("nats://127.0.0.1:1", &gateway).await.unwrap();
        let dispatcher = Arc::new(Dispatcher::new("gw1".into(), link.metrics().clone()));
        let mailbox = Arc::new(Mailbox::new(100));
        let ticket = dispatcher.register(&"a".into(), 0, &mailbox);
        tokio::spawn(run(link.clone(), dispatcher, "_GQL.*.gw1.>".into(), Duration::from_secs(60)));
        tokio::task::yield_now().await;
        Fixture { link, mailbox, _ticket: ticket }
    }

    #[tokio::test]
    async fn dropped_messages_fail_what_waits() {
        let fixture = watched().await;
        assert!(fixture.mailbox.next().now_or_never().is_none());
        fixture.link.pretend(async_nats::Event::SlowConsumer(7));
        assert_eq!(fixture.mailbox.next().await.unwrap_err(), Lost::SlowConsumer);
        assert_eq!(fixture.link.metrics().slow_consumer.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_outage_fails_what_waits() {
        let fixture = watched().await;
        assert_eq!(fixture.mailbox.next().await.unwrap_err(), Lost::Disconnected);
    }

    #[tokio::test]
    async fn a_refused_subscription_fails_what_waits() {
        let fixture = watched().await;
        let text = "Permissions Violation for Subscription to \"_GQL.*.gw1.>\"".to_owned();
        fixture.link.pretend(async_nats::Event::ServerError(async_nats::ServerError::Other(text)));
        assert_eq!(fixture.mailbox.next().await.unwrap_err(), Lost::NoSubscription);
    }
}
