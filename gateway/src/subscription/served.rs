//! Subscriptions that a subgraph serves: one stream for all who ask the same.

use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::mailbox::{Delivery, Ending};
use super::topic::{Asking, Topic};
use crate::error::{Code, GraphqlError, Rejection};
use crate::execute::{ExecutionError, ExecutionResult};
use crate::pipeline::{Pipeline, Subscription};
use crate::transport::{Opened, StreamLost, SubgraphStream};

/// Between attempts to begin a stream again.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What feeds a topic from its subgraph, until nobody wants it any more.
pub(super) struct Served {
    pub topic: Weak<Topic>,
    pub pipeline: Arc<Pipeline>,
    pub subscription: Arc<Subscription>,
    pub asking: Asking,
}

impl Served {
    /// Keeps the stream going: where it breaks it is begun again, on whichever instance answers, and those who have it
    /// are told that something may be missing.
    pub async fn run(self) {
        let (mut begun, mut pause) = (false, PAUSE_MIN);
        loop {
            match self.pipeline.open_stream(&self.subscription, &self.asking.caller).await {
                Ok(Opened::Stream(stream)) => {
                    if std::mem::replace(&mut begun, true) {
                        self.tell(gap()).await;
                    }
                    pause = PAUSE_MIN;
                    match self.read(*stream).await {
                        Ok(()) => return,
                        Err(why) => tracing::info!(%why, "a subgraph's stream broke off; it is begun again"),
                    }
                }
                Ok(Opened::Refused(answer)) => {
                    let (subscription, caller) = (&self.subscription, &self.asking.caller);
                    let result = self.pipeline.streamed(subscription, caller, answer).await;
                    return self.end(Ending::Failed(refusal(result)));
                }
                Err(why) if !begun => return self.end(Ending::Failed(why)),
                Err(why) => tracing::debug!(code = why.code().as_str(), "a stream can't be begun again yet"),
            }
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn read(&self, mut stream: SubgraphStream) -> Result<(), StreamLost> {
        let (subgraph, instance) = (stream.subgraph().to_owned(), stream.instance().to_owned());
        // An instance that died says nothing, which its silence would tell much later.
        let mut gone = pin!(self.pipeline.instance_gone(&subgraph, &instance));
        loop {
            let reply = tokio::select! {
                biased;
                reply = stream.next() => reply?,
                () = &mut gone => return Err(StreamLost::Gone),
            };
            let Some(reply) = reply else { break };
            let (subscription, caller) = (&self.subscription, &self.asking.caller);
            let result = self.pipeline.streamed(subscription, caller, reply).await;
            self.give(result).await;
        }
        self.end(Ending::Complete);
        Ok(())
    }

    async fn give(&self, result: ExecutionResult) {
        self.tell(delivery(result)).await;
    }

    async fn tell(&self, delivery: Arc<Delivery>) {
        if let Some(topic) = self.topic.upgrade() {
            topic.tell_everyone(delivery).await;
        }
    }

    fn end(&self, ending: Ending) {
        if let Some(topic) = self.topic.upgrade() {
            topic.end(&ending);
        }
    }
}

/// What is told where a stream was begun again.
pub(super) fn gap() -> Arc<Delivery> {
    let message = "The subgraph's stream broke off and was begun again; results may be missing";
    delivery(ExecutionResult::nothing(vec![ExecutionError::new("STREAM_GAP", message)]))
}

fn delivery(result: ExecutionResult) -> Arc<Delivery> {
    Arc::new(Delivery::new(None, 0, result.into_open_body()))
}

/// The errors of an answer that is no stream, as far as a client may read them.
fn refusal(result: ExecutionResult) -> Rejection {
    let told = result.errors.into_iter().map(|error| {
        let told = GraphqlError::new(Code::SubscriptionRefused, error.message);
        match error.code {
            Some(code) => told.with("reason", &*code),
            None => told,
        }
    });
    Rejection::several(told.collect()).unwrap_or_else(|| {
        GraphqlError::new(Code::SubscriptionRefused, "The subgraph refuses the subscription").into()
    })
}
