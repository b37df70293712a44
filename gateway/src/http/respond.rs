//! Writes the answer: status, media type and headers of an outcome.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::live::{self, StreamForm};
use super::media::{Accepted, MediaType};
use super::multipart::{self, Form};
use crate::{
    cache::Freshness,
    error::{Code, HttpStatus, Rejection},
    pipeline::{Answer, AnswerBody},
};

/// What became of a request.
pub(super) type Outcome = Result<Answer, Rejection>;

/// The HTTP answer to an outcome.
pub(super) fn respond(accepted: Accepted, outcome: Outcome, trace: &str) -> Response<Body> {
    let mut content_type = accepted.media.as_str();
    let freshness = outcome.as_ref().ok().and_then(|answer| answer.freshness);
    let (status, body, code) = match outcome {
        Ok(Answer { body: AnswerBody::Whole(json), .. }) => (StatusCode::OK, Body::from(json), None),
        Ok(Answer { body: AnswerBody::Parts(parts), .. }) => {
            let form = accepted.parts.unwrap_or(Form::Draft);
            content_type = form.content_type();
            (StatusCode::OK, multipart::body(parts, form), None)
        }
        Err(rejection) => {
            let code = rejection.code();
            match status(accepted.media, code) {
                StatusCode::OK if accepted.takes_only(StreamForm::Events) => {
                    content_type = StreamForm::Events.content_type();
                    (StatusCode::OK, Body::from(live::refusal(&rejection)), Some(code))
                }
                status => (status, Body::from(rejection.to_json()), Some(code)),
            }
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    may_be_kept(headers, freshness);
    headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    if let Ok(trace) = HeaderValue::from_str(trace) {
        // Whoever reports a problem can name the trace.
        headers.insert(HeaderName::from_static("traceparent"), trace);
    }
    if let Some((name, value)) = code.and_then(further_header) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Says for how long the answer may be kept.
fn may_be_kept(headers: &mut HeaderMap, freshness: Option<Freshness>) {
    let (control, age) = freshness.unwrap_or_default().headers();
    let control = HeaderValue::try_from(control).unwrap_or(HeaderValue::from_static("no-store"));
    headers.insert(header::CACHE_CONTROL, control);
    if let Some(age) = age {
        headers.insert(header::AGE, age.into());
    }
}

fn status(media: MediaType, code: Code) -> StatusCode {
    match (code.status(), media) {
        (HttpStatus::Always(status), _) => status,
        (HttpStatus::RequestError, MediaType::Json) => StatusCode::OK,
        (HttpStatus::RequestError, MediaType::GraphqlResponse) => StatusCode::BAD_REQUEST,
    }
}

/// What HTTP asks to say along with some statuses.
fn further_header(code: Code) -> Option<(HeaderName, &'static str)> {
    match code {
        Code::TokenInvalid | Code::TokenExpired | Code::SessionRevoked => {
            Some((header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#))
        }
        Code::MethodNotAllowed => Some((header::ALLOW, "GET, POST, PUT, DELETE")),
        Code::Overloaded | Code::NatsUnavailable | Code::GraphUnavailable | Code::AuthUnavailable => {
            Some((header::RETRY_AFTER, "1"))
        }
        // The rest of a body that is too large isn't read, so the connection can't go on.
        Code::BodyTooLarge | Code::RequestTimeout => Some((header::CONNECTION, "close")),
        _ => None,
    }
}
