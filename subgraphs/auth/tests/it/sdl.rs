//! The subgraph's SDL is a file that reviewers see change.

use crate::support::service;

#[tokio::test]
async fn the_sdl_is_the_one_in_the_repository() {
    let data = service().await.data(None, "{ _service { sdl } }", serde_json::json!({})).await;
    shop::testing::check_sdl("auth", data["_service"]["sdl"].as_str().unwrap());
}
