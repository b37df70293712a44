//! One entity's failure is its own: it has the entity's path, and the others are still answered.
//!
//! async-graphql resolves `_entities` without the index in the path, and the first that fails takes all along. A
//! gateway asks for the entities of a whole page at once and must know which of them an error belongs to.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest};
use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, EmptyMutation, EmptySubscription, Name, ObjectType,
    OutputType, Positioned, Request, Schema, SchemaBuilder, ServerError, ServerResult, SubscriptionType,
    Value, Variables,
};

/// Where `NumberedEntities` tells [`Entities`] a representation's place. GraphQL keeps names with `__` for itself.
const INDEX: &str = "__index";

/// Begins a schema that is a federation subgraph, whose entities fail one by one. What follows is async-graphql's own:
/// `data`, `extension`, `finish`.
///
/// ```
/// # use async_graphql::{EmptyMutation, EmptySubscription, Object};
/// # use tributary_subgraph::{FederatedSchema, federated};
/// # struct Query;
/// # #[Object] impl Query { async fn one(&self) -> i32 { 1 } }
/// let schema: FederatedSchema<Query> = federated(Query, EmptyMutation, EmptySubscription).finish();
/// ```
pub fn federated<Q, M, S>(query: Q, mutation: M, subscription: S) -> SchemaBuilder<Entities<Q>, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let schema = Schema::build(Entities(query), mutation, subscription);
    schema.enable_federation().enable_subscription_in_federation().extension(NumberedEntities)
}

/// What [`federated`] makes.
pub type FederatedSchema<Q, M = EmptyMutation, S = EmptySubscription> = Schema<Entities<Q>, M, S>;

/// A schema's query type, whose entities fail one by one. [`federated`] puts it in place.
pub struct Entities<Q>(Q);

impl<Q: ObjectType> ContainerType for Entities<Q> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }

    async fn find_entity(&self, ctx: &Context<'_>, representation: &Value) -> ServerResult<Option<Value>> {
        let found = match index(representation) {
            Some(index) => self.0.find_entity(&ctx.with_index(index), representation).await,
            None => self.0.find_entity(ctx, representation).await,
        };
        // `[_Entity]!`: each may be null by itself.
        Ok(Some(found.transpose().unwrap_or_else(|| Err(unknown(ctx, representation))).unwrap_or_else(
            |error| {
                ctx.add_error(error);
                Value::Null
            },
        )))
    }
}

impl<Q: ObjectType> OutputType for Entities<Q> {
    fn type_name() -> Cow<'static, str> {
        Q::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Q::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<Q: ObjectType> ObjectType for Entities<Q> {}

fn index(representation: &Value) -> Option<usize> {
    let Value::Object(fields) = representation else { return None };
    match fields.get(INDEX)? {
        Value::Number(index) => usize::try_from(index.as_u64()?).ok(),
        _ => None,
    }
}

fn unknown(ctx: &Context<'_>, representation: &Value) -> ServerError {
    let error = ServerError::new("no entity has such a representation", Some(ctx.item.pos));
    match index(representation) {
        Some(index) => ctx.with_index(index).set_error_path(error),
        None => ctx.set_error_path(error),
    }
}

/// A schema extension that writes into each representation its place in the list.
struct NumberedEntities;

impl ExtensionFactory for NumberedEntities {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(NumberedEntities)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for NumberedEntities {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        number(&mut request.variables);
        next.run(ctx, request).await
    }
}

/// Representations come as a variable; what makes an object one of them is its `__typename`.
fn number(variables: &mut Variables) {
    for variable in variables.values_mut() {
        let Value::List(items) = variable else { continue };
        for (index, item) in items.iter_mut().enumerate() {
            if let Value::Object(fields) = item
                && fields.contains_key("__typename")
            {
                fields.insert(Name::new(INDEX), index.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ID, Object, Result, SimpleObject};
    use serde_json::{Value, json};

    use super::*;

    struct Query;

    #[derive(SimpleObject)]
    #[graphql(complex)]
    struct Thing {
        id: ID,
    }

    #[async_graphql::ComplexObject]
    impl Thing {
        async fn picky(&self) -> Option<Result<i32>> {
            Some(if self.id == "bad" { Err("no".into()) } else { Ok(1) })
        }
    }

    #[Object]
    impl Query {
        #[graphql(entity)]
        async fn thing_by_id(&self, id: ID) -> Result<Thing> {
            if id == "gone" { Err("gone".into()) } else { Ok(Thing { id }) }
        }
    }

    async fn ask(representations: Value) -> Value {
        let schema = federated(Query, EmptyMutation, EmptySubscription).finish();
        let query = "query($all: [_Any!]!) { things: _entities(representations: $all) { ... on Thing { id picky } } }";
        let variables = Variables::from_json(json!({ "all": representations }));
        serde_json::to_value(schema.execute(Request::new(query).variables(variables)).await).unwrap()
    }

    #[tokio::test]
    async fn each_failure_has_its_place_and_leaves_the_others_alone() {
        let thing = |id: &str| json!({ "__typename": "Thing", "id": id });
        let answer = ask(json!([thing("bad"), thing("a"), thing("gone"), { "__typename": "Other" }, thing("bad"), thing("b")])).await;
        let thing = |id: &str, picky: Option<i32>| json!({ "id": id, "picky": picky });
        let (bad, fine) = (thing("bad", None), |id| thing(id, Some(1)));
        assert_eq!(answer["data"]["things"], json!([bad, fine("a"), null, null, bad, fine("b")]));
        let mut paths: Vec<String> =
            answer["errors"].as_array().unwrap().iter().map(|error| error["path"].to_string()).collect();
        paths.sort();
        let expected =
            [r#"["things",0,"picky"]"#, r#"["things",2]"#, r#"["things",3]"#, r#"["things",4,"picky"]"#];
        assert_eq!(paths, expected);
    }

    #[test]
    fn the_sdl_is_as_without_it() {
        let plain = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
        assert_eq!(plain.sdl(), federated(Query, EmptyMutation, EmptySubscription).finish().sdl());
    }
}
