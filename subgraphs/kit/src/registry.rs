//! The instance's side of the NATS Services API: answers to PING, INFO and STATS.

use std::sync::Arc;

use async_nats::{Client, Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::select_all;
use serde_json::to_vec;
use tokio_util::sync::CancellationToken;
use tributary_protocol::Registration;
use tributary_protocol::service::{self, Info, PING_TYPE, Ping, STATS_TYPE, Verb};

use crate::ServeError;
use crate::stats::Stats;
use crate::subscriptions::Subscriptions;

/// Answers for one instance.
pub(crate) struct Registry {
    client: Client,
    registration: Registration,
    info: Info,
    stats: Arc<Stats>,
    questions: Vec<Subscriber>,
}

impl Registry {
    pub(crate) async fn start(
        client: &Client,
        subscriptions: &mut Subscriptions,
        registration: &Registration,
        stats: Arc<Stats>,
    ) -> Result<Self, ServeError> {
        let mut questions = Vec::new();
        for subject in service::subscriptions(&registration.name, &registration.instance) {
            questions.push(subscriptions.everyone(subject).await?);
        }
        let info = registration.to_info();
        Ok(Self { client: client.clone(), registration: registration.clone(), info, stats, questions })
    }

    /// Answers until the instance leaves the registry. When this returns the server has been told, so nobody who asks
    /// after the announcement finds the instance.
    pub(crate) async fn run(mut self, leave: CancellationToken) {
        let mut questions = select_all(std::mem::take(&mut self.questions));
        loop {
            tokio::select! {
                biased;
                () = leave.cancelled() => break,
                Some(question) = questions.next() => self.answer(question).await,
                else => return,
            }
        }
        for mut question in questions {
            question.unsubscribe().await.ok();
        }
    }

    async fn answer(&self, question: Message) {
        let (Some(verb), Some(reply)) = (Verb::of_subject(&question.subject), question.reply) else {
            return;
        };
        if let Err(error) = self.client.publish(reply, self.document(verb)).await {
            tracing::warn!(%error, %verb, "could not be answered");
        }
    }

    fn document(&self, verb: Verb) -> Bytes {
        let json = match verb {
            Verb::Ping => to_vec(&self.ping(PING_TYPE)),
            Verb::Info => to_vec(&self.info),
            Verb::Stats => to_vec(&self.stats.document(self.ping(STATS_TYPE), &self.registration)),
        };
        json.expect("the documents have string keys only").into()
    }

    fn ping(&self, kind: &str) -> Ping {
        Ping { kind: kind.to_owned(), ..self.info.service.clone() }
    }
}
