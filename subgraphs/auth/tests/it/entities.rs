//! The entity `User`.

use std::sync::{Arc, Mutex};

use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use serde_json::{Value, json};

use crate::support::{service, service_with};

const ENTITIES: &str = "query($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on User { id email role } }
}";

fn representation(id: &str) -> Value {
    json!({ "__typename": "User", "id": id })
}

#[tokio::test]
async fn many_entities_cost_one_query() {
    let finds = Arc::new(Mutex::new(Vec::new()));
    let seen = finds.clone();
    let service = service_with(|options| {
        options.command_event_handler = Some(EventHandler::callback(move |event| {
            if let CommandEvent::Started(started) = event {
                seen.lock().unwrap().push(started.command_name);
            }
        }));
    })
    .await;
    let mut ids = Vec::new();
    for user in 0..25 {
        ids.push(service.register(&format!("user{user}@example.org")).await.id);
    }
    // An unknown one and one twice, as the gateway may send them.
    ids.extend(["01900000-0000-7000-8000-000000000000".to_owned(), ids[0].clone()]);
    let representations: Vec<Value> = ids.iter().map(|id| representation(id)).collect();

    finds.lock().unwrap().clear();
    let data = service.data(None, ENTITIES, json!({ "representations": representations })).await;
    assert_eq!(*finds.lock().unwrap(), ["find"]);
    let users = data["_entities"].as_array().unwrap();
    assert_eq!(users[25], Value::Null);
    for (id, user) in ids.iter().zip(users).filter(|(_, user)| !user.is_null()) {
        assert_eq!(user["id"], json!(id), "in the order of the representations");
    }
}

#[tokio::test]
async fn an_email_is_for_its_owner_and_for_staff() {
    let service = service().await;
    let ada = service.register("ada@example.org").await;
    let bob = service.register("bob@example.org").await;
    let staff = service.with_role("staff@example.org", "STAFF").await;
    let both = json!({ "representations": [representation(&ada.id), representation(&bob.id)] });
    for (who, emails) in [
        (None, [Value::Null, Value::Null]),
        (Some(&ada.identity), [json!("ada@example.org"), Value::Null]),
        (Some(&bob.identity), [Value::Null, json!("bob@example.org")]),
        (Some(&staff.identity), [json!("ada@example.org"), json!("bob@example.org")]),
    ] {
        let data = service.data(who, ENTITIES, both.clone()).await;
        let seen = [0, 1].map(|user| data["_entities"][user]["email"].clone());
        assert_eq!(seen, emails, "{who:?}");
    }
}
