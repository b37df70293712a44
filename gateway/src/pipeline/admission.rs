//! Which documents are run: any that a client sends, or those of the trusted ones only.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::Request;
use crate::{
    config::Config,
    error::{Code, GraphqlError, Rejection},
    trusted::Trusted,
};

/// Decides about documents before anything else looks at them.
pub(super) struct Gate {
    trusted: Option<Arc<Trusted>>,
    most_tokens: usize,
    /// Trusted documents that clients write in ways of their own. Bounded, since there are endless ways.
    spellings: Cache<Box<str>, usize, ByBytes>,
    /// Finding out what a document says takes a processor; few at once, for it is done for strangers too.
    threads: Arc<Semaphore>,
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

impl Gate {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            trusted: config.trusted.clone(),
            most_tokens: config.limits.tokens,
            spellings: Cache::with_weighter(1024, SPELLINGS_BYTES, ByBytes),
            threads: Arc::new(Semaphore::new(1)),
        }
    }

    /// What of a request may be run, if anything: a document's text and the name of the operation in it.
    pub(super) async fn admit<'a>(
        &'a self,
        request: &'a Request,
    ) -> Result<(&'a str, Option<&'a str>), Rejection> {
        let name = request.operation_name.as_deref();
        let document = match (&self.trusted, &*request.query, &request.document_id) {
            (None, "", Some(_)) => return Err(no_documents()),
            (None, text, _) => return Ok((text, name)),
            (Some(trusted), "", Some(id)) => trusted.by_id(id).ok_or_else(|| unknown_id(id))?,
            (Some(trusted), text, _) => &trusted.documents()[self.written_as(trusted, text).await?],
        };
        Ok((&document.text, document.operation_name(name)))
    }

    /// Where the document stands that says the same as this text.
    async fn written_as(&self, trusted: &Arc<Trusted>, text: &str) -> Result<usize, Rejection> {
        let known = trusted.by_text(text).map(|document| trusted.position(document));
        if let Some(at) = known.or_else(|| self.spellings.get(text)) {
            return Ok(at);
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
                Ok(at)
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

fn no_documents() -> Rejection {
    let message = "Not a GraphQL request: the parameter \"query\" is missing; \
                   documents are found by their id only by a gateway with --trusted";
    GraphqlError::new(Code::BadRequest, message).with("setting", "--trusted").into()
}
