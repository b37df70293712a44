//! What orders is told, and what a quote promises.

use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::json;
use shop::Money;
use shop::check::CheckReply;
use uuid::Uuid;

use crate::support::{Who, service};

#[tokio::test]
async fn a_quote_has_what_a_line_of_an_order_keeps() {
    let service = service().await;
    let lamp: Uuid = service.create("L-1", json!({ "name": "Lamp" })).await.parse().unwrap();
    let old: Uuid = service.create("L-2", json!({})).await.parse().unwrap();
    service
        .data(Who::Staff, "mutation($id: ID!) { archiveProduct(id: $id) { id } }", json!({ "id": old }))
        .await;

    let quotes = service.store.quote(&[lamp, old, Uuid::now_v7()]).await.unwrap();
    assert_eq!(quotes.len(), 2);
    let of = |id: Uuid| quotes.iter().find(|quote| quote.product_id == id).unwrap();
    assert_eq!((of(lamp).sku.as_str(), of(lamp).name.as_str(), of(lamp).archived), ("L-1", "Lamp", false));
    assert_eq!(of(lamp).price, Money::new(1999, "EUR".parse().unwrap()));
    assert!(of(old).archived);
}

#[tokio::test]
async fn a_quote_and_a_deletion_at_the_same_time_never_both_succeed() {
    let service = service().await;
    for round in 0..30 {
        let id: Uuid = service.create(&format!("L-{round}"), json!({})).await.parse().unwrap();
        let ids = [id];
        let (quotes, deleted) = tokio::join!(service.store.quote(&ids), service.store.delete(id));
        let quoted = !quotes.unwrap().is_empty();
        assert_ne!(quoted, deleted.is_ok(), "round {round}: promised and gone, or neither");
    }
}

#[tokio::test]
async fn quotes_of_the_same_products_in_any_order_do_not_block_each_other_for_ever() {
    let service = service().await;
    let mut ids = Vec::new();
    for index in 0..8 {
        ids.push(service.create(&format!("L-{index}"), json!({})).await.parse::<Uuid>().unwrap());
    }
    let orders = (0..24usize).map(|turn| {
        let mut ids = ids.clone();
        ids.rotate_left(turn % 8);
        if turn % 2 == 1 {
            ids.reverse();
        }
        let store = service.store.clone();
        async move { store.quote(&ids).await.unwrap().len() }
    });
    assert!(join_all(orders).await.into_iter().all(|count| count == 8));
}

#[tokio::test]
async fn a_check_names_what_does_not_exist() {
    let service = service().await;
    let lamp: Uuid = service.create("L-1", json!({})).await.parse().unwrap();
    let old: Uuid = service.create("L-2", json!({})).await.parse().unwrap();
    service
        .data(Who::Staff, "mutation($id: ID!) { archiveProduct(id: $id) { id } }", json!({ "id": old }))
        .await;
    let [one, other] = [(); 2].map(|()| Uuid::now_v7());
    let handler = products::check_handler(service.store.clone());
    let request = json!({ "productIds": [one, lamp, other, old, one] }).to_string();
    let reply = handler(Bytes::from(request), "details".into()).await.unwrap();
    assert_eq!(
        serde_json::from_slice::<CheckReply>(&reply).unwrap(),
        CheckReply { unknown: vec![one, other] }
    );
    // It is no quote.
    service.store.delete(lamp).await.unwrap();

    let many: Vec<_> = (0..201).map(|_| Uuid::now_v7()).collect();
    for request in [json!({}), json!({ "productIds": ["x"] }), json!({ "productIds": many })] {
        assert!(handler(request.to_string().into(), "details".into()).await.is_err(), "{request}");
    }
}

#[tokio::test]
async fn a_malformed_request_is_refused() {
    let service = service().await;
    let handler = products::quote_handler(service.store.clone());
    let many: Vec<_> = (0..201).map(|_| json!({ "productId": Uuid::now_v7() })).collect();
    for request in [
        "".to_owned(),
        "{}".to_owned(),
        r#"{"items":[{"productId":"x"}]}"#.to_owned(),
        json!({ "items": many }).to_string(),
    ] {
        assert!(handler(Bytes::from(request.clone()), "orders".into()).await.is_err(), "{request}");
    }
}
