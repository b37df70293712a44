//! The life of an order.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{ADVANCE, CANCEL, CHANGE_LINES, code, customer, lines, service, staff};

#[tokio::test]
async fn staff_moves_an_order_on_and_the_history_tells() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    service.advance(&number, &["CONFIRMED", "SHIPPED"]).await;
    let delivered = json!({ "number": number, "to": "DELIVERED", "note": "left with the neighbour" });
    service.data(staff(), ADVANCE, delivered).await;
    let order = service.order(&number).await;
    assert_eq!(order["status"], "DELIVERED");
    let event = |status: &str, note: Value| json!({ "kind": "STATUS_CHANGED", "status": status, "by": { "id": "staff-1" }, "role": "STAFF", "note": note });
    assert_eq!(
        order["history"].as_array().unwrap()[1..],
        [
            event("CONFIRMED", Value::Null),
            event("SHIPPED", Value::Null),
            event("DELIVERED", json!("left with the neighbour")),
        ]
    );
}

#[tokio::test]
async fn only_staff_moves_an_order_on() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let number = service.place(customer("ada"), &[(lamp, 1)]).await;
    let confirm = json!({ "number": number, "to": "CONFIRMED" });
    assert_eq!(service.refused(None, ADVANCE, confirm.clone()).await, "UNAUTHENTICATED");
    assert_eq!(service.refused(customer("ada"), ADVANCE, confirm.clone()).await, "FORBIDDEN");
    assert_eq!(service.refused(customer("bob"), ADVANCE, confirm).await, "FORBIDDEN");
    assert_eq!(service.order(&number).await["status"], "PENDING");
}

#[tokio::test]
async fn steps_that_do_not_exist_are_refused() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    for (way, steps) in [
        (&[][..], &["PENDING", "SHIPPED", "DELIVERED"][..]),
        (&["CONFIRMED"], &["PENDING", "CONFIRMED", "DELIVERED"]),
        (&["CONFIRMED", "SHIPPED"], &["PENDING", "CONFIRMED", "SHIPPED"]),
        (&["CONFIRMED", "SHIPPED", "DELIVERED"], &["PENDING", "CONFIRMED", "SHIPPED", "DELIVERED"]),
    ] {
        let number = service.place(customer("ada"), &[(lamp, 1)]).await;
        service.advance(&number, way).await;
        for to in steps {
            let refused = service.refused(staff(), ADVANCE, json!({ "number": number, "to": to })).await;
            assert_eq!(refused, "NO_SUCH_STEP", "after {way:?} to {to}");
        }
        let to_cancelled = json!({ "number": number, "to": "CANCELLED" });
        assert_eq!(service.refused(staff(), ADVANCE, to_cancelled).await, "BAD_USER_INPUT");
        if way.len() >= 2 {
            assert_eq!(service.refused(staff(), CANCEL, json!({ "number": number })).await, "NO_SUCH_STEP");
        }
    }
}

#[tokio::test]
async fn customers_call_off_what_is_pending_and_staff_what_is_confirmed() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    let pending = service.place(customer("ada"), &[(lamp, 1)]).await;
    let without_reason = json!({ "number": pending, "reason": " " });
    assert_eq!(service.refused(customer("ada"), CANCEL, without_reason).await, "BAD_USER_INPUT");
    service.data(customer("ada"), CANCEL, json!({ "number": pending, "reason": "too dear" })).await;
    assert_eq!(service.order(&pending).await["history"][1]["note"], "too dear");
    assert_eq!(service.refused(customer("ada"), CANCEL, json!({ "number": pending })).await, "NO_SUCH_STEP");

    let confirmed = service.place(customer("ada"), &[(lamp, 1)]).await;
    service.advance(&confirmed, &["CONFIRMED"]).await;
    assert_eq!(service.refused(customer("ada"), CANCEL, json!({ "number": confirmed })).await, "FORBIDDEN");
    service.data(staff(), CANCEL, json!({ "number": confirmed })).await;
    assert_eq!(service.order(&confirmed).await["status"], "CANCELLED");
}

#[tokio::test]
async fn of_two_steps_at_the_same_time_one_wins() {
    let service = service().await;
    let lamp = service.products.add("L-1", 1999, "EUR").await;
    for round in 0..20 {
        let number = service.place(customer("ada"), &[(lamp, 1)]).await;
        let confirm = json!({ "number": number, "to": "CONFIRMED" });
        let attempts = (0..4).map(|_| service.ask(staff(), ADVANCE, confirm.clone()));
        let (cancelled, confirmed) = tokio::join!(
            service.ask(customer("ada"), CANCEL, json!({ "number": number })),
            join_all(attempts)
        );
        let mut answers = confirmed;
        answers.push(cancelled);
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.get("errors").is_none());
        assert_eq!(won.len(), 1, "round {round}: {answers:#?}");
        for answer in lost {
            // Who read before the winner wrote is in conflict; who read after it finds another status.
            assert!(
                ["CONFLICT", "NO_SUCH_STEP", "FORBIDDEN"].contains(&code(answer).as_str()),
                "round {round}: {answer}"
            );
        }
        assert_eq!(service.order(&number).await["history"].as_array().unwrap().len(), 2, "round {round}");
    }
}

#[tokio::test]
async fn lines_that_change_while_an_order_is_confirmed_change_wholly_or_not_at_all() {
    let service = service().await;
    let lamp = service.products.add("L-1", 100, "EUR").await;
    for round in 0..20 {
        let number = service.place(customer("ada"), &[(lamp, 1)]).await;
        let change = |quantity| {
            service.ask(
                customer("ada"),
                CHANGE_LINES,
                json!({ "number": number, "items": lines(&[(lamp, quantity)]) }),
            )
        };
        let confirm = service.ask(staff(), ADVANCE, json!({ "number": number, "to": "CONFIRMED" }));
        let _answers = tokio::join!(change(2), confirm, change(3));
        let order = service.order(&number).await;
        let quantity = order["items"][0]["quantity"].as_i64().unwrap();
        assert_eq!(order["total"]["amount"], json!(100 * quantity), "round {round}");
        let history = order["history"].as_array().unwrap();
        let confirmed = history.iter().position(|event| event["status"] == "CONFIRMED").unwrap();
        assert_eq!(confirmed, history.len() - 1, "round {round}: nothing changes after the confirmation");
    }
}
