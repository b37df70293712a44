//! Placing orders, at prices that products names.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{PLACE, Service, address, code, customer, lines, service};

#[tokio::test]
async fn an_order_is_kept_as_it_was_sold() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let bulb = service.products.add("B-1", 250, "EUR").await;
    let number = service.place(customer("ada"), &[(bulb, 4), (lamp, 1)]).await;

    let today = json!({ "name": "Lantern", "price": { "amount": 9999, "currency": "EUR" } });
    service.products.update(lamp, today).await;

    let order = service.order(&number).await;
    assert_eq!(order["status"], "PENDING");
    assert_eq!(order["total"], json!({ "amount": 2999, "currency": "EUR" }));
    assert_eq!(order["customer"], json!({ "id": "ada" }));
    assert_eq!(
        order["items"],
        json!([
            { "product": { "id": bulb }, "quantity": 4, "unitPrice": { "amount": 250, "currency": "EUR" },
              "subtotal": { "amount": 1000 }, "name": "Lamp B-1", "sku": "B-1" },
            { "product": { "id": lamp }, "quantity": 1, "unitPrice": { "amount": 1999, "currency": "EUR" },
              "subtotal": { "amount": 1999 }, "name": "Lamp L-1", "sku": "L-1" },
        ])
    );
    assert_eq!(order["address"]["country"], "GB");
    assert_eq!(order["address"]["line2"], Value::Null);
    assert_eq!(
        order["history"],
        json!([{ "kind": "PLACED", "status": "PENDING", "by": { "id": "ada" }, "role": "CUSTOMER", "note": null }])
    );
}

#[tokio::test]
async fn numbers_do_not_tell_how_many_orders_there_are() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let mut numbers = Vec::new();
    for _ in 0..20 {
        numbers.push(service.place(customer("ada"), &[(lamp, 1)]).await);
    }
    let placed = numbers.clone();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
    assert_ne!(numbers, placed, "twenty random numbers in ascending order are one chance in 20!");
}

#[tokio::test]
async fn a_client_never_names_a_price() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let priced =
        json!([{ "productId": lamp, "quantity": 1, "unitPrice": { "amount": 1, "currency": "EUR" } }]);
    let answer = service
        .ask(customer("ada"), PLACE, json!({ "input": { "items": priced, "address": address() } }))
        .await;
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("unitPrice"), "{answer}");
}

#[tokio::test]
async fn what_can_not_be_sold_is_refused_and_nothing_is_placed() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let yen = service.products.add("Y-1", 500, "JPY").await;
    let dear = service.products.add("D-1", i64::MAX / 2, "EUR").await;
    let gone = service.products.add("G-1", 1, "EUR").await;
    service.products.store.set_archived(gone, true).await.unwrap();
    let many: Vec<(Uuid, i32)> = (0..101).map(|_| (Uuid::now_v7(), 1)).collect();
    for (items, code, field) in [
        (lines(&[]), "BAD_USER_INPUT", "input.items"),
        (lines(&many), "TOO_MANY_LINES", "input.items"),
        (lines(&[(lamp, 0)]), "BAD_QUANTITY", "input.items.0.quantity"),
        (lines(&[(lamp, 1), (dear, -1)]), "BAD_QUANTITY", "input.items.1.quantity"),
        (lines(&[(lamp, 10_001)]), "BAD_QUANTITY", "input.items.0.quantity"),
        (lines(&[(lamp, 1), (lamp, 2)]), "REPEATED_PRODUCT", "input.items.1.productId"),
        (lines(&[(lamp, 1), (Uuid::now_v7(), 1)]), "UNKNOWN_PRODUCT", "input.items.1.productId"),
        (json!([{ "productId": "lamp", "quantity": 1 }]), "UNKNOWN_PRODUCT", "input.items.0.productId"),
        (lines(&[(lamp, 1), (gone, 1)]), "ARCHIVED_PRODUCT", "input.items.1.productId"),
        (lines(&[(lamp, 1), (yen, 1)]), "MIXED_CURRENCIES", "input.items"),
        (lines(&[(dear, 3)]), "AMOUNT_TOO_LARGE", "input.items"),
    ] {
        let input = json!({ "items": items, "address": address() });
        let answer = service.ask(customer("ada"), PLACE, json!({ "input": input })).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], &extensions["field"]), (&json!(code), &json!(field)), "{items}");
    }
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&service.pool).await.unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn an_address_must_be_one() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    for (field, wrong) in [
        ("recipient", json!(" ")),
        ("line1", json!("")),
        ("line2", json!("a".repeat(201))),
        ("postalCode", json!("1".repeat(21))),
        ("city", json!("a\nb")),
        ("country", json!("GBR")),
        ("country", json!("1!")),
    ] {
        let mut address = address();
        address[field] = wrong;
        let input = json!({ "items": lines(&[(lamp, 1)]), "address": address });
        let answer = service.ask(customer("ada"), PLACE, json!({ "input": input })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        assert_eq!(answer["errors"][0]["extensions"]["field"], json!(format!("input.address.{field}")));
    }
}

#[tokio::test]
async fn nobody_orders_without_logging_in_or_without_products() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let input = json!({ "input": { "items": lines(&[(lamp, 1)]), "address": address() } });
    assert_eq!(service.refused(None, PLACE, input.clone()).await, "UNAUTHENTICATED");
    // The rest of the service stays: NATS ends when it is dropped.
    let Service { asked, products, nats: _nats, .. } = service;
    products.stop().await;
    assert_eq!(asked.refused(customer("ada"), PLACE, input).await.0, "SERVICE_UNAVAILABLE");
}
