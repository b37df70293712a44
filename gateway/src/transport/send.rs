//! Publishing a request: in one message, or in parts.

use async_nats::{HeaderMap, PublishErrorKind};
use bytes::Bytes;
use tokio::time::Instant;
use tributary_protocol::parts::{self, Part, PartsError};
use tributary_protocol::{ControlSubject, SubgraphName, Token};

use super::dispatch::Ticket;
use super::error::FetchErrorKind;
use super::fetch::{Attempt, AttemptState};
use super::request::FetchRequest;
use super::{Inner, MAX_PAYLOAD_SETTING};

impl Inner {
    /// Sends a request, or the first of its parts.
    pub(super) async fn open(
        &self,
        request: &FetchRequest,
        ticket: Ticket,
    ) -> Result<Attempt, FetchErrorKind> {
        let (size, most) = (request.payload.len(), self.limits.max_message);
        if size > most {
            return Err(self.limits.too_large("request", size, most));
        }
        let sent_at = Instant::now();
        let headers = request.headers_now(sent_at);
        let limits = self.part_limits();
        let (state, headers, payload) = if limits.fit_one(&headers, &request.payload) {
            (AttemptState::Sent, headers, request.payload.clone())
        } else {
            let mut parts = self.cut(request, headers)?;
            let first = parts.remove(0);
            (AttemptState::Opening(parts), first.headers, first.payload)
        };
        request.target.stats.sent_bytes.add(payload.len() as u64);
        let subject = request.target.subject.clone();
        self.publish(subject, Some(ticket.reply_subject()), headers, payload, request.deadline).await?;
        Ok(Attempt { _ticket: ticket, sent_at, state, reply: None })
    }

    /// Sends the parts after the first to the instance that took it.
    pub(super) async fn send_rest(
        &self,
        (name, instance, token): (&SubgraphName, Token, Token),
        parts: Vec<Part>,
        deadline: Instant,
    ) -> Result<(), FetchErrorKind> {
        let control = ControlSubject { name: name.clone(), instance, token };
        let subject = async_nats::Subject::from(control.to_string());
        for part in parts {
            self.publish(subject.clone(), None, part.headers, part.payload, deadline).await?;
        }
        Ok(())
    }

    fn cut(&self, request: &FetchRequest, headers: HeaderMap) -> Result<Vec<Part>, FetchErrorKind> {
        let limits = self.part_limits();
        let size = request.payload.len();
        if !request.target.features.parts {
            return Err(FetchErrorKind::TooLarge {
                what: "request",
                size,
                limit: limits.max_payload,
                setting: MAX_PAYLOAD_SETTING,
            });
        }
        match parts::split(headers, request.payload.clone(), limits) {
            Ok(parts) => Ok(parts),
            Err(PartsError::TooLarge { size, limit }) => Err(self.limits.too_large("request", size, limit)),
            Err(_) => Err(FetchErrorKind::TooLarge {
                what: "headers",
                size,
                limit: limits.max_payload,
                setting: MAX_PAYLOAD_SETTING,
            }),
        }
    }

    fn part_limits(&self) -> parts::Limits {
        parts::Limits { max_payload: self.link.client().max_payload(), max_total: self.limits.max_message }
    }

    /// Gives a message to the client, which writes it as soon as it can. The wait is bounded: a queue
    /// that stays full means that nothing is written, and what isn't accepted is never sent.
    async fn publish(
        &self,
        subject: async_nats::Subject,
        reply: Option<String>,
        headers: HeaderMap,
        payload: Bytes,
        deadline: Instant,
    ) -> Result<(), FetchErrorKind> {
        let client = self.link.client();
        let size = payload.len();
        let accepted = async {
            match reply {
                Some(reply) => client.publish_with_reply_and_headers(subject, reply, headers, payload).await,
                None => client.publish_with_headers(subject, headers, payload).await,
            }
        };
        let until = deadline.min(Instant::now() + self.limits.grace);
        match tokio::time::timeout_at(until, accepted).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                Err(FetchErrorKind::TooLarge {
                    what: "request",
                    size,
                    limit: client.max_payload(),
                    setting: MAX_PAYLOAD_SETTING,
                })
            }
            Ok(Err(_)) | Err(_) => Err(FetchErrorKind::Disconnected),
        }
    }
}
