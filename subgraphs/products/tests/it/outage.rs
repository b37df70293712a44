//! A database that doesn't answer.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;

#[tokio::test]
async fn the_client_learns_that_it_may_try_again_and_nothing_else() {
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(200))
        .connect_lazy("postgres://secret-user@127.0.0.1:1/none")
        .unwrap();
    let schema = products::schema(products::Store::new(pool));
    let answer = schema.execute("{ products { nodes { id } } up: __typename }").await;
    let error = &answer.errors[0];
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")).unwrap();
    assert_eq!(code, &"SERVICE_UNAVAILABLE".into());
    assert!(!error.message.contains("secret-user"), "{}", error.message);
}
