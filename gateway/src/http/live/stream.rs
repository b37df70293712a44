//! Answers that go on: GraphQL over server-sent events (its "distinct connections mode"), and Apollo's multipart
//! protocol for subscriptions.

use std::{convert::Infallible, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Response, header};
use tokio::time::timeout;

use super::Operations;
use crate::subscription::{Ending, Entry};

/// How results are written one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum StreamForm {
    /// `text/event-stream`
    Events,
    /// `multipart/mixed; subscriptionSpec=1.0`
    Multipart,
}

/// What is written of one entry, and whether anything follows.
struct Chunk {
    bytes: Vec<u8>,
    last: bool,
}

const FIRST_BOUNDARY: &[u8] = b"\r\n--graphql";
const HEAD: &[u8] = b"\r\ncontent-type: application/json\r\n\r\n";
const BOUNDARY: &[u8] = b"\r\n--graphql";

impl StreamForm {
    /// As it stands in `Content-Type`.
    fn content_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream; charset=utf-8",
            Self::Multipart => r#"multipart/mixed; boundary="graphql"; subscriptionSpec=1.0"#,
        }
    }

    /// What is written at once, so that the client and everyone on the way know that there is an answer.
    fn begin(self) -> &'static [u8] {
        match self {
            Self::Events => b":\n\n",
            Self::Multipart => FIRST_BOUNDARY,
        }
    }

    fn chunk(self, entry: Entry) -> Chunk {
        match self {
            Self::Events => event(entry),
            Self::Multipart => part(entry),
        }
    }
}

fn event(entry: Entry) -> Chunk {
    let next = |place: Option<String>, json: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = b"event: next\n".to_vec();
        if let Some(place) = place {
            bytes.extend_from_slice(format!("id: {place}\n").as_bytes());
        }
        // JSON as it is written here has no line breaks.
        bytes.extend_from_slice(b"data: ");
        json(&mut bytes);
        bytes.extend_from_slice(b"\n\n");
        bytes
    };
    const COMPLETE: &[u8] = b"event: complete\ndata: \n\n";
    let goes_on = |bytes| Chunk { bytes, last: false };
    match entry {
        Entry::Next { delivery, skipped, .. } => {
            let place = delivery.place.map(|place| place.to_string());
            goes_on(next(place, &|out| delivery.write(skipped, out)))
        }
        Entry::Answer { body, .. } => goes_on(next(None, &|out| one_line(&body, out))),
        Entry::End { ending: Ending::Complete, .. } => Chunk { bytes: COMPLETE.to_vec(), last: true },
        Entry::End { ending: Ending::Failed(why), .. } => {
            let write = |out: &mut Vec<u8>| {
                out.extend_from_slice(b"{\"errors\":");
                serde_json::to_writer(&mut *out, why.errors()).expect("errors have string keys");
                out.push(b'}');
            };
            Chunk { bytes: [&next(None, &write), COMPLETE].concat(), last: true }
        }
        // No data: nothing happens at the client, but that it knows its place.
        Entry::Progress { place, .. } => goes_on(format!("id: {place}\n\n").into_bytes()),
        Entry::Frame(frame) => goes_on(frame.into()),
        Entry::KeepAlive => goes_on(b":\n\n".to_vec()),
    }
}

/// What a subgraph wrote may have line breaks between its tokens; none can be inside of them.
fn one_line(json: &[u8], out: &mut Vec<u8>) {
    out.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
}

fn part(entry: Entry) -> Chunk {
    let whole = |json: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = HEAD.to_vec();
        json(&mut bytes);
        bytes.extend_from_slice(BOUNDARY);
        Chunk { bytes, last: false }
    };
    let payload = |json: &dyn Fn(&mut Vec<u8>)| {
        whole(&|out| {
            out.extend_from_slice(b"{\"payload\":");
            json(out);
            out.push(b'}');
        })
    };
    let ended = |mut chunk: Chunk| {
        chunk.bytes.extend_from_slice(b"--\r\n");
        Chunk { last: true, ..chunk }
    };
    match entry {
        Entry::Next { delivery, skipped, .. } => payload(&|out| delivery.write(skipped, out)),
        Entry::Answer { body, .. } => payload(&|out| out.extend_from_slice(&body)),
        Entry::End { ending: Ending::Complete, .. } => ended(Chunk { bytes: Vec::new(), last: true }),
        Entry::End { ending: Ending::Failed(why), .. } => ended(whole(&|out| {
            out.extend_from_slice(b"{\"payload\":null,\"errors\":");
            serde_json::to_writer(&mut *out, why.errors()).expect("errors have string keys");
            out.push(b'}');
        })),
        // Clients of this protocol pass over what has neither payload nor errors.
        Entry::Progress { place, .. } => whole(&|out| {
            out.extend_from_slice(format!("{{\"extensions\":{{\"place\":\"{place}\"}}}}").as_bytes());
        }),
        Entry::Frame(frame) => Chunk { bytes: frame.into(), last: false },
        Entry::KeepAlive => whole(&|out| out.extend_from_slice(b"{}")),
    }
}

/// Ends the operations of a connection when its answer isn't read any more.
struct Closing(Arc<Operations>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// An answer that goes on until its only operation is over.
pub(in crate::http) fn answer(operations: Arc<Operations>, form: StreamForm, trace: &str) -> Response<Body> {
    let mut response = Response::new(body(operations, form));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    // Some proxies collect an answer before they pass it on, unless they are told not to.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    if let Ok(trace) = HeaderValue::from_str(trace) {
        headers.insert(HeaderName::from_static("traceparent"), trace);
    }
    response
}

fn body(operations: Arc<Operations>, form: StreamForm) -> Body {
    let every = operations.gateway().config().subscriptions.keep_alive;
    let ending = operations.gateway().ending().clone();
    let first = Some(Bytes::from_static(form.begin()));
    let state = Some((Closing(operations), first));
    Body::from_stream(stream::unfold(state, move |state| {
        let ending = ending.clone();
        async move {
            let (closing, first) = state?;
            if let Some(first) = first {
                return Some((Ok::<_, Infallible>(first), Some((closing, None))));
            }
            let mailbox = closing.0.mailbox();
            let entry = tokio::select! {
                biased;
                // It breaks off without an end, so that clients come back, to another gateway.
                () = ending.cancelled() => return None,
                entry = timeout(every, mailbox.next()) => entry.unwrap_or(Entry::KeepAlive),
            };
            let Chunk { mut bytes, mut last } = form.chunk(entry);
            while !last && bytes.len() < AT_A_TIME {
                let Some(entry) = mailbox.take() else { break };
                let more = form.chunk(entry);
                bytes.extend_from_slice(&more.bytes);
                last = more.last;
            }
            Some((Ok(bytes.into()), (!last).then_some((closing, None))))
        }
    }))
}

/// Bytes that are written together, if they are there.
const AT_A_TIME: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{Code, GraphqlError},
        subscription::{Delivery, Place},
    };

    fn entries() -> Vec<Entry> {
        let place = Place { created: 1, sequence: 2 };
        let delivery = Delivery::new(Some(place), 0, br#"{"data":{"a":1}"#.to_vec());
        let failed = || Ending::Failed(GraphqlError::new(Code::ResumeGap, "gone").into());
        vec![
            Entry::Next { tag: 0, delivery: Arc::new(delivery), skipped: 0 },
            Entry::Answer { tag: 0, body: Bytes::from_static(b"{\"data\":\r\n{}}") },
            Entry::Progress { tag: 0, place },
            Entry::KeepAlive,
            Entry::End { tag: 0, ending: failed() },
            Entry::End { tag: 0, ending: Ending::Complete },
        ]
    }

    fn written(form: StreamForm) -> Vec<(String, bool)> {
        let chunk = |entry| form.chunk(entry);
        entries().into_iter().map(chunk).map(|it| (String::from_utf8(it.bytes).unwrap(), it.last)).collect()
    }

    #[test]
    fn events_are_lines() {
        let token = Place { created: 1, sequence: 2 }.to_string();
        let expected = [
            (format!("event: next\nid: {token}\ndata: {{\"data\":{{\"a\":1}},\"extensions\":{{\"place\":\"{token}\"}}}}\n\n"), false),
            ("event: next\ndata: {\"data\":  {}}\n\n".to_owned(), false),
            (format!("id: {token}\n\n"), false),
            (":\n\n".to_owned(), false),
            ("event: next\ndata: {\"errors\":[{\"message\":\"gone\",\"extensions\":{\"code\":\"RESUME_GAP\"}}]}\n\nevent: complete\ndata: \n\n".to_owned(), true),
            ("event: complete\ndata: \n\n".to_owned(), true),
        ];
        assert_eq!(written(StreamForm::Events), expected);
    }

    #[test]
    fn parts_end_with_a_boundary() {
        let token = Place { created: 1, sequence: 2 }.to_string();
        let head = "\r\ncontent-type: application/json\r\n\r\n";
        let expected = [
            (
                format!(
                    "{head}{{\"payload\":{{\"data\":{{\"a\":1}},\"extensions\":{{\"place\":\"{token}\"}}}}}}\r\n--graphql"
                ),
                false,
            ),
            (format!("{head}{{\"payload\":{{\"data\":\r\n{{}}}}}}\r\n--graphql"), false),
            (format!("{head}{{\"extensions\":{{\"place\":\"{token}\"}}}}\r\n--graphql"), false),
            (format!("{head}{{}}\r\n--graphql"), false),
            (
                format!(
                    "{head}{{\"payload\":null,\"errors\":[{{\"message\":\"gone\",\"extensions\":{{\"code\":\"RESUME_GAP\"}}}}]}}\r\n--graphql--\r\n"
                ),
                true,
            ),
            ("--\r\n".to_owned(), true),
        ];
        assert_eq!(written(StreamForm::Multipart), expected);
    }
}
