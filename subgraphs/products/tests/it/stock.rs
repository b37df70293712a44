//! The stock and its ledger.

use serde_json::{Value, json};

use crate::support::{Who, service};

const ADJUST: &str = "mutation($id: ID!, $delta: Int!, $reason: String!) {
    adjustStock(id: $id, delta: $delta, reason: $reason) { stock }
}";
const LEDGER: &str = "query($id: ID!) {
    product(id: $id) { stock stockChanges { delta stockAfter reason changedBy } }
}";

fn adjustment(id: &str, delta: i64, reason: &str) -> Value {
    json!({ "id": id, "delta": delta, "reason": reason })
}

#[tokio::test]
async fn every_change_says_why() {
    let service = service().await;
    let id = service.create("L-1", json!({ "stock": 10 })).await;
    service.data(Who::Staff, ADJUST, adjustment(&id, -3, "sold at the counter")).await;
    service.data(Who::Admin, ADJUST, adjustment(&id, 5, "delivery 17")).await;
    let data = service.data(Who::Staff, LEDGER, json!({ "id": id })).await;
    let expected = json!({ "stock": 12, "stockChanges": [
        { "delta": 5, "stockAfter": 12, "reason": "delivery 17", "changedBy": "admin-1" },
        { "delta": -3, "stockAfter": 7, "reason": "sold at the counter", "changedBy": "staff-1" },
        { "delta": 10, "stockAfter": 10, "reason": "initial stock", "changedBy": "staff-1" },
    ] });
    assert_eq!(data["product"], expected);
    assert_eq!(service.refused(Who::Customer, LEDGER, json!({ "id": id })).await.0, "FORBIDDEN");
}

#[tokio::test]
async fn it_never_falls_below_zero_and_a_refused_change_leaves_no_trace() {
    let service = service().await;
    let id = service.create("L-1", json!({ "stock": 2 })).await;
    let delta = |code: &str| (code.to_owned(), Some("delta".to_owned()));
    assert_eq!(service.refused(Who::Staff, ADJUST, adjustment(&id, -3, "sold")).await, delta("CONFLICT"));
    assert_eq!(
        service.refused(Who::Staff, ADJUST, adjustment(&id, i64::from(i32::MAX), "found")).await,
        delta("BAD_USER_INPUT")
    );
    assert_eq!(
        service.refused(Who::Staff, ADJUST, adjustment(&id, 0, "nothing")).await,
        delta("BAD_USER_INPUT")
    );
    let reason = service.refused(Who::Staff, ADJUST, adjustment(&id, 1, " ")).await;
    assert_eq!(reason, ("BAD_USER_INPUT".into(), Some("reason".into())));
    let data = service.data(Who::Staff, LEDGER, json!({ "id": id })).await;
    assert_eq!(data["product"]["stock"], 2);
    assert_eq!(data["product"]["stockChanges"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn changes_at_the_same_time_all_count() {
    let service = service().await;
    let id = service.create("L-1", json!({ "stock": 10 })).await;
    // Twenty want one each, ten are there.
    let attempts = (0..20).map(|_| service.ask(Who::Staff, ADJUST, adjustment(&id, -1, "sold")));
    let answers = futures_util::future::join_all(attempts).await;
    let sold = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(sold, 10);
    let data = service.data(Who::Staff, LEDGER, json!({ "id": id })).await;
    assert_eq!(data["product"]["stock"], 0);
    let sum: i64 = data["product"]["stockChanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["delta"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, 0, "the ledger adds up to the stock");
}
