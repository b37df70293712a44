//! What subgraphs answered is kept for as long as they say, and never beyond an event.

mod kit;
mod world;

use std::sync::atomic::Ordering;

use reqwest::header;
use serde_json::{Value, json};

use crate::auth::{ONE, jwk, token_with};
use crate::live::world::{Socket, until};
use crate::support::TestGateway;
use world::{ITEMS, PRICES, World, becomes, status, told};

const ALL: &str = "{ items { id name price } }";

/// The names and prices of the items.
fn shown(data: &Value) -> Vec<[&str; 2]> {
    let items = data["items"].as_array().unwrap();
    items.iter().map(|item| ["name", "price"].map(|field| item[field].as_str().unwrap())).collect()
}

async fn listed(gateway: &TestGateway, ids: &[&str]) -> Value {
    let query = "query($ids: [ID!]!) { listed(ids: $ids) { id price } }";
    gateway.run_with(query, json!({ "ids": ids })).await
}

/// `Cache-Control` and `Age` of an answer.
async fn headers(gateway: &TestGateway, query: &str) -> (String, Option<u64>) {
    let response = gateway.post(&json!({ "query": query })).send().await.unwrap();
    let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    (text(header::CACHE_CONTROL).unwrap(), text(header::AGE).map(|age| age.parse().unwrap()))
}

#[tokio::test]
async fn a_change_through_one_gateway_is_seen_by_the_other() {
    let world = World::start().await;
    let (one, other) = (world.following("").await, world.following("--gateway-id gw2").await);
    for gateway in [&one, &other] {
        gateway.data(ALL).await;
        let asked = world.items.state.asked() + world.prices.state.asked();
        assert_eq!(shown(&gateway.data(ALL).await)[0], ["name of 1", "price of 1"]);
        assert_eq!(world.items.state.asked() + world.prices.state.asked(), asked, "all of it was kept");
    }
    let rename = "mutation($id: ID!, $name: String!) { rename(id: $id, name: $name) { name } }";
    let renamed = one.run_with(rename, json!({ "id": "1", "name": "new" })).await;
    assert_eq!(renamed["data"]["rename"]["name"], "new");
    world.prices.state.set("1", "dear");
    told(&world.items, "1", &[&one, &other]).await;
    world.prices.state.looked_up();
    for gateway in [&one, &other] {
        assert_eq!(shown(&gateway.data(ALL).await)[0], ["new", "dear"]);
        assert_eq!(world.prices.state.looked_up(), ["1"], "the others are as they were");
    }
}

#[tokio::test]
async fn only_what_is_not_kept_is_asked_for() {
    let world = World::start().await;
    let gateway = world.following("").await;
    for (ids, looked_up) in
        [(&["1", "2"][..], &["1", "2"][..]), (&["2", "3", "2", "1"], &["3"]), (&["3", "1", "2"], &[])]
    {
        let answer = listed(&gateway, ids).await;
        let items = answer["data"]["listed"].as_array().unwrap();
        let expected: Vec<Value> =
            ids.iter().map(|id| json!({ "id": id, "price": format!("price of {id}") })).collect();
        assert_eq!(*items, expected);
        assert_eq!(world.prices.state.looked_up(), looked_up);
    }
    let status = status(&gateway);
    assert_eq!((status.hits, status.misses), (5, 3));
    assert_eq!(gateway.metric("tributary_entity_cache_hits_total").await, 5.0);
    assert_eq!(gateway.metric("tributary_entity_cache_misses_total").await, 3.0);
    assert_eq!(gateway.metric("tributary_entity_cache_usable").await, 1.0);
    told(&world.prices, "2", &[&gateway]).await;
    listed(&gateway, &["1", "2", "3"]).await;
    assert_eq!(world.prices.state.looked_up(), ["2"]);
    assert_eq!(gateway.metric("tributary_entity_cache_invalidations_total").await, 1.0);
}

#[tokio::test]
async fn a_reply_that_was_under_way_while_its_event_came_is_not_kept() {
    let world = World::start().await;
    let gateway = world.following("").await;
    let state = &world.prices.state;
    let held = state.gate.write().await;
    let (before, ()) = tokio::join!(listed(&gateway, &["1"]), async {
        // The answer is made, and isn't sent yet.
        until(async || state.asked() > 0).await;
        state.set("1", "dear");
        told(&world.prices, "1", &[&gateway]).await;
        drop(held);
    });
    assert_eq!(before["data"]["listed"][0]["price"], "price of 1", "it was asked before");
    assert_eq!(listed(&gateway, &["1"]).await["data"]["listed"][0]["price"], "dear");
}

/// An equal question that is under way was asked before the event: its answer isn't one to keep after it.
#[tokio::test]
async fn what_was_asked_before_an_event_is_not_shared_after_it() {
    let world = World::start().await;
    let gateway = world.following("--dedupe fetches").await;
    let state = &world.prices.state;
    let held = state.gate.write().await;
    let (before, after, ()) = tokio::join!(
        listed(&gateway, &["1"]),
        async {
            until(async || state.asked() > 0).await;
            state.set("1", "dear");
            told(&world.prices, "1", &[&gateway]).await;
            listed(&gateway, &["1"]).await
        },
        async {
            until(async || state.asked() > 1).await;
            drop(held);
        }
    );
    let price = |answer: &Value| answer["data"]["listed"][0]["price"].clone();
    assert_eq!((price(&before), price(&after)), (json!("price of 1"), json!("dear")));
    assert_eq!(price(&listed(&gateway, &["1"]).await), "dear");
}

#[tokio::test]
async fn what_is_private_is_kept_for_each() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.json");
    std::fs::write(&keys, json!({ "keys": [jwk(ONE, "one")] }).to_string()).unwrap();
    let gateway = world.following(&format!("--jwks {}", keys.display())).await;
    let ask = async |who: Option<&str>| {
        let request = gateway.post(&json!({ "query": "{ mine first { id price discount } }" }));
        let request = match who {
            Some(who) => request.bearer_auth(who),
            None => request,
        };
        request.send().await.unwrap().json::<Value>().await.unwrap()["data"].take()
    };
    let of = |sub: &str| token_with(ONE, "one", 600, json!({ "sub": sub }));
    let (ada, bob) = (of("ada"), of("bob"));
    let mut seen = Vec::new();
    for who in [None, Some(&*ada), Some(&*bob)] {
        let first = ask(who).await;
        let asked = world.items.state.asked() + world.prices.state.asked();
        assert_eq!(ask(who).await, first);
        assert_eq!(world.items.state.asked() + world.prices.state.asked(), asked, "it was kept");
        seen.extend([first["mine"].clone(), first["first"]["discount"].clone()]);
    }
    assert_eq!((&seen[0], &seen[1]), (&json!("nobody"), &json!("nobody")));
    assert!(seen[2] == seen[3] && seen[4] == seen[5], "{seen:?}");
    assert!(seen[0] != seen[2] && seen[2] != seen[4] && seen[0] != seen[4], "{seen:?}");
}

#[tokio::test]
async fn forwarded_headers_tell_entries_apart() {
    let world = World::start().await;
    let gateway = world.following("--forward-header accept-language").await;
    for (language, looked_up) in [("de", &["1"][..]), ("de", &[]), ("fr", &["1"])] {
        let query = r#"query($ids: [ID!]!) { listed(ids: $ids) { id price } }"#;
        let request = gateway.post(&json!({ "query": query, "variables": { "ids": ["1"] } }));
        let response = request.header("accept-language", language).send().await.unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store", "the list may not be kept");
        drop(response);
        assert_eq!(world.prices.state.looked_up(), looked_up, "{language}");
    }
    assert_eq!(headers(&gateway, "{ count }").await.0, "max-age=3600, private");
}

#[tokio::test]
async fn an_entry_goes_when_it_is_as_old_as_it_may_be() {
    let world = World::start().await;
    let gateway = world.following("").await;
    gateway.data("{ now }").await;
    let asked = world.items.state.asked();
    // Its second is over at some time; nothing tells when.
    until(async || {
        gateway.data("{ now }").await;
        world.items.state.asked() > asked
    })
    .await;
    assert!(status(&gateway).misses >= 2);
}

#[tokio::test]
async fn what_may_not_be_kept_and_what_went_wrong_is_asked_for_again() {
    let world = World::start().await;
    let gateway = world.following("").await;
    for query in ["{ first { id stock } }", "{ currency }"] {
        gateway.data(query).await;
        let asked = world.prices.state.asked();
        gateway.data(query).await;
        assert_eq!(world.prices.state.asked(), asked + 1, "{query}");
    }
    world.items.state.fails.store(true, Ordering::SeqCst);
    world.prices.state.fails.store(true, Ordering::SeqCst);
    assert_eq!(headers(&gateway, ALL).await, ("no-store".to_owned(), None), "it has errors");
    world.items.state.fails.store(false, Ordering::SeqCst);
    world.prices.state.fails.store(false, Ordering::SeqCst);
    let asked = (world.items.state.asked(), world.prices.state.asked());
    gateway.data(ALL).await;
    assert_eq!((world.items.state.asked(), world.prices.state.asked()), (asked.0 + 1, asked.1 + 1));
    // What isn't there may be at any moment, and no event need have told of it.
    world.prices.state.looked_up();
    for _ in 0..2 {
        world.items.state.set("9", "without a price");
        listed(&gateway, &["9"]).await;
        assert_eq!(world.prices.state.looked_up(), ["9"]);
    }
}

#[tokio::test]
async fn answers_say_for_how_long_they_may_be_kept() {
    let world = World::start().await;
    let gateway = world.following("").await;
    assert_eq!(headers(&gateway, ALL).await, ("max-age=600, public".to_owned(), None));
    let (control, age) = headers(&gateway, ALL).await;
    let max_age: u64 =
        control.strip_prefix("max-age=").unwrap().strip_suffix(", public").unwrap().parse().unwrap();
    assert!(max_age - age.unwrap() <= 600 && max_age >= 599, "{control} {age:?}");
    assert_eq!(headers(&gateway, "{ mine }").await.0, "max-age=3600, private");
    assert_eq!(headers(&gateway, "{ items { id stock } }").await.0, "no-store");
    assert_eq!(headers(&gateway, "{ count __typename }").await.0, "max-age=3600, public");
    assert_eq!(headers(&gateway, "{ count __schema { queryType { name } } }").await.0, "no-store");
    let rename = r#"mutation { rename(id: "1", name: "new") { id } }"#;
    let mutation = "mutation($id: ID!, $name: String!) { rename(id: $id, name: $name) { id } }";
    let request = gateway.post(&json!({ "query": mutation, "variables": { "id": "1", "name": "new" } }));
    assert_eq!(request.send().await.unwrap().headers()[header::CACHE_CONTROL], "no-store", "{rename}");
    let response = gateway.get("{ count }").send().await.unwrap();
    let control = response.headers()[header::CACHE_CONTROL].to_str().unwrap();
    assert!(control.ends_with(", public") && response.headers().contains_key(header::AGE), "{control}");
}

#[tokio::test]
async fn a_list_goes_with_any_event_of_what_it_shows() {
    let world = World::start().await;
    let gateway = world.following("").await;
    for query in ["{ items { id } }", "{ count }"] {
        gateway.data(query).await;
        let asked = world.items.state.asked();
        gateway.data(query).await;
        assert_eq!(world.items.state.asked(), asked);
        told(&world.items, "new", &[&gateway]).await;
        gateway.data(query).await;
        assert_eq!(world.items.state.asked(), asked + 1, "{query}");
    }
}

#[tokio::test]
async fn everything_is_forgotten_where_events_were_lost() {
    let world = World::start().await;
    let gateway = world.following("").await;
    gateway.data(ALL).await;
    world.lose_events().await;
    becomes(&gateway, |status| !status.usable).await;
    world.prices.state.looked_up();
    gateway.data(ALL).await;
    assert_eq!(world.prices.state.looked_up(), ["1", "2", "3"], "nothing is read meanwhile");
    world.keep_events().await;
    becomes(&gateway, |status| status.usable).await;
    assert_eq!(status(&gateway).forgotten, 1);
    gateway.data(ALL).await;
    assert_eq!(world.prices.state.looked_up(), ["1", "2", "3"], "nor what was kept before");
    gateway.data(ALL).await;
    assert!(world.prices.state.looked_up().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_while_nats_was_away_counts() {
    let mut world = World::start().await;
    let gateway = world.following("").await;
    gateway.data(ALL).await;
    world.nats.kill();
    becomes(&gateway, |status| !status.usable).await;
    tokio::task::block_in_place(|| world.nats.restart());
    world.prices.state.set("1", "dear");
    world.prices.tell("1").await;
    becomes(&gateway, |status| status.usable && status.dropped > 0).await;
    world.prices.state.looked_up();
    assert_eq!(listed(&gateway, &["1", "2"]).await["data"]["listed"][0]["price"], "dear");
    assert_eq!(world.prices.state.looked_up(), ["1"], "the other is as it was");
    assert_eq!(status(&gateway).forgotten, 0);
}

#[tokio::test]
async fn what_is_deferred_is_kept_as_well() {
    let world = World::start().await;
    let gateway = world.following("").await;
    let query = "{ first { id name ... @defer { price } } }";
    for looked_up in [&["1"][..], &[]] {
        let request = gateway.post(&json!({ "query": query }));
        let response =
            request.header(header::ACCEPT, "multipart/mixed;deferSpec=20220824").send().await.unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let text = response.text().await.unwrap();
        assert!(text.contains(r#""name":"name of 1""#) && text.contains(r#""price":"price of 1""#), "{text}");
        assert_eq!(world.prices.state.looked_up(), looked_up);
    }
}

#[tokio::test]
async fn without_events_nothing_is_kept_unless_that_is_wanted() {
    let world = World::without_events().await;
    let (careful, bold) =
        (world.gateway("").await, world.gateway("--gateway-id gw2 --cache-without-events").await);
    for (gateway, looked_up) in [(&careful, &["1", "2", "3"][..]), (&bold, &[])] {
        gateway.data(ALL).await;
        world.prices.state.looked_up();
        gateway.data(ALL).await;
        assert_eq!(world.prices.state.looked_up(), looked_up);
    }
    world.keep_events().await;
    becomes(&careful, |status| status.usable).await;
}

#[tokio::test]
async fn a_cache_without_bytes_is_none() {
    let world = World::start().await;
    let gateway = world.gateway("--cache-bytes 0").await;
    assert!(gateway.gateway.cache().is_none());
    for _ in 0..2 {
        assert_eq!(headers(&gateway, ALL).await, ("max-age=600, public".to_owned(), None));
        assert_eq!(world.prices.state.looked_up(), ["1", "2", "3"]);
    }
}

#[tokio::test]
async fn a_new_schema_reads_nothing_that_was_kept() {
    let mut world = World::start().await;
    let gateway = world.following("").await;
    gateway.data(ALL).await;
    gateway.data(ALL).await;
    assert_eq!(world.prices.state.looked_up().len(), 3);
    let generation = gateway.gateway.status().borrow().generation;
    let sdl = PRICES.replace("currency: String", "currency: String other: String");
    world.prices.turn_into(&world.nats, &sdl).await;
    gateway.until(|status| status.generation > generation).await;
    gateway.data(ALL).await;
    assert_eq!(world.prices.state.looked_up(), ["1", "2", "3"]);
}

/// The cache hears of an event a little later than a subscription may: what a subscription goes on from is asked for.
#[tokio::test]
async fn the_state_that_a_subscription_goes_on_from_is_not_taken_from_the_cache() {
    let mut world = World::start().await;
    let events = r#"
extend schema @link(url: "https://tributary.dev/events/v1.0", import: ["@event"])
directive @event(subject: String!, where: EventFilter, slow: SlowConsumer = ALL, version: String) on FIELD_DEFINITION
enum SlowConsumer { ALL LATEST }
input EventFilter { field: String eq: String ne: String lt: String lte: String gt: String gte: String in: [String!] and: [EventFilter!] or: [EventFilter!] not: EventFilter }
type Subscription { itemChanged: Item @event(subject: "events.items.Item.*.>") }
"#;
    world.items.turn_into(&world.nats, &format!("{ITEMS}{events}")).await;
    let gateway = world.following("").await;
    gateway.until(|_| true).await;
    until(async || {
        gateway.run("subscription { itemChanged { id } }").await["errors"][0]["extensions"]["code"]
            == "SUBSCRIPTION_UNSUPPORTED"
    })
    .await;
    gateway.data("{ first { id name } }").await;
    let asked = world.items.state.asked();
    gateway.data("{ first { id name } }").await;
    assert_eq!(world.items.state.asked(), asked, "it is kept");
    let mut socket = Socket::ready(&gateway).await;
    let query = "query State { first { id name } } subscription S { itemChanged { id name } }";
    let payload = json!({ "query": query, "operationName": "S", "extensions": { "snapshot": "State" } });
    socket.send(json!({ "type": "subscribe", "id": "a", "payload": payload })).await;
    assert_eq!(socket.result("a").await["data"]["first"]["name"], "name of 1");
    assert_eq!(world.items.state.asked(), asked + 1);
}
