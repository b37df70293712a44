//! The subgraph's SDL is a file that reviewers see change.

use crate::support::service;

#[tokio::test]
async fn the_sdl_is_the_one_in_the_repository() {
    shop::testing::check_sdl("details", &service().await.sdl().await);
}

#[tokio::test]
async fn what_is_required_of_orders_is_external() {
    let sdl = service().await.sdl().await;
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
