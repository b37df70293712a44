//! Reads the GraphQL request out of an HTTP request.

use axum::{body::Body, extract::Query};
use bytes::Bytes;
use http::{HeaderMap, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::error::{Code, GraphqlError};

/// The parameters of a GraphQL request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Empty where the document is named by its id only.
    pub query: String,
    /// `documentId`, or `sha256Hash` of the extension `persistedQuery`.
    pub document_id: Option<String>,
    /// Which of the document's operations.
    pub operation_name: Option<String>,
    /// A JSON object, as the client wrote it.
    pub variables: Option<Bytes>,
    /// `extensions.resumeAfter`: the place from which a subscription goes on.
    pub resume_after: Option<String>,
    /// `extensions.snapshot`: which of the document's queries tells the state that a subscription goes on from.
    pub snapshot: Option<Value>,
    /// `extensions.operationId`: what its results are called on an event stream that others share.
    pub operation_id: Option<String>,
}

/// Collects a body that may not be larger than `limit`.
pub(super) async fn body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, GraphqlError> {
    let too_large =
        || GraphqlError::limit(Code::BodyTooLarge, "The body", None, limit as u64, "--max-body-bytes");
    if announced(headers).is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(bad("the body didn't arrive wholly")),
    }
}

/// A body took too long.
pub(super) fn late_body() -> GraphqlError {
    GraphqlError::new(Code::RequestTimeout, "The body didn't arrive in time; --request-timeout changes it")
        .with("setting", "--request-timeout")
}

/// How long a body will be, where that is said.
pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The parameters in a POST's body.
///
/// # Errors
/// Where it isn't a GraphQL request in JSON.
pub(super) fn post(body: &Bytes) -> Result<Parameters, GraphqlError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Raw<'a> {
        #[serde(borrow)]
        query: Option<&'a RawValue>,
        #[serde(borrow)]
        operation_name: Option<&'a RawValue>,
        #[serde(borrow)]
        variables: Option<&'a RawValue>,
        #[serde(borrow)]
        extensions: Option<&'a RawValue>,
        #[serde(borrow)]
        document_id: Option<&'a RawValue>,
    }
    if body.trim_ascii().is_empty() {
        return Err(bad("the body is empty"));
    }
    // A struct is read from an array too, and the array would be one request's parameters in order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(bad("the body must be one JSON object; batches aren't taken"));
    }
    let raw: Raw<'_> = serde_json::from_slice(body).map_err(|error| bad(format!("the body: {error}")))?;
    let extensions = object("extensions", raw.extensions)?;
    let Extensions { persisted, resume_after, snapshot, operation_id } =
        extensions.map(Extensions::read).unwrap_or_default();
    let document_id = match raw.document_id.map(|id| string("documentId", id)).transpose()? {
        Some(id) => Some(id),
        None => persisted,
    };
    let query = match (raw.query, &document_id) {
        (Some(query), _) => string("query", query)?,
        (None, Some(_)) => String::new(),
        (None, None) => return Err(bad("the parameter \"query\" is missing")),
    };
    Ok(Parameters {
        query,
        document_id,
        operation_name: raw.operation_name.map(|name| string("operationName", name)).transpose()?,
        variables: object("variables", raw.variables)?.map(|raw| body.slice_ref(raw.get().as_bytes())),
        resume_after,
        snapshot,
        operation_id,
    })
}

/// The parameters in a GET's query string.
pub(super) fn get(uri: &Uri) -> Result<Parameters, GraphqlError> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|error| bad(format!("the query string: {error}")))?;
    let mut parameters = Parameters::default();
    let mut extensions = None;
    for (name, value) in pairs {
        match name.as_str() {
            "query" => parameters.query = value,
            "operationName" if !value.is_empty() => parameters.operation_name = Some(value),
            "variables" => parameters.variables = json_parameter("variables", value)?,
            "extensions" => extensions = json_parameter("extensions", value)?,
            "documentId" if !value.is_empty() => parameters.document_id = Some(value),
            _ => {}
        }
    }
    if let Some(json) = extensions
        && let Ok(raw) = serde_json::from_slice::<&RawValue>(&json)
    {
        let Extensions { persisted, resume_after, snapshot, operation_id } = Extensions::read(raw);
        parameters.document_id = parameters.document_id.or(persisted);
        (parameters.resume_after, parameters.operation_id) = (resume_after, operation_id);
        parameters.snapshot = snapshot;
    }
    if parameters.query.is_empty() && parameters.document_id.is_none() {
        return Err(bad("the parameter \"query\" is missing"));
    }
    Ok(parameters)
}

fn json_parameter(name: &str, text: String) -> Result<Option<Bytes>, GraphqlError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let raw: Box<RawValue> =
        serde_json::from_str(&text).map_err(|error| bad(format!("the parameter {name:?}: {error}")))?;
    let given = object(name, Some(&*raw).filter(|raw| raw.get() != "null"))?;
    Ok(given.map(|raw| Bytes::copy_from_slice(raw.get().as_bytes())))
}

/// What is taken from a request's `extensions`. Whoever sends something else of these names means something else.
#[derive(Debug, Default)]
struct Extensions {
    /// The hash of `persistedQuery`.
    persisted: Option<String>,
    resume_after: Option<String>,
    snapshot: Option<Value>,
    operation_id: Option<String>,
}

impl Extensions {
    fn read(raw: &RawValue) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Known {
            persisted_query: Option<Value>,
            resume_after: Option<Value>,
            snapshot: Option<Value>,
            operation_id: Option<Value>,
        }
        let Ok(known) = serde_json::from_str::<Known>(raw.get()) else { return Self::default() };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            persisted: known.persisted_query.as_ref().and_then(|query| text(query.get("sha256Hash")?)),
            resume_after: known.resume_after.as_ref().and_then(text),
            snapshot: known.snapshot,
            operation_id: known.operation_id.as_ref().and_then(text).filter(|id| !id.is_empty()),
        }
    }
}

fn string(name: &str, raw: &RawValue) -> Result<String, GraphqlError> {
    serde_json::from_str(raw.get()).map_err(|_| bad(format!("the parameter {name:?} must be a string")))
}

fn object<'a>(name: &str, raw: Option<&'a RawValue>) -> Result<Option<&'a RawValue>, GraphqlError> {
    if raw.is_some_and(|raw| !raw.get().starts_with('{')) {
        return Err(bad(format!("the parameter {name:?} must be an object")));
    }
    Ok(raw)
}

fn bad(why: impl std::fmt::Display) -> GraphqlError {
    GraphqlError::new(Code::BadRequest, format!("Not a GraphQL request: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &'static str) -> Result<Parameters, String> {
        post(&Bytes::from_static(body.as_bytes())).map_err(|error| error.message.into_owned())
    }

    #[test]
    fn a_post_has_parameters() {
        let all =
            read(r#"{"query":"{a}","operationName":"N","variables": {"n": 1.50},"extensions":{},"more":1}"#)
                .unwrap();
        assert_eq!(all.query, "{a}");
        assert_eq!(all.operation_name.as_deref(), Some("N"));
        assert_eq!(all.variables.as_deref(), Some(br#"{"n": 1.50}"#.as_slice()));
        let nulls =
            read(r#"{"query":"\u007ba\u007d","operationName":null,"variables":null,"extensions":null}"#)
                .unwrap();
        assert_eq!(nulls, Parameters { query: "{a}".to_owned(), ..Parameters::default() });
    }

    #[test]
    fn what_is_no_request_is_refused_with_the_reason() {
        let cases = [
            ("", "the body is empty"),
            ("{ \"not a JSON", "EOF"),
            ("[]", "batches aren't taken"),
            (r#"["{a}"]"#, "batches aren't taken"),
            ("{}", "\"query\" is missing"),
            (r#"{"query":null}"#, "\"query\" is missing"),
            (r#"{"query":1}"#, "\"query\" must be a string"),
            (r#"{"query":"{a}","operationName":{}}"#, "\"operationName\" must be a string"),
            (r#"{"query":"{a}","variables":[]}"#, "\"variables\" must be an object"),
            (r#"{"extensions":{"persistedQuery":1}}"#, "\"query\" is missing"),
            (r#"{"documentId":1}"#, "\"documentId\" must be a string"),
            (r#"{"query":"{a}","extensions":"x"}"#, "\"extensions\" must be an object"),
            (r#"{"query":"{a}","query":"{b}"}"#, "duplicate field"),
            (r#"{"query":"{a}"} x"#, "trailing characters"),
        ];
        for (body, why) in cases {
            let message = read(body).unwrap_err();
            assert!(message.contains(why), "{body}: {message}");
        }
    }

    #[test]
    fn a_document_may_be_named_by_its_id() {
        let extensions = r#"{"persistedQuery":{"version":1,"sha256Hash":"ab"}}"#;
        let of = |read: Parameters| (read.query, read.document_id);
        let id = |query: &str| (query.to_owned(), Some("ab".to_owned()));
        assert_eq!(of(read(r#"{"documentId":"ab","query":"{a}"}"#).unwrap()), id("{a}"));
        assert_eq!(of(read(r#"{"documentId":"ab","query":null}"#).unwrap()), id(""));
        let body = Bytes::from(format!(r#"{{"extensions":{extensions}}}"#));
        assert_eq!(of(post(&body).unwrap()), id(""));
        assert_eq!(of(get(&"/graphql?documentId=ab".parse().unwrap()).unwrap()), id(""));
        let escaped = percent_encoding::utf8_percent_encode(extensions, percent_encoding::NON_ALPHANUMERIC);
        let uri = format!("/graphql?extensions={escaped}");
        assert_eq!(of(get(&uri.parse().unwrap()).unwrap()), id(""));
    }

    #[test]
    fn a_get_has_parameters() {
        let uri = "/graphql?query=%7B+a+%7D&operationName=N&variables=%7B%22n%22%3A1%7D&extensions=";
        let read = get(&uri.parse().unwrap()).unwrap();
        assert_eq!(read.query, "{ a }");
        assert_eq!(read.variables.as_deref(), Some(br#"{"n":1}"#.as_slice()));
        for uri in
            ["/graphql", "/graphql?query=", "/graphql?query=a&variables=[]", "/graphql?query=a&variables=x"]
        {
            assert!(get(&uri.parse().unwrap()).is_err(), "{uri}");
        }
    }
}
