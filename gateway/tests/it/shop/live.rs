//! What clients hear while the shop goes on: each hears what is meant for them, and nobody what isn't.

use reqwest::header::ACCEPT;
use serde_json::{Value, json};

use super::{
    client::{Person, code},
    fixtures::{create, euro, place, product},
    world::Shop,
};
use crate::live::{streams::Pieces, world::Socket};

const ADJUST: &str =
    "mutation($id: ID!, $delta: Int!) { adjustStock(id: $id, delta: $delta, reason: \"counted\") { stock } }";
const ADVANCE: &str =
    "mutation($number: String!, $to: OrderStatus!) { advanceOrder(number: $number, to: $to) { id } }";
const MINE: &str =
    "subscription { myOrderUpdated { number status total { amount } customer { email } items { name } } }";

/// A socket on which somebody is logged in.
pub async fn socket(shop: &Shop, person: &Person) -> Socket {
    let mut socket = Socket::open(&shop.gateway).await;
    let payload = json!({ "Authorization": format!("Bearer {}", person.token()) });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket
}

/// The data of the next result of an operation.
pub async fn data(socket: &mut Socket, id: &str) -> Value {
    let mut result = socket.result(id).await;
    assert_eq!(result.get("errors"), None, "{result}");
    result["data"].take()
}

async fn id_of(person: &Person, number: &str) -> String {
    let data = person.data("query($n: String!) { order(number: $n) { id } }", json!({ "n": number })).await;
    data["order"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_stock_is_told_to_everybody_and_what_runs_low_to_staff() {
    let shop = Shop::open().await;
    let (staff, ada) = (shop.staff("staff@example.org").await, shop.customer("ada@example.org").await);
    let lamp = create(&staff, product("LAMP", "Lamp", euro(100))).await;
    let desk = create(&staff, product("DESK", "Desk", euro(100))).await;

    let mut anyone = Socket::ready(&shop.gateway).await;
    let query = format!(
        "subscription {{ stockChanged(ids: [{lamp:?}]) {{ id name stock version details {{ text }} }} }}"
    );
    anyone.subscribed("lamps", &query).await;
    let query = json!({ "query": "subscription { stockChanged { id stock createdAt } }" });
    let mut all =
        Pieces::of(shop.gateway.post(&query).header(ACCEPT, "text/event-stream").send().await.unwrap());
    all.event().await;
    let mut keeper = socket(&shop, &staff).await;
    keeper.subscribed("low", "subscription { lowStock(threshold: 3) { name stock } }").await;

    for (id, delta) in [(&desk, -5), (&lamp, -6), (&lamp, -1), (&desk, 3)] {
        staff.data(ADJUST, json!({ "id": id, "delta": delta })).await;
    }
    for (stock, version) in [(4, 2), (3, 3)] {
        let expected =
            json!({ "id": lamp, "name": "Lamp", "stock": stock, "version": version, "details": null });
        assert_eq!(data(&mut anyone, "lamps").await["stockChanged"], expected);
    }
    let mut stocks = std::collections::BTreeMap::<String, Vec<Value>>::new();
    for _ in 0..4 {
        let mut product = all.result().await.1["data"]["stockChanged"].take();
        assert!(product["createdAt"].is_string(), "looked up: {product}");
        stocks.entry(product["id"].as_str().unwrap().into()).or_default().push(product["stock"].take());
    }
    assert_eq!((&stocks[&lamp], &stocks[&desk]), (&vec![json!(4), json!(3)], &vec![json!(5), json!(8)]));
    assert_eq!(data(&mut keeper, "low").await, json!({ "lowStock": { "name": "Lamp", "stock": 3 } }));

    for query in ["subscription { lowStock(threshold: 3) { id } }", "subscription { ordersPlaced { id } }"] {
        for person in [Socket::ready(&shop.gateway).await, socket(&shop, &ada).await] {
            let mut person = person;
            person.subscribe("s", query).await;
            let error = json!({ "errors": person.error("s").await });
            assert_eq!(code(&error), "UNAUTHORIZED_FIELD_OR_TYPE", "{query}");
        }
    }
}

#[tokio::test]
async fn customers_hear_of_their_own_orders_and_staff_of_all() {
    let shop = Shop::open().await;
    let staff = shop.staff("staff@example.org").await;
    let (ada, bob) = (shop.customer("ada@example.org").await, shop.customer("bob@example.org").await);
    let lamp = create(&staff, product("LAMP", "Lamp", euro(100))).await;
    let (mut adas, mut bobs, mut keeper) =
        (socket(&shop, &ada).await, socket(&shop, &bob).await, socket(&shop, &staff).await);
    adas.subscribed("mine", MINE).await;
    bobs.subscribed("mine", MINE).await;
    keeper.subscribed("placed", "subscription { ordersPlaced { number customer { email } } }").await;

    let number = place(&ada, &[(&lamp, 2)]).await;
    let order = |status: &str| {
        json!({ "myOrderUpdated": {
            "number": number, "status": status, "total": { "amount": 200 },
            "customer": { "email": "ada@example.org" }, "items": [{ "name": "Lamp" }],
        } })
    };
    assert_eq!(data(&mut adas, "mine").await, order("PENDING"));
    let placed = json!({ "number": number, "customer": { "email": "ada@example.org" } });
    assert_eq!(data(&mut keeper, "placed").await["ordersPlaced"], placed);

    // The same order by its id: to its customer and to staff. Bob, who somehow knows it, hears nothing.
    let one =
        format!("subscription {{ orderUpdated(id: {:?}) {{ number status }} }}", id_of(&ada, &number).await);
    for socket in [&mut adas, &mut bobs, &mut keeper] {
        socket.subscribed("one", &one).await;
    }
    staff.data(ADVANCE, json!({ "number": number, "to": "CONFIRMED" })).await;
    let confirmed = json!({ "orderUpdated": { "number": number, "status": "CONFIRMED" } });
    let mut heard = [adas.next().await, adas.next().await];
    heard.sort_by_key(|message| message["id"].to_string());
    assert_eq!(
        [&heard[0]["payload"]["data"], &heard[1]["payload"]["data"]],
        [&order("CONFIRMED"), &confirmed]
    );
    assert_eq!(data(&mut keeper, "one").await, confirmed);

    // Bob's own order comes after Ada's in the stream, and it is the first that he hears of.
    let own = place(&bob, &[(&lamp, 1)]).await;
    assert_eq!(data(&mut bobs, "mine").await["myOrderUpdated"]["number"], json!(own));
    assert!(adas.is_quiet().await);

    let mut stranger = Socket::ready(&shop.gateway).await;
    for query in [MINE, &one] {
        stranger.subscribe("s", query).await;
        let error = json!({ "errors": stranger.error("s").await });
        assert_eq!(code(&error), "UNAUTHORIZED_FIELD_OR_TYPE", "{query}");
    }
}
