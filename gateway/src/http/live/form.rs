//! How results are written one after the other: as server-sent events, or as parts.

use super::Operations;
use crate::{
    error::Rejection,
    subscription::{Ending, Entry},
};

/// How results are written one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum StreamForm {
    /// `text/event-stream`, of one operation.
    Events,
    /// `text/event-stream`, of as many operations as the client asks for; each event names its own.
    Shared,
    /// `multipart/mixed; subscriptionSpec=1.0`
    Multipart,
}

/// What is written of one entry, and whether anything follows.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) last: bool,
}

const HEAD: &[u8] = b"\r\ncontent-type: application/json\r\n\r\n";
const BOUNDARY: &[u8] = b"\r\n--graphql";
const KEEP_ALIVE: &[u8] = b":\n\n";

impl StreamForm {
    /// As metrics name the transport.
    pub(in crate::http) fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Shared => "shared_events",
            Self::Multipart => "multipart",
        }
    }

    /// As it stands in `Content-Type`.
    pub(in crate::http) fn content_type(self) -> &'static str {
        match self {
            Self::Events | Self::Shared => "text/event-stream; charset=utf-8",
            Self::Multipart => r#"multipart/mixed; boundary="graphql"; subscriptionSpec=1.0"#,
        }
    }

    /// What is written at once, so that the client and everyone on the way know that there is an answer.
    pub(super) fn begin(self) -> &'static [u8] {
        match self {
            Self::Events | Self::Shared => KEEP_ALIVE,
            Self::Multipart => BOUNDARY,
        }
    }

    /// What is written of an entry.
    pub(super) fn chunk(self, operations: &Operations, entry: Entry) -> Chunk {
        match self {
            Self::Events => event(entry),
            Self::Shared => shared(operations, entry),
            Self::Multipart => part(entry),
        }
    }
}

/// An event `next`, with what `json` writes as its data.
fn next(place: Option<String>, json: &dyn Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = b"event: next\n".to_vec();
    if let Some(place) = place {
        bytes.extend_from_slice(format!("id: {place}\n").as_bytes());
    }
    // JSON as it is written here has no line breaks.
    bytes.extend_from_slice(b"data: ");
    json(&mut bytes);
    bytes.extend_from_slice(b"\n\n");
    bytes
}

/// A whole event stream that tells why there is none of results. Its clients look nowhere else, unless the status tells
/// them to.
pub(in crate::http) fn refusal(why: &Rejection) -> Vec<u8> {
    let ending = Ending::Failed(why.clone());
    [StreamForm::Events.begin(), &event(Entry::End { tag: 0, ending }).bytes].concat()
}

fn event(entry: Entry) -> Chunk {
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
            Chunk { bytes: [&next(None, &|out| out.extend(why.to_json())), COMPLETE].concat(), last: true }
        }
        // No data: nothing happens at the client, but that it knows its place.
        Entry::Progress { place, .. } => goes_on(format!("id: {place}\n\n").into_bytes()),
        Entry::Frame(frame) => goes_on(frame.into()),
        Entry::KeepAlive => goes_on(KEEP_ALIVE.to_vec()),
    }
}

/// Of operations that are over nothing is written.
fn shared(operations: &Operations, entry: Entry) -> Chunk {
    let about = |tag, payload: &dyn Fn(&mut Vec<u8>)| {
        operations.id(tag, |id| {
            next(None, &|out| {
                out.extend_from_slice(b"{\"id\":");
                string(id, out);
                out.extend_from_slice(b",\"payload\":");
                payload(out);
                out.push(b'}');
            })
        })
    };
    let complete = |tag| {
        operations.id(tag, |id| {
            let mut bytes = b"event: complete\ndata: {\"id\":".to_vec();
            string(id, &mut bytes);
            bytes.extend_from_slice(b"}\n\n");
            bytes
        })
    };
    let bytes = match entry {
        Entry::Next { tag, delivery, skipped } => about(tag, &|out| delivery.write(skipped, out)),
        Entry::Answer { tag, body } => about(tag, &|out| one_line(&body, out)),
        Entry::End { tag, ending } => {
            let failed = match ending {
                Ending::Complete => None,
                Ending::Failed(why) => about(tag, &|out| out.extend(why.to_json())),
            };
            let complete = complete(tag);
            operations.ended(tag);
            complete.map(|complete| [failed.unwrap_or_default(), complete].concat())
        }
        // An event stream has one id, and here many places: this tells that of one operation.
        Entry::Progress { tag, place } => operations.id(tag, |id| {
            let mut bytes = b"id: {".to_vec();
            string(id, &mut bytes);
            bytes.extend_from_slice(format!(":\"{place}\"}}\n\n").as_bytes());
            bytes
        }),
        Entry::Frame(frame) => Some(frame.into()),
        Entry::KeepAlive => Some(KEEP_ALIVE.to_vec()),
    };
    Chunk { bytes: bytes.unwrap_or_default(), last: false }
}

fn string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a string can be written into memory");
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

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
        let chunk = |entry| match form {
            StreamForm::Events => event(entry),
            _ => part(entry),
        };
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
