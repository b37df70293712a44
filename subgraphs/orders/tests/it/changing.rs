//! Changing what was ordered and where it goes.

use serde_json::{Value, json};

use crate::support::{CHANGE_ADDRESS, CHANGE_LINES, address, customer, lines, service, staff};

#[tokio::test]
async fn a_pending_order_gets_other_lines_at_todays_prices() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let yen = service.products.add("Y-1", 500, "JPY").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    service.products.reprice(lamp, 1000).await;

    let change = json!({ "number": number, "items": lines(&[(lamp, 3)]) });
    let data = service.data(customer("ada"), CHANGE_LINES, change).await;
    assert_eq!(data["changeLines"]["total"], json!({ "amount": 3000, "currency": "EUR" }));
    assert_eq!(data["changeLines"]["items"], json!([{ "quantity": 3 }]));

    let change = json!({ "number": number, "items": lines(&[(yen, 2)]) });
    service.data(staff(), CHANGE_LINES, change).await;
    let order = service.order(&number).await;
    assert_eq!(order["total"], json!({ "amount": 1000, "currency": "JPY" }));
    let history: Vec<(&str, &str)> = order["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["kind"].as_str().unwrap(), event["by"]["id"].as_str().unwrap()))
        .collect();
    assert_eq!(history, [("PLACED", "ada"), ("LINES_CHANGED", "ada"), ("LINES_CHANGED", "staff-1")]);

    let wrong = json!({ "number": number, "items": lines(&[(lamp, 1), (yen, 1)]) });
    assert_eq!(service.refused(customer("ada"), CHANGE_LINES, wrong).await, "MIXED_CURRENCIES");
    assert_eq!(service.order(&number).await, order, "what is refused changes nothing");
}

#[tokio::test]
async fn a_pending_order_goes_elsewhere() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    let mut elsewhere = address();
    elsewhere["city"] = json!("Paris");
    elsewhere["country"] = json!("FR");
    elsewhere["line2"] = json!("3e étage");
    let change = json!({ "number": number.to_lowercase(), "address": elsewhere });
    let data = service.data(customer("ada"), CHANGE_ADDRESS, change).await;
    let expected = json!({ "city": "Paris", "country": "FR", "line2": "3e étage" });
    assert_eq!(data["changeAddress"]["address"], expected);
    assert_eq!(service.order(&number).await["history"][1]["kind"], "ADDRESS_CHANGED");
}

#[tokio::test]
async fn a_confirmed_order_stays_as_it_is() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    service.advance(&number, &["CONFIRMED"]).await;
    let new_lines = json!({ "number": number, "items": lines(&[(lamp, 3)]) });
    let new_address = json!({ "number": number, "address": address() });
    for who in [customer("ada"), staff()] {
        assert_eq!(service.refused(who.clone(), CHANGE_LINES, new_lines.clone()).await, "NOT_PENDING");
        assert_eq!(service.refused(who, CHANGE_ADDRESS, new_address.clone()).await, "NOT_PENDING");
    }
}

#[tokio::test]
async fn another_customers_order_is_changed_like_a_missing_one() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    for (mutation, variables) in [
        (CHANGE_LINES, json!({ "items": lines(&[(lamp, 3)]) })),
        (CHANGE_ADDRESS, json!({ "address": address() })),
        (crate::support::CANCEL, json!({})),
    ] {
        let mut answers = Vec::new();
        for number in [&number, "00000-00000", "nonsense"] {
            let mut variables = variables.clone();
            variables["number"] = json!(number);
            answers.push(service.ask(customer("bob"), mutation, variables).await);
        }
        assert_eq!(answers[0]["errors"][0]["extensions"]["code"], "NOT_FOUND");
        assert!(answers.iter().all(|answer: &Value| answer == &answers[0]), "{answers:#?}");
    }
}
