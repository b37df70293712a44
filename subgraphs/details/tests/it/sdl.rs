//! The subgraph's SDL is a file that reviewers see change.

use sqlx::postgres::PgPoolOptions;

async fn sdl() -> String {
    // A schema needs a store, but its SDL no database: this pool never connects.
    let pool = PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let schema = details::schema(details::Store::new(pool));
    let answer =
        schema.execute("{ _service { sdl } }").await.into_result().unwrap().data.into_json().unwrap();
    answer["_service"]["sdl"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_sdl_is_the_one_in_the_repository() {
    shop::testing::check_sdl("details", &sdl().await);
}

#[tokio::test]
async fn what_is_required_of_orders_is_external() {
    let sdl = sdl().await;
    for line in [
        "type Order @key(fields: \"id\") {",
        "items: [OrderItem!]! @external",
        "details: OrderDetails @requires(fields: \"items { quantity unitPrice { amount currency } product { id } }\")",
        "quantity: Int! @external",
        "unitPrice: Money! @external",
        "product: Product! @external",
        "type Product @key(fields: \"id\") {",
    ] {
        assert!(sdl.contains(line), "{line} is missing:\n{sdl}");
    }
    assert!(!sdl.contains("Representation"), "what the gateway hands over is no part of the graph:\n{sdl}");
}
