//! Media types: what a client accepts and what it sends.

use http::{HeaderMap, header};

use super::{live::StreamForm, multipart::Form};
use crate::error::{Code, GraphqlError};

/// The media type of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: a request error has status 200, since older clients expect it.
    #[default]
    Json,
    /// `application/graphql-response+json`: the status tells the outcome.
    GraphqlResponse,
}

/// What a client accepts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    /// For an answer in one piece.
    pub(super) media: MediaType,
    /// For one in parts, if it takes any.
    pub(super) parts: Option<Form>,
    /// For one that goes on, if it takes any.
    pub(super) stream: Option<StreamForm>,
    /// Whether it takes an answer in one piece; otherwise `media` is for refusals alone.
    pub(super) whole: bool,
}

impl Accepted {
    /// What to answer with. Wildcards and silence mean `application/json`, as the specification asks.
    pub(super) fn negotiate(headers: &HeaderMap) -> Result<Self, GraphqlError> {
        let (parts, stream) = (incremental(headers), endless(headers));
        match MediaType::negotiate(headers) {
            Ok(media) => Ok(Self { media, parts, stream, whole: true }),
            // Who takes parts takes an answer without any in the same way as everyone.
            Err(_) if parts.is_some() || stream.is_some() => {
                Ok(Self { media: MediaType::Json, parts, stream, whole: false })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a client takes nothing but answers in that form.
    pub(super) fn takes_only(&self, form: StreamForm) -> bool {
        self.stream == Some(form) && !self.whole
    }
}

/// In which form a client takes an answer that goes on: the first that it names.
fn endless(headers: &HeaderMap) -> Option<StreamForm> {
    let values = headers.get_all(header::ACCEPT).iter();
    let mut ranges = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    ranges.find_map(|range| {
        let mut parameters = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let form = match parameters.next().as_deref() {
            Some("text/event-stream") => StreamForm::Events,
            Some("multipart/mixed") => StreamForm::Multipart,
            _ => return None,
        };
        let parameters: Vec<String> = parameters.collect();
        let refused = parameters.iter().any(|it| it.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        let speaks = |it: &String| {
            it.strip_prefix("subscriptionspec=").is_some_and(|it| it.trim_matches('"') == "1.0")
        };
        let fits = form == StreamForm::Events || parameters.iter().any(speaks);
        (fits && !refused).then_some(form)
    })
}

/// In which form a client takes an answer in parts. The older form is spoken to those who name it.
fn incremental(headers: &HeaderMap) -> Option<Form> {
    let values = headers.get_all(header::ACCEPT).iter();
    let ranges = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    let mut forms = ranges.filter_map(|range| {
        let mut parameters = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        if parameters.next().as_deref() != Some("multipart/mixed") {
            return None;
        }
        let parameters: Vec<String> = parameters.collect();
        // That one is for subscriptions.
        if parameters.iter().any(|parameter| parameter.starts_with("subscriptionspec=")) {
            return None;
        }
        let quality =
            parameters.iter().find_map(|parameter| parameter.strip_prefix("q=")?.parse::<f32>().ok());
        if quality.is_some_and(|quality| quality <= 0.0) {
            return None;
        }
        let named = |name: &str| parameters.iter().find_map(|it| it.strip_prefix(name).map(str::to_owned));
        match (named("deferspec="), named("incrementalspec=")) {
            (Some(version), _) => (version.trim_matches('"') == "20220824").then_some(Form::Apollo),
            (None, Some(version)) => (version.trim_matches('"') == "v0.2").then_some(Form::Draft),
            (None, None) => Some(Form::Draft),
        }
    });
    forms.next()
}

impl MediaType {
    /// As it stands in `Content-Type`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            MediaType::Json => "application/json; charset=utf-8",
            MediaType::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    /// What to answer with. Wildcards and silence mean `application/json`, as the specification asks.
    fn negotiate(headers: &HeaderMap) -> Result<Self, GraphqlError> {
        let mut best: Option<(Self, f32)> = None;
        let mut asked = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',').filter(|r| !r.trim().is_empty()) {
                asked = true;
                let (essence, quality) = media_range(range);
                let media = match essence.as_str() {
                    "application/graphql-response+json" => MediaType::GraphqlResponse,
                    "application/json" | "application/*" | "*/*" => MediaType::Json,
                    _ => continue,
                };
                if quality > best.map_or(0.0, |(_, quality)| quality) {
                    best = Some((media, quality));
                }
            }
        }
        match best {
            Some((media, _)) => Ok(media),
            None if !asked => Ok(MediaType::Json),
            None => Err(GraphqlError::new(
                Code::NotAcceptable,
                "Accept names neither application/graphql-response+json nor application/json",
            )),
        }
    }
}

/// A range without its parameters, and its quality; what can't be read counts as 1.
fn media_range(range: &str) -> (String, f32) {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0);
    (essence, quality)
}

/// Refuses a client that doesn't take plain text.
pub(super) fn check_takes_text(headers: &HeaderMap) -> Result<(), GraphqlError> {
    let mut ranges = headers.get_all(header::ACCEPT).iter().flat_map(|value| {
        value
            .to_str()
            .unwrap_or_default()
            .split(',')
            .filter(|range| !range.trim().is_empty())
            .map(media_range)
    });
    let takes = |(essence, quality): (String, f32)| {
        quality > 0.0 && ["text/plain", "text/*", "*/*"].contains(&essence.as_str())
    };
    if headers.contains_key(header::ACCEPT) && !ranges.any(takes) {
        let message = "Accept must name text/plain: that is how an event stream's token is told";
        return Err(GraphqlError::new(Code::NotAcceptable, message));
    }
    Ok(())
}

/// Refuses a body that isn't JSON in UTF-8.
///
/// This is the protection against cross-site requests too: a browser sends text, forms and files to foreign
/// sites without asking them, but asks (by a preflight request) before it sends JSON.
pub(super) fn check_body(headers: &HeaderMap) -> Result<(), GraphqlError> {
    let refuse = |why: String| Err(GraphqlError::new(Code::UnsupportedMediaType, why));
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return refuse("the request has no Content-Type; send application/json".into());
    };
    let text = value.to_str().unwrap_or_default();
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    if parts.next().as_deref() != Some("application/json") {
        return refuse(format!("the body's media type {text:?} isn't taken; send application/json"));
    }
    let charset =
        parts.find_map(|part| part.strip_prefix("charset=").map(|c| c.trim_matches('"').to_owned()));
    if charset.is_some_and(|charset| charset != "utf-8" && charset != "utf8") {
        return refuse("the body must be UTF-8".into());
    }
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refuse("a compressed body isn't taken".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[track_caller]
    fn negotiates(accept: &'static str, expected: Option<MediaType>) {
        assert_eq!(MediaType::negotiate(&with(header::ACCEPT, accept)).ok(), expected, "{accept}");
    }

    #[test]
    fn accept_decides_the_answer() {
        use MediaType::{GraphqlResponse, Json};
        assert_eq!(MediaType::negotiate(&HeaderMap::new()).unwrap(), Json);
        negotiates("", Some(Json));
        negotiates("*/*", Some(Json));
        negotiates("application/json", Some(Json));
        negotiates("application/graphql-response+json", Some(GraphqlResponse));
        negotiates("application/graphql-response+json, application/json", Some(GraphqlResponse));
        negotiates("application/json, application/graphql-response+json", Some(Json));
        negotiates("application/graphql-response+json;q=0.5, application/json;q=0.9", Some(Json));
        negotiates("Application/GraphQL-Response+JSON; charset=utf-8", Some(GraphqlResponse));
        negotiates("text/html,application/xhtml+xml,*/*;q=0.8", Some(Json));
        negotiates("text/html", None);
        negotiates("application/json;q=0", None);
    }

    #[test]
    fn parts_are_sent_to_those_who_take_them() {
        let parts = |accept| Accepted::negotiate(&with(header::ACCEPT, accept)).unwrap().parts;
        assert_eq!(Accepted::negotiate(&HeaderMap::new()).unwrap().parts, None);
        assert_eq!(parts("application/json"), None);
        assert_eq!(parts("*/*"), None);
        assert_eq!(parts("multipart/mixed;deferSpec=20220824, application/json"), Some(Form::Apollo));
        assert_eq!(parts("application/json, multipart/mixed; incrementalSpec=v0.2"), Some(Form::Draft));
        assert_eq!(parts("application/json, multipart/mixed"), Some(Form::Draft));
        assert_eq!(parts("multipart/mixed"), Some(Form::Draft));
        assert_eq!(parts("application/json, multipart/mixed;deferSpec=19990101"), None);
        assert_eq!(parts("application/json, multipart/mixed;q=0"), None);
        assert_eq!(parts("application/json, multipart/mixed;deferSpec=20220824; q=0.0"), None);
        assert_eq!(parts("application/json, multipart/mixed;q=0.5"), Some(Form::Draft));
    }

    #[test]
    fn tokens_are_text() {
        let takes = |accept| check_takes_text(&with(header::ACCEPT, accept)).is_ok();
        assert!(check_takes_text(&HeaderMap::new()).is_ok());
        for accept in ["*/*", "text/plain", "application/json, text/*;q=0.1"] {
            assert!(takes(accept), "{accept}");
        }
        for accept in ["application/json", "text/event-stream", "text/plain;q=0"] {
            assert!(!takes(accept), "{accept}");
        }
    }

    #[test]
    fn only_json_needs_no_suspicion() {
        let good =
            ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""];
        for value in good {
            assert!(check_body(&with(header::CONTENT_TYPE, value)).is_ok(), "{value}");
        }
        let bad = [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
            "application/json; charset=latin1",
            "application/jsonp",
        ];
        for value in bad {
            assert!(check_body(&with(header::CONTENT_TYPE, value)).is_err(), "{value}");
        }
        assert!(check_body(&HeaderMap::new()).is_err());
    }
}
