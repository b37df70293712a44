//! A gateway's side of the wire, reduced to what a service's tests need.

use async_nats::{Client, HeaderMap, Subscriber};
use futures_util::StreamExt;
use serde_json::Value;
use tributary_protocol::{
    Announcement, GatewayId, QuerySubject, ReplyAddress, ReplySubject, SdlHash, SubgraphName, Token,
};
use tributary_subgraph::Identity;
use uuid::Uuid;

/// Asks subgraphs over NATS as the gateway `gw1` would.
pub struct Wire {
    client: Client,
    announcements: Subscriber,
}

impl Wire {
    /// Connects with a gateway's URL, before the service is started, so that its announcement is heard.
    ///
    /// # Panics
    /// When NATS can't be reached.
    pub async fn connect(url: &str) -> Wire {
        let client = tributary_subgraph::connect("gw1", url).await.expect("the test's NATS can be reached");
        let announcements =
            client.subscribe("graphql.announce.*").await.expect("a gateway may hear announcements");
        client.flush().await.expect("the test's NATS answers");
        Wire { client, announcements }
    }

    /// Waits until an instance of `name` says that it takes requests.
    ///
    /// # Panics
    /// When the connection ends first.
    pub async fn up(&mut self, name: &str) {
        loop {
            let message = self.announcements.next().await.expect("the connection lasts as long as the test");
            let is_up = matches!(Announcement::from_headers(message.headers.as_ref()), Announcement::Up(_));
            if is_up && message.subject.as_str() == format!("graphql.announce.{name}") {
                return;
            }
        }
    }

    /// Sends a GraphQL request to the instances of `name` that serve `sdl`, and returns the whole answer.
    ///
    /// # Panics
    /// When there is no answer, or none in JSON.
    pub async fn ask(&self, name: &str, sdl: &str, who: impl Into<Option<Identity>>, body: &Value) -> Value {
        let reply = reply_subject(name);
        let mut replies = self.client.subscribe(reply.clone()).await.expect("a gateway may hear its replies");
        let subject = self.send(name, sdl, who, body, reply).await;
        let answer = replies.next().await.expect("the connection lasts as long as the test");
        serde_json::from_slice(&answer.payload)
            .unwrap_or_else(|error| panic!("{subject} answered {:?}: {error}", answer.headers))
    }

    /// Sends a GraphQL request of which nobody waits for the answer.
    pub async fn tell(&self, name: &str, sdl: &str, who: impl Into<Option<Identity>>, body: &Value) {
        self.send(name, sdl, who, body, reply_subject(name)).await;
    }

    async fn send(
        &self,
        name: &str,
        sdl: &str,
        who: impl Into<Option<Identity>>,
        body: &Value,
        reply: String,
    ) -> String {
        let name = SubgraphName::new(name).expect("a subgraph's name");
        let subject = QuerySubject::pinned(name, &SdlHash::of(sdl)).to_string();
        let mut headers = HeaderMap::new();
        if let Some(identity) = who.into() {
            headers.insert(tributary_protocol::header::IDENTITY, identity.encode());
        }
        let payload = body.to_string().into();
        let sent = self.client.publish_with_reply_and_headers(subject.clone(), reply, headers, payload);
        sent.await.expect("the request can be sent");
        subject
    }
}

fn reply_subject(name: &str) -> String {
    let reply = ReplySubject {
        from: ReplyAddress::Subgraph(SubgraphName::new(name).expect("a subgraph's name")),
        gateway: GatewayId::new("gw1").expect("a gateway's id"),
        token: Token::new(Uuid::now_v7().simple().to_string()).expect("hexadecimal digits are a token"),
    };
    reply.to_string()
}
