//! Who may see what.

use serde_json::{Value, json};

use crate::support::{ORDER, code, customer, service, staff};

const ENTITY: &str = "query($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on Order { number } }
}";

const USER_ORDERS: &str = "query($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on User { id orders { nodes { number } } } }
}";

#[tokio::test]
async fn another_customers_order_is_like_a_missing_one() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    for who in [customer("ada"), staff()] {
        let data = service.data(who, ORDER, json!({ "number": number })).await;
        assert_eq!(data["order"]["number"], json!(number));
    }
    let typed = number.to_lowercase().replace('-', " ");
    let data = service.data(customer("ada"), ORDER, json!({ "number": typed })).await;
    assert_eq!(data["order"]["number"], json!(number), "as people type it");
    for missing in [&number, "00000-00000", "nonsense", ""] {
        let data = service.data(customer("bob"), ORDER, json!({ "number": missing })).await;
        assert_eq!(data, json!({ "order": null }), "{missing}");
    }
    assert_eq!(service.refused(None, ORDER, json!({ "number": number })).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_entity_is_only_there_for_its_owner_and_for_staff() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    let id = service.order(&number).await["id"].take();
    let wanted = json!({ "representations": [
        { "__typename": "Order", "id": id },
        { "__typename": "Order", "id": "01900000-0000-7000-8000-000000000000" },
        { "__typename": "Order", "id": "nonsense" },
    ] });
    for (who, seen) in [
        (customer("ada"), json!({ "number": number })),
        (staff(), json!({ "number": number })),
        (customer("bob"), Value::Null),
        (None, Value::Null),
    ] {
        let data = service.data(who.clone(), ENTITY, wanted.clone()).await;
        assert_eq!(data["_entities"], json!([seen, null, null]), "{who:?}");
    }
}

#[tokio::test]
async fn a_users_orders_are_for_the_user_and_for_staff() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    let ada = json!({ "representations": [{ "__typename": "User", "id": "ada" }] });
    for who in [customer("ada"), staff()] {
        let data = service.data(who, USER_ORDERS, ada.clone()).await;
        assert_eq!(
            data["_entities"],
            json!([{ "id": "ada", "orders": { "nodes": [{ "number": number }] } }])
        );
    }
    assert_eq!(service.refused(customer("bob"), USER_ORDERS, ada.clone()).await, "FORBIDDEN");
    assert_eq!(service.refused(None, USER_ORDERS, ada).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn one_users_refusal_hides_no_other_user() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    let both = json!({ "representations": [
        { "__typename": "User", "id": "ada" }, { "__typename": "User", "id": "bob" },
    ] });
    let answer = service.ask(customer("ada"), USER_ORDERS, both).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    assert_eq!(answer["errors"][0]["path"], json!(["_entities", 1, "orders"]), "{answer}");
    assert_eq!(answer["data"]["_entities"][0]["orders"]["nodes"][0]["number"], json!(number));
}

#[tokio::test]
async fn customers_do_not_see_who_of_the_staff_did_something() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    service.advance(&number, &["CONFIRMED"]).await;
    let data = service.data(customer("ada"), ORDER, json!({ "number": number })).await;
    let by = [0, 1].map(|event| data["order"]["history"][event]["by"].clone());
    assert_eq!(by, [json!({ "id": "ada" }), Value::Null]);
    assert_eq!(data["order"]["history"][1]["role"], "STAFF");
    assert_eq!(service.order(&number).await["history"][1]["by"], json!({ "id": "staff-1" }));
}
