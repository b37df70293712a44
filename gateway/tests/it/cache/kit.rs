//! A subgraph in Rust, by the kit, that says what may be kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, ID, Object, Schema, SimpleObject, TypeDirective,
};
use async_nats::jetstream;
use serde_json::json;
use tributary_subgraph::outbox::Entity;

use super::world::{becomes, status};
use crate::live::world::definition;
use crate::net::raw;
use crate::support::{TestGateway, nats, subgraphs};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum CacheControlScope {
    Public,
    Private,
}

#[TypeDirective(location = "FieldDefinition", location = "Object", name = "cacheControl")]
fn cache_control(max_age: Option<i32>, scope: Option<CacheControlScope>) {}

#[derive(SimpleObject)]
#[graphql(directive = cache_control::apply(Some(3600), None))]
struct Item {
    id: ID,
    asked: usize,
}

struct Query;

#[Object]
impl Query {
    #[graphql(directive = cache_control::apply(Some(3600), None))]
    async fn item(&self, ctx: &Context<'_>, id: ID) -> Item {
        let asked = ctx.data_unchecked::<Arc<AtomicUsize>>().fetch_add(1, Ordering::SeqCst);
        Item { id, asked }
    }

    #[graphql(directive = cache_control::apply(Some(60), Some(CacheControlScope::Private)))]
    async fn mine(&self) -> i32 {
        1
    }

    #[graphql(entity)]
    async fn item_by_id(&self, ctx: &Context<'_>, id: ID) -> Item {
        self.item(ctx, id).await.unwrap()
    }
}

#[tokio::test]
async fn a_subgraph_by_the_kit_says_what_may_be_kept() {
    let nats = nats().await;
    let client = raw::client(&nats, "operator").await;
    let events = jetstream::new(client);
    events.create_stream(definition()).await.unwrap();
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).data(Arc::new(AtomicUsize::new(0)));
    let _alpha = subgraphs::serve(&nats, "alpha", schema).await;
    let gateway = TestGateway::with(&nats, "", &["alpha"]).await;
    becomes(&gateway, |status| status.usable).await;
    let ask = async || gateway.data(r#"{ item(id: "a.b") { id asked } }"#).await["item"]["asked"].clone();
    assert_eq!((ask().await, ask().await), (json!(0), json!(0)));
    let payload = Entity::of("Item", "id", "a.b").payload();
    events.publish("events.alpha.Item.a%2Eb.changed", payload.into()).await.unwrap().await.unwrap();
    becomes(&gateway, |status| status.dropped > 0).await;
    assert_eq!(ask().await, json!(1));
    let response = gateway.get("{ mine }").send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "max-age=60, private");
    assert_eq!(status(&gateway).forgotten, 0);
}
