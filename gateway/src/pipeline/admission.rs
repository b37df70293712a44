//! Which documents are run: any that a client sends, or those of the trusted ones only.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::Request;
use crate::{
    config::Config,
    error::{Code, GraphqlError, Rejection},
    trusted::{Trusted, TrustedDocument},
};

/// Decides about documents before anything else looks at them.
pub(super) struct Admission {
    trusted: Option<Arc<Trusted>>,
    most_tokens: usize,
    /// Trusted documents that clients write in ways of their own. Bounded, since there are endless ways.
    spellings: Cache<Box<str>, usize, ByBytes>,
    /// Finding out what a document says takes a processor; few at once, for it is done for strangers too.
    threads: Arc<Semaphore>,
}

/// What is run: the document's text and which of its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Admitted<'a> {
    pub(super) query: &'a str,
    pub(super) operation_name: Option<&'a str>,
}

/// Memory for the spellings.
const SPELLINGS_BYTES: u64 = 4 << 20;

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Box<str>, usize> for ByBytes {
    fn weight(&self, text: &Box<str>, _: &usize) -> u64 {
        (text.len() + 64) as u64
    }
}

impl Admission {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            trusted: config.trusted.clone(),
            most_tokens: config.limits.tokens,
            spellings: Cache::with_weighter(1024, SPELLINGS_BYTES, ByBytes),
            threads: Arc::new(Semaphore::new(1)),
        }
    }

    /// What of a request may be run, if anything.
    pub(super) async fn admit<'a>(&'a self, request: &'a Request) -> Result<Admitted<'a>, Rejection> {
        let operation_name = request.operation_name.as_deref();
        let Some(trusted) = &self.trusted else {
            return match &*request.query {
                "" => Err(no_query()),
                query => Ok(Admitted { query, operation_name }),
            };
        };
        let document = match (&*request.query, &request.document_id) {
            ("", None) => return Err(no_query()),
            ("", Some(id)) => trusted.by_id(id).ok_or_else(|| unknown_id(id))?,
            (text, _) => self.written_as(trusted, text).await?,
        };
        Ok(Admitted { query: &document.text, operation_name: document.operation_name(operation_name) })
    }

    async fn written_as<'t>(
        &self,
        trusted: &'t Arc<Trusted>,
        text: &str,
    ) -> Result<&'t TrustedDocument, Rejection> {
        if let Some(document) = trusted.by_text(text) {
            return Ok(document);
        }
        if let Some(at) = self.spellings.get(text) {
            return Ok(&trusted.documents()[at]);
        }
        let permit = self.threads.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (all, text, most_tokens) = (trusted.clone(), Box::<str>::from(text), self.most_tokens);
        let found = spawn_blocking(move || {
            let _permit = permit;
            let at = all.position(all.by_meaning(&text, most_tokens)?);
            Some((text, at))
        });
        match found.await {
            Ok(Some((text, at))) => {
                self.spellings.insert(text, at);
                Ok(&trusted.documents()[at])
            }
            Ok(None) => Err(not_trusted()),
            Err(error) => Err(GraphqlError::internal(format_args!("reading a document: {error}")).into()),
        }
    }
}

fn not_trusted() -> Rejection {
    let message = "The operation isn't one of those that this gateway trusts, and it runs no others";
    GraphqlError::new(Code::OperationNotTrusted, message).with("setting", "--trusted").into()
}

fn unknown_id(id: &str) -> Rejection {
    let message = "No operation that this gateway trusts has this document's id";
    // The id is the client's, of any length.
    let id: String = id.chars().take(100).collect();
    GraphqlError::new(Code::OperationNotTrusted, message)
        .with("setting", "--trusted")
        .with("documentId", id)
        .into()
}

fn no_query() -> Rejection {
    let message = "Not a GraphQL request: the parameter \"query\" is missing; \
                   documents are found by their id only by a gateway with --trusted";
    GraphqlError::new(Code::BadRequest, message).into()
}
