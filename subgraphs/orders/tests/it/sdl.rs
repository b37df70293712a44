//! The subgraph's SDL is a file that reviewers see change.

use serde_json::json;

use crate::support::service;

#[tokio::test]
async fn the_sdl_is_the_one_in_the_repository() {
    let data = service().await.data(None, "{ _service { sdl } }", json!({})).await;
    shop::testing::check_sdl("orders", data["_service"]["sdl"].as_str().unwrap());
}
