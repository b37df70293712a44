//! A subscription that this subgraph serves: results as they come, as fast as the gateway takes them (PROTOCOL.md,
//! section 4).

use std::pin::pin;
use std::sync::Arc;

use async_graphql::Response;
use async_nats::{Message, Subject};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tributary_protocol::stream::{PING_EVERY, SILENCE, StreamControl, StreamHead, StreamKind, Window};
use tributary_protocol::{Failure, FailureCode};

use crate::control::Control;
use crate::gate::{Answer, Outcome, Replier};

/// What streams run on.
#[derive(Clone)]
pub(crate) struct Streams {
    control: Control,
    replier: Replier,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    /// The instance stops: its streams go on elsewhere.
    ending: CancellationToken,
}

/// How a stream ends.
enum End {
    /// There are no more results.
    Complete,
    /// The gateway wants no more.
    Stopped,
    /// The gateway is gone.
    Silent,
    /// The instance stops, or a result can't be sent: the gateway starts the stream again.
    Broken(Failure),
}

impl Streams {
    pub(crate) fn new(
        control: Control,
        replier: Replier,
        limit: usize,
        tasks: TaskTracker,
        ending: CancellationToken,
    ) -> Self {
        Self { control, replier, permits: Arc::new(Semaphore::new(limit)), tasks, ending }
    }

    /// Begins to stream what a subscription comes to. What can't be subscribed to at all is answered like a query.
    pub(crate) fn begin(
        &self,
        mut results: BoxStream<'static, Response>,
        reply: Subject,
        accepts_parts: bool,
    ) -> Outcome {
        // A mistake in the operation is there at once, and alone.
        let first = results.next().now_or_never();
        let first = match first {
            Some(Some(response)) if is_refusal(&response) => return Ok(Answer::Payload(json(&response)?)),
            Some(Some(response)) => Some(response),
            Some(None) => None,
            None => None,
        };
        let Ok(permit) = self.permits.clone().try_acquire_owned() else {
            let message = "the instance streams as many subscriptions as it may (setting: streams)";
            return Err(Failure::new(FailureCode::Busy, message));
        };
        let streams = self.clone();
        self.tasks.spawn(async move {
            let _permit = permit;
            Running::new(streams, reply, accepts_parts).run(first, results).await;
        });
        Ok(Answer::Streams)
    }
}

/// One stream.
struct Running {
    streams: Streams,
    reply: Subject,
    accepts_parts: bool,
    /// The number of the last message.
    seq: u64,
    window: Window,
    heard: Instant,
    spoken: Instant,
}

impl Running {
    fn new(streams: Streams, reply: Subject, accepts_parts: bool) -> Self {
        let now = Instant::now();
        Self { streams, reply, accepts_parts, seq: 0, window: Window::default(), heard: now, spoken: now }
    }

    async fn run(mut self, first: Option<Response>, results: BoxStream<'static, Response>) {
        let mut control = self.streams.control.open();
        let instance = self.streams.replier.instance().clone();
        let open = StreamKind::Open { control: control.token().clone(), instance };
        let mut end = self.send(open, Bytes::new()).await.err();
        if end.is_none() {
            let results = futures_util::stream::iter(first).chain(results);
            end = Some(self.drive(results, &mut control.messages).await);
        }
        match end {
            Some(End::Complete) => drop(self.send(StreamKind::Complete, Bytes::new()).await),
            Some(End::Broken(failure)) => self.streams.replier.fail(self.reply.clone(), &failure).await,
            Some(End::Silent) => tracing::debug!(reply = %self.reply, "a gateway is gone; its stream ends"),
            Some(End::Stopped) | None => {}
        }
    }

    async fn drive(
        &mut self,
        results: impl futures_util::Stream<Item = Response>,
        control: &mut tokio::sync::mpsc::UnboundedReceiver<Message>,
    ) -> End {
        let mut results = pin!(results);
        // A result that waits for room.
        let mut waiting: Option<Bytes> = None;
        loop {
            if let Some(payload) = waiting.take_if(|payload| self.window.has_room(payload.len())) {
                if let Err(end) = self.send(StreamKind::Next, payload).await {
                    return end;
                }
                continue;
            }
            let next = (self.spoken + PING_EVERY).min(self.heard + SILENCE);
            tokio::select! {
                biased;
                () = self.streams.ending.cancelled() => return End::Broken(stopping()),
                Some(message) = control.recv() => match StreamControl::read(message.headers.as_ref()) {
                    Ok(Some(StreamControl::Ping { ack })) => {
                        self.heard = Instant::now();
                        self.window.acknowledged(ack);
                    }
                    Ok(Some(StreamControl::Stop)) => return End::Stopped,
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "a control message of a stream can't be read"),
                },
                () = sleep_until(next) => {
                    if self.heard + SILENCE <= Instant::now() {
                        return End::Silent;
                    }
                    if self.spoken + PING_EVERY <= Instant::now()
                        && let Err(end) = self.send(StreamKind::Ping, Bytes::new()).await
                    {
                        return end;
                    }
                }
                result = results.next(), if waiting.is_none() => match result.map(|response| json(&response)) {
                    Some(Ok(payload)) => waiting = Some(payload),
                    Some(Err(failure)) => return End::Broken(failure),
                    None => return End::Complete,
                },
            }
        }
    }

    /// Sends a message, and counts it.
    async fn send(&mut self, kind: StreamKind, payload: Bytes) -> Result<(), End> {
        let counts = kind != StreamKind::Ping;
        let seq = self.seq + u64::from(counts);
        let size = payload.len();
        let headers = StreamHead { kind, seq }.headers();
        let sent = self.streams.replier.send_with(self.reply.clone(), headers, payload, self.accepts_parts);
        sent.await.map_err(End::Broken)?;
        self.spoken = Instant::now();
        if counts {
            self.seq = seq;
            self.window.sent(seq, size);
        }
        Ok(())
    }
}

/// Whether a subscription was refused as a whole.
fn is_refusal(response: &Response) -> bool {
    response.is_err() && response.data == async_graphql::Value::Null
}

fn json(response: &Response) -> Result<Bytes, Failure> {
    let json = serde_json::to_vec(response);
    let failed = |error| Failure::new(FailureCode::Failed, format!("a result is no JSON: {error}"));
    json.map(Bytes::from).map_err(failed)
}

fn stopping() -> Failure {
    Failure::new(FailureCode::Other(503), "the instance stops; another one can go on")
}
