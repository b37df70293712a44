//! The subgraph's SDL is a file that reviewers see change.

use sqlx::postgres::PgPoolOptions;

#[tokio::test]
async fn the_sdl_is_the_one_in_the_repository() {
    // A schema needs a store, but its SDL no database: this pool never connects.
    let pool = PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let asked = shop::testing::Asked(products::schema(products::Store::new(pool)));
    shop::testing::check_sdl("products", &asked.sdl().await);
}
