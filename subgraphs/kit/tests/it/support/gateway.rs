//! A gateway as a test needs it: sends one request, hears its replies.

use std::time::Duration;

use async_nats::{Client, HeaderMap, Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tributary_protocol::parts::{Assembled, Assembler, DEFAULT_MAX_TOTAL, PartNumber};
use tributary_protocol::service::{Info, Verb};
use tributary_protocol::{
    Announcement, Failure, GatewayId, QuerySubject, Registration, ReplyAddress, ReplySubject, RequestHead,
    SubgraphName, Token, subject,
};
use tributary_subgraph::connect;
use uuid::Uuid;

/// Longer than anything takes that works; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Gateway {
    pub client: Client,
    id: GatewayId,
    announcements: Subscriber,
}

/// A request with its reply subject.
pub struct Request {
    pub reply: ReplySubject,
    replies: Subscriber,
}

impl Gateway {
    /// The gateway `gw1`, with its own credential where the server has rights.
    pub async fn connect(url: &str) -> Self {
        let client = connect("gw1", url).await.unwrap();
        let announcements = client.subscribe(subject::ANNOUNCE_ALL).await.unwrap();
        client.flush().await.unwrap();
        Self { client, id: GatewayId::new("gw1").unwrap(), announcements }
    }

    /// The next announcement.
    pub async fn announcement(&mut self) -> (SubgraphName, Announcement) {
        let message = patient(self.announcements.next()).await.unwrap();
        (
            subject::parse_announce(&message.subject).unwrap(),
            Announcement::from_headers(message.headers.as_ref()),
        )
    }

    /// A reply subject, heard from now on.
    pub async fn listen(&self, from: ReplyAddress) -> Request {
        let token = Token::new(Uuid::new_v4().simple().to_string()).unwrap();
        let reply = ReplySubject { from, gateway: self.id.clone(), token };
        let replies = self.client.subscribe(reply.to_string()).await.unwrap();
        Request { reply, replies }
    }

    /// Sends a payload and returns what hears its replies.
    pub async fn send(&self, subject: &QuerySubject, headers: HeaderMap, payload: Bytes) -> Request {
        let request = self.listen(ReplyAddress::Subgraph(subject.name.clone())).await;
        let sent = self.client.publish_with_reply_and_headers(
            subject.to_string(),
            request.reply.to_string(),
            headers,
            payload,
        );
        sent.await.unwrap();
        request
    }

    /// Starts a query.
    pub async fn start(&self, subject: &QuerySubject, head: RequestHead, query: &str) -> Request {
        let mut headers = HeaderMap::new();
        head.write(&mut headers);
        self.send(subject, headers, json!({ "query": query }).to_string().into()).await
    }

    /// Asks a query: its `data`, or the failure.
    pub async fn ask(
        &self,
        subject: &QuerySubject,
        head: RequestHead,
        query: &str,
    ) -> Result<Value, Failure> {
        self.start(subject, head, query).await.result().await
    }

    /// Asks `$SRV.<verb>.<name>` and returns the first answer's JSON.
    pub async fn ask_service(&self, verb: Verb, name: &SubgraphName) -> Option<Value> {
        let mut request = self.listen(ReplyAddress::Subgraph(name.clone())).await;
        self.client.publish_with_reply(verb.of(name), request.reply.to_string(), Bytes::new()).await.unwrap();
        let answer = request.next().await;
        if answer.status.is_some() { None } else { Some(serde_json::from_slice(&answer.payload).unwrap()) }
    }

    /// The one instance of a subgraph.
    pub async fn find(&self, name: &str) -> Registration {
        let info =
            self.ask_service(Verb::Info, &SubgraphName::new(name).unwrap()).await.expect("somebody answers");
        let info: Info = serde_json::from_value(info).unwrap();
        Registration::from_info(&info, None).unwrap().expect("it is a subgraph")
    }
}

impl Request {
    pub async fn next(&mut self) -> Message {
        patient(self.replies.next()).await.expect("the connection is open")
    }

    /// The whole reply, from parts if it came in parts.
    pub async fn reply(&mut self) -> Result<(Message, Bytes), Failure> {
        let first = self.next().await;
        if first.status == Some(async_nats::StatusCode::NO_RESPONDERS) {
            return Err(Failure::new(503.into(), "no responders"));
        }
        if let Some(failure) = first.headers.as_ref().and_then(Failure::from_headers) {
            return Err(failure);
        }
        let Some(number) = PartNumber::from_headers(first.headers.as_ref()).unwrap() else {
            let payload = first.payload.clone();
            return Ok((first, payload));
        };
        let (mut assembler, mut assembled) =
            Assembler::start(number, &first.payload, DEFAULT_MAX_TOTAL).unwrap();
        while assembled == Assembled::Pending {
            let part = self.next().await;
            let number =
                PartNumber::from_headers(part.headers.as_ref()).unwrap().expect("the rest are parts, too");
            assembled = assembler.push(number, &part.payload).unwrap();
        }
        let Assembled::Complete(payload) = assembled else {
            unreachable!("the loop ends when it is complete")
        };
        Ok((first, payload))
    }

    /// The reply's `data`. A result with errors fails the test.
    pub async fn result(mut self) -> Result<Value, Failure> {
        let (_, payload) = self.reply().await?;
        let mut result: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(result.get("errors"), None, "{result}");
        Ok(result["data"].take())
    }
}

async fn patient<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it comes in time")
}
