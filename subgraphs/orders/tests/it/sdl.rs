//! The subgraph's SDL is a file that reviewers see change.

use crate::support::service;

#[tokio::test]
async fn the_sdl_is_the_one_in_the_repository() {
    shop::testing::check_sdl("orders", &service().await.sdl().await);
}
