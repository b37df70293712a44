//! The state from which a subscription goes on: a query, and what its answer knows already of what events will tell.

use std::sync::Arc;

use bytes::Bytes;
use tributary_federation::OperationKind;

use super::{AnswerBody, Pipeline, Request, Subscription, prepare::parse_and_validate};
use crate::{
    error::{Code, GraphqlError, Rejection},
    subscription::{Entities, KnownVersions, versions},
};

impl Pipeline {
    /// Asks for the state that a subscription goes on from. Returns the answer's JSON, and which versions of the
    /// subscription's entities are in it.
    ///
    /// # Errors
    /// Where the request isn't a query that can be run.
    pub async fn snapshot(
        &self,
        subscription: &Arc<Subscription>,
        request: Request,
    ) -> Result<(Bytes, KnownVersions), Rejection> {
        let names = self.gate.admit(&request).await?;
        let (query, name) = (names.0.to_owned(), names.1.map(str::to_owned));
        let live = self.live()?;
        let graph = self.operations.graph_of(&live).await?;
        let prepared = self.operations.prepared(&graph, &query, name.as_deref(), &request.facts).await?;
        if prepared.kind != OperationKind::Query {
            let message = "extensions.snapshot names a query of the same document";
            return Err(GraphqlError::new(Code::BadRequest, message).into());
        }
        // Boxed: it runs within what begins a subscription, and a query's future is large.
        let answer = Box::pin(self.run(Request { queries_only: true, fresh: true, ..request })).await?;
        let AnswerBody::Whole(body) = answer.body else {
            return Err(GraphqlError::internal("a snapshot came in parts that nobody asked for").into());
        };
        let known = self.known_versions(subscription, &query, name.as_deref(), &body);
        Ok((body, known.unwrap_or_default()))
    }

    /// `None`: events don't tell versions.
    fn known_versions(
        &self,
        subscription: &Subscription,
        query: &str,
        name: Option<&str>,
        answer: &[u8],
    ) -> Option<KnownVersions> {
        let source = subscription.subscribing().source.as_ref()?;
        let graph = subscription.graph();
        // The graph may have changed in between; then events may tell again what is known.
        let document = parse_and_validate(graph, &self.operations.making.rules.limits, query).ok()?;
        let operation = document.operations.get(name).ok()?;
        let root = graph.schema().type_field("Subscription", &subscription.subscribing().root.name).ok()?;
        let keys = |typename: &str| {
            let keys = graph.supergraph().plain_keys(typename, source.subgraph);
            keys.iter().map(|key| key.iter().map(|field| (*field).to_owned()).collect()).collect()
        };
        let entities = Entities {
            schema: graph.schema(),
            entity: root.ty.inner_named_type(),
            version: source.version.as_deref()?,
            keys: &keys,
        };
        let answer: serde_json::Value = serde_json::from_slice(answer).ok()?;
        Some(KnownVersions::of(versions(&entities, &document, operation, &answer["data"])))
    }
}
