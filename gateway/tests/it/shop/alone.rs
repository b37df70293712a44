//! Each service by itself, as whoever develops it meets it: over HTTP, without a gateway.

use serde_json::{Value, json};

use super::world::Shop;

#[tokio::test]
async fn each_service_shows_its_own_graph() {
    let shop = Shop::open().await;
    let http = &shop.gateway.http;
    for (service, at) in &shop.http {
        let page = http.get(format!("http://{at}/")).header("accept", "text/html").send().await.unwrap();
        assert!(page.text().await.unwrap().contains("GraphiQL"), "{service}");
        let query = json!({ "query": "{ _service { sdl } }" });
        let answer = http.post(format!("http://{at}/graphql")).json(&query).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let repository = format!("{}/../schema/subgraphs/{service}.graphql", env!("CARGO_MANIFEST_DIR"));
        let expected = std::fs::read_to_string(repository).unwrap();
        assert_eq!(answer, json!({ "data": { "_service": { "sdl": expected } } }), "{service}");
    }
}
