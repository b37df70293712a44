//! Who may give roles.

use serde_json::{Value, json};
use tributary_subgraph::Identity;

use crate::support::{Service, service};

const SET_ROLE: &str =
    "mutation($id: ID!, $role: Role!) { setRole(userId: $id, role: $role) { id role email } }";

async fn refused(service: &Service, who: Option<&Identity>, id: &str) -> String {
    service.refused(who, SET_ROLE, json!({ "id": id, "role": "ADMIN" })).await
}

#[tokio::test]
async fn only_admins_give_roles() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    let staff = service.with_role("staff@example.org", "STAFF").await;
    let admin = service.with_role("admin@example.org", "ADMIN").await;
    assert_eq!(refused(&service, None, &ada.id).await, "UNAUTHENTICATED");
    assert_eq!(refused(&service, Some(&ada.identity), &ada.id).await, "FORBIDDEN");
    assert_eq!(refused(&service, Some(&staff.identity), &ada.id).await, "FORBIDDEN");
    let data = service.data(Some(&admin.identity), SET_ROLE, json!({ "id": ada.id, "role": "STAFF" })).await;
    assert_eq!(data["setRole"], json!({ "id": ada.id, "role": "STAFF", "email": "ada@example.org" }));
}

#[tokio::test]
async fn nobody_changes_their_own_role_and_nobody_that_of_no_one() {
    let service = service().await;
    let admin = service.with_role("admin@example.org", "ADMIN").await;
    assert_eq!(refused(&service, Some(&admin.identity), &admin.id).await, "FORBIDDEN");
    for id in ["01900000-0000-7000-8000-000000000000", "someone"] {
        assert_eq!(refused(&service, Some(&admin.identity), id).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_role_holds_from_the_next_token_on() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    let admin = service.with_role("admin@example.org", "ADMIN").await;
    service.data(Some(&admin.identity), SET_ROLE, json!({ "id": ada.id, "role": "STAFF" })).await;
    assert_eq!(ada.identity.claim("role"), Some(&Value::from("customer")));
    assert_eq!(ada.identity.claim("scope"), Some(&json!([])), "there, so that it can be compared with");
    let ada = service.refresh(&ada.refresh_token).await.unwrap();
    assert_eq!(ada.identity.claim("role"), Some(&Value::from("staff")));
    assert_eq!(ada.identity.claim("scope"), Some(&json!(["shop:staff"])));
}
