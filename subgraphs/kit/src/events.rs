//! Subscriptions that a subgraph declares and never runs: the gateway feeds them with events (PROTOCOL.md, section 5).

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};
use async_graphql::{ServerResult, Value};

/// What every declaration needs: where `@event` comes from, and the directive itself.
const DEFINITIONS: &str = r#"
extend schema @link(url: "https://tributary.dev/events/v1.0", import: ["@event"])
directive @event(subject: String!, where: EventFilter, slow: SlowConsumer = ALL, version: String) on FIELD_DEFINITION
enum SlowConsumer { ALL LATEST }
input EventFilter {
	field: String
	eq: String
	ne: String
	lt: String
	lte: String
	gt: String
	gte: String
	in: [String!]
	and: [EventFilter!]
	or: [EventFilter!]
	not: EventFilter
}
"#;

/// A schema extension that adds subscriptions to the SDL, for the gateway to feed with events.
///
/// They are written as SDL, since nothing of them runs here:
///
/// ```
/// # use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, SimpleObject};
/// use tributary_subgraph::{EventSubscriptions, federated};
///
/// #[derive(SimpleObject)]
/// struct Product {
///     id: ID,
///     stock: i32,
///     version: i64,
/// }
/// # struct Query;
/// # #[Object] impl Query {
/// #     #[graphql(entity)]
/// #     async fn product_by_id(&self, id: ID) -> Product { Product { id, stock: 1, version: 1 } }
/// # }
///
/// let events = EventSubscriptions::declare(r#"
///     type Subscription {
///       "How many there are of these products, or of any, whenever it changes."
///       stockChanged(ids: [ID!]): Product!
///         @event(subject: "events.products.Product.{args.ids}.stock", version: "version")
///     }
/// "#);
/// let schema = federated(Query, EmptyMutation, EmptySubscription).extension(events).finish();
/// # tokio_test(async {
/// # let sdl = schema.execute("{ _service { sdl } }").await.data.to_string();
/// # assert!(sdl.contains("stockChanged") && sdl.contains("input EventFilter"));
/// # });
/// # fn tokio_test(test: impl Future<Output = ()>) {
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
/// # }
/// ```
///
/// Publish the events with the module `outbox`, or with whatever else writes to JetStream as the protocol says.
#[derive(Clone)]
pub struct EventSubscriptions(Arc<str>);

impl EventSubscriptions {
    /// The subscriptions in `sdl`: one `type Subscription`, or `extend type Subscription` beside subscriptions that the
    /// subgraph does run. Subjects and conditions are checked when the gateway composes.
    ///
    /// # Panics
    /// Where that isn't what `sdl` is, or a field has no `@event`: it is a part of the program.
    #[must_use]
    pub fn declare(sdl: &str) -> Self {
        if let Err(why) = check(sdl) {
            panic!("no subscriptions fed by events: {why}");
        }
        Self(format!("{DEFINITIONS}\n{}\n", sdl.trim()).into())
    }
}

fn check(sdl: &str) -> Result<(), String> {
    let document = parse_schema(sdl).map_err(|error| error.to_string())?;
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            return Err("something else than a type is defined".to_owned());
        };
        match &definition.node.kind {
            TypeKind::Object(object) if definition.node.name.node == "Subscription" => {
                let mut fields = object.fields.iter().map(|field| &field.node);
                if let Some(field) = fields.find(|field| !is_event(field)) {
                    return Err(format!("the field {} has no @event", field.name.node));
                }
            }
            _ => return Err(format!("{} isn't the type Subscription", definition.node.name.node)),
        }
    }
    Ok(())
}

fn is_event(field: &FieldDefinition) -> bool {
    field.directives.iter().any(|directive| directive.node.name.node == "event")
}

impl ExtensionFactory for EventSubscriptions {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for EventSubscriptions {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_sdl = info.parent_type == "_Service" && info.name == "sdl";
        match next.run(ctx, info).await? {
            Some(Value::String(sdl)) if is_sdl => Ok(Some(Value::String(sdl + &self.0))),
            other => Ok(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_declaration_is_refused() {
        for (sdl, why) in [
            ("type Subscription { a: Int @event(subject: \"events.a.B.*.c\") }", None),
            ("extend type Subscription { a: Int @event(subject: \"events.a.B.*.c\") }", None),
            ("type Subscription { a: Int }", Some("the field a has no @event")),
            ("type Query { a: Int }", Some("Query isn't the type Subscription")),
            ("scalar Subscription", Some("Subscription isn't the type Subscription")),
            ("directive @event on FIELD_DEFINITION", Some("something else than a type is defined")),
        ] {
            assert_eq!(check(sdl).err().as_deref(), why, "{sdl}");
        }
        assert!(check("type Subscription {").is_err());
    }
}
