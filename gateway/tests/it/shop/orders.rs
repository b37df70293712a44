//! Orders, from their placing to their end.

use serde_json::{Value, json};

use super::{
    client::{Person, code},
    fixtures::{PLACE, address, create, euro, items, order, place, product},
    world::Shop,
};

const ORDER: &str = "query($number: String!) {
    order(number: $number) {
        number status total { amount currency } customer { id email }
        items {
            quantity unitPrice { amount } subtotal { amount currency } name sku
            product { id name archived price { amount } }
        }
        address { recipient line1 line2 postalCode city region country }
        history { kind status role note by { email } }
    }
}";
const CHANGE_LINES: &str = "mutation($number: String!, $items: [OrderItemInput!]!) {
    changeLines(number: $number, items: $items) { total { amount } items { quantity product { name } } }
}";
const CHANGE_ADDRESS: &str = "mutation($number: String!, $address: AddressInput!) {
    changeAddress(number: $number, address: $address) { address { city country line2 } }
}";
const CANCEL: &str = "mutation($number: String!, $reason: String!) {
    cancelOrder(number: $number, reason: $reason) { status }
}";
const ADVANCE: &str = "mutation($number: String!, $to: OrderStatus!, $note: String) {
    advanceOrder(number: $number, to: $to, note: $note) { status customer { email } }
}";

/// The people and the products of these walks.
struct Scene<'a> {
    shop: &'a Shop,
    staff: Person,
    ada: Person,
    lamp: String,
    desk: String,
}

impl<'a> Scene<'a> {
    async fn set(shop: &'a Shop) -> Self {
        let staff = shop.staff("staff@example.org").await;
        let lamp = create(&staff, product("LAMP", "Lamp", euro(1_999))).await;
        let desk = create(&staff, product("DESK", "Desk", euro(30_000))).await;
        Self { shop, ada: shop.customer("ada@example.org").await, staff, lamp, desk }
    }

    async fn order(&self, number: &str) -> Value {
        self.ada.data(ORDER, json!({ "number": number })).await["order"].take()
    }
}

#[tokio::test]
async fn an_order_has_a_life() {
    let shop = Shop::open().await;
    let scene = Scene::set(&shop).await;
    let number = placing(&scene).await;
    changing(&scene, &number).await;
    advancing(&scene, &number).await;
    cancelling(&scene).await;
    sold_is_sold(&scene, &number).await;
}

#[tokio::test]
async fn wrong_orders_are_refused_and_lists_are_paged() {
    let shop = Shop::open().await;
    let scene = Scene::set(&shop).await;
    wrong_lines(&scene).await;
    placed_once(&scene).await;
    own_orders(&scene).await;
    everybodys_orders(&scene).await;
    others_orders(&scene).await;
}

async fn placing(scene: &Scene<'_>) -> String {
    let number = place(&scene.ada, &[(&scene.lamp, 2), (&scene.desk, 1)]).await;
    let line = |quantity: i32, price: i32, name: &str, sku: &str, id: &str| {
        json!({
            "quantity": quantity, "unitPrice": { "amount": price },
            "subtotal": { "amount": quantity * price, "currency": "EUR" }, "name": name, "sku": sku,
            "product": { "id": id, "name": name, "archived": false, "price": { "amount": price } },
        })
    };
    let expected = json!({
        "number": number, "status": "PENDING", "total": { "amount": 33_998, "currency": "EUR" },
        "customer": { "id": scene.ada.id, "email": "ada@example.org" },
        "items": [line(2, 1_999, "Lamp", "LAMP", &scene.lamp), line(1, 30_000, "Desk", "DESK", &scene.desk)],
        "address": {
            "recipient": "Ada Lovelace", "line1": "St James's Square 12", "line2": null,
            "postalCode": "SW1Y 4JH", "city": "London", "region": null, "country": "GB",
        },
        "history": [{
            "kind": "PLACED", "status": "PENDING", "role": "CUSTOMER", "note": null,
            "by": { "email": "ada@example.org" },
        }],
    });
    assert_eq!(scene.order(&number).await, expected);
    number
}

async fn changing(scene: &Scene<'_>, number: &str) {
    let mut elsewhere = address();
    elsewhere["city"] = json!("Paris");
    elsewhere["country"] = json!("FR");
    elsewhere["line2"] = json!("3e étage");
    let to = |address: &Value| json!({ "number": number, "address": address });
    let data = scene.ada.data(CHANGE_ADDRESS, to(&elsewhere)).await;
    let expected = json!({ "city": "Paris", "country": "FR", "line2": "3e étage" });
    assert_eq!(data["changeAddress"]["address"], expected);
    elsewhere["country"] = json!("France");
    let blamed = scene.ada.blamed(CHANGE_ADDRESS, to(&elsewhere)).await;
    assert_eq!(blamed, ("BAD_USER_INPUT".into(), "address.country".into()));

    let lines = json!({ "number": number, "items": items(&[(&scene.lamp, 3)]) });
    let data = scene.ada.data(CHANGE_LINES, lines).await;
    let expected =
        json!({ "total": { "amount": 5_997 }, "items": [{ "quantity": 3, "product": { "name": "Lamp" } }] });
    assert_eq!(data["changeLines"], expected);
    let none = json!({ "number": number, "items": items(&[(&scene.lamp, 0)]) });
    assert_eq!(scene.ada.refused(CHANGE_LINES, none).await, "BAD_QUANTITY");
    assert_eq!(scene.order(number).await["total"]["amount"], 5_997, "what is refused changes nothing");
}

async fn advancing(scene: &Scene<'_>, number: &str) {
    let to = |status: &str| json!({ "number": number, "to": status, "note": "checked" });
    assert_eq!(scene.staff.refused(ADVANCE, to("SHIPPED")).await, "NO_SUCH_STEP");
    assert_eq!(scene.staff.refused(ADVANCE, to("CANCELLED")).await, "BAD_USER_INPUT");
    for status in ["CONFIRMED", "SHIPPED", "DELIVERED"] {
        let data = scene.staff.data(ADVANCE, to(status)).await;
        // Staff reads the customer's e-mail also when the user is reached through an order.
        let expected = json!({ "status": status, "customer": { "email": "ada@example.org" } });
        assert_eq!(data["advanceOrder"], expected);
    }
    let lines = json!({ "number": number, "items": items(&[(&scene.lamp, 1)]) });
    assert_eq!(scene.ada.refused(CHANGE_LINES, lines).await, "NOT_PENDING");
    let elsewhere = json!({ "number": number, "address": address() });
    assert_eq!(scene.ada.refused(CHANGE_ADDRESS, elsewhere).await, "NOT_PENDING");

    let order = scene.order(number).await;
    let history = order["history"].as_array().unwrap();
    let kinds: Vec<&str> = history.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    let stepped = "STATUS_CHANGED";
    assert_eq!(kinds, ["PLACED", "ADDRESS_CHANGED", "LINES_CHANGED", stepped, stepped, stepped]);
    // Customers learn that it was staff, not who.
    let last = json!({
        "kind": stepped, "status": "DELIVERED", "role": "STAFF", "note": "checked", "by": null,
    });
    assert_eq!(history[5], last);
    let seen = scene.staff.data(ORDER, json!({ "number": number })).await;
    assert_eq!(seen["order"]["history"][5]["by"]["email"], "staff@example.org");
}

async fn cancelling(scene: &Scene<'_>) {
    let cancel = |number: &str| json!({ "number": number, "reason": "too dear" });
    let first = place(&scene.ada, &[(&scene.lamp, 1)]).await;
    let data = scene.ada.data(CANCEL, cancel(&first)).await;
    assert_eq!(data["cancelOrder"]["status"], "CANCELLED");
    assert_eq!(scene.order(&first).await["history"][1]["note"], "too dear");
    assert_eq!(scene.ada.refused(CANCEL, cancel(&first)).await, "NO_SUCH_STEP", "it is the end");

    let second = place(&scene.ada, &[(&scene.lamp, 1)]).await;
    scene.staff.data(ADVANCE, json!({ "number": second, "to": "CONFIRMED" })).await;
    assert_eq!(scene.ada.refused(CANCEL, cancel(&second)).await, "FORBIDDEN", "the shop accepted it");
    scene.staff.data(CANCEL, cancel(&second)).await;
    assert_eq!(scene.order(&second).await["status"], "CANCELLED");
}

/// An order keeps name and price of its day, whatever becomes of the product.
async fn sold_is_sold(scene: &Scene<'_>, number: &str) {
    let change = "mutation($id: ID!, $input: UpdateProductInput!) {
        updateProduct(id: $id, input: $input) { id }
        archiveProduct(id: $id) { id }
    }";
    let input = json!({ "name": "Old lamp", "price": euro(1) });
    scene.staff.data(change, json!({ "id": scene.lamp, "input": input })).await;
    let order = scene.order(number).await;
    let item = &order["items"][0];
    assert_eq!((&item["name"], &item["unitPrice"]["amount"]), (&json!("Lamp"), &json!(1_999)));
    let today = json!({ "id": scene.lamp, "name": "Old lamp", "archived": true, "price": { "amount": 1 } });
    assert_eq!(item["product"], today);
    assert_eq!(scene.ada.refused(PLACE, self::order(&[(&scene.lamp, 1)])).await, "ARCHIVED_PRODUCT");
}

async fn wrong_lines(scene: &Scene<'_>) {
    let yen = json!({ "amount": 500, "currency": "JPY" });
    let kite = create(&scene.staff, product("KITE", "Kite", yen)).await;
    let gone = create(&scene.staff, product("GONE", "Gone", euro(1))).await;
    let archive = "mutation($id: ID!) { archiveProduct(id: $id) { id } }";
    scene.staff.data(archive, json!({ "id": gone })).await;
    let (lamp, unknown) = (scene.lamp.as_str(), "01900000-0000-7000-8000-000000000000");
    for (lines, code, field) in [
        (&[][..], "BAD_USER_INPUT", "input.items"),
        (&[(lamp, -1)], "BAD_QUANTITY", "input.items.0.quantity"),
        (&[(lamp, 0)], "BAD_QUANTITY", "input.items.0.quantity"),
        (&[(lamp, 1), (lamp, 2)], "REPEATED_PRODUCT", "input.items.1.productId"),
        (&[(lamp, 1), (unknown, 1)], "UNKNOWN_PRODUCT", "input.items.1.productId"),
        (&[("lamp", 1)], "UNKNOWN_PRODUCT", "input.items.0.productId"),
        (&[(lamp, 1), (&gone, 1)], "ARCHIVED_PRODUCT", "input.items.1.productId"),
        (&[(lamp, 1), (&kite, 1)], "MIXED_CURRENCIES", "input.items"),
    ] {
        let blamed = scene.ada.blamed(PLACE, order(lines)).await;
        assert_eq!(blamed, (code.to_owned(), field.to_owned()), "{lines:?}");
    }
    assert_eq!(scene.shop.anyone().refused(PLACE, order(&[(lamp, 1)])).await, "UNAUTHENTICATED");
    let priced = json!({ "input": {
        "items": [{ "productId": lamp, "quantity": 1, "unitPrice": { "amount": 1, "currency": "EUR" } }],
        "address": address(),
    } });
    let answer: Value = scene.ada.request(PLACE, &priced).send().await.unwrap().json().await.unwrap();
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("unitPrice"), "{answer}");
    let none = scene.ada.data("{ me { orders { nodes { number } } } }", json!({})).await;
    assert_eq!(none, json!({ "me": { "orders": { "nodes": [] } } }), "nothing was placed");
}

/// The same request again gets the same order.
async fn placed_once(scene: &Scene<'_>) {
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let request = scene.ada.request(PLACE, &order(&[(&scene.desk, 1)]));
        let answer: Value =
            request.header("Idempotency-Key", "once").send().await.unwrap().json().await.unwrap();
        numbers.push(answer["data"]["placeOrder"]["number"].as_str().unwrap().to_owned());
    }
    assert_eq!(numbers[0], numbers[1]);
    let other = scene.ada.request(PLACE, &order(&[(&scene.desk, 2)]));
    let answer: Value = other.header("Idempotency-Key", "once").send().await.unwrap().json().await.unwrap();
    assert_eq!(code(&answer), "IDEMPOTENCY_KEY_REUSED");
}

/// The numbers on a page, and what is said of the page.
fn numbers(connection: &Value) -> Vec<String> {
    let nodes = connection["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["number"].as_str().unwrap().to_owned()).collect()
}

async fn own_orders(scene: &Scene<'_>) {
    let bob = scene.shop.customer("bob@example.org").await;
    let mut placed = Vec::new();
    for quantity in 1..=3 {
        placed.insert(0, place(&bob, &[(&scene.lamp, quantity)]).await);
    }
    let mine = "query($first: Int, $after: String, $last: Int, $before: String) {
        me { orders(first: $first, after: $after, last: $last, before: $before) {
            nodes { number customer { email } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        } }
    }";
    let page = async |variables: Value| bob.data(mine, variables).await["me"]["orders"].take();
    let first = page(json!({ "first": 2 })).await;
    assert_eq!(numbers(&first), placed[..2], "newest first");
    assert_eq!(first["nodes"][0]["customer"]["email"], "bob@example.org");
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let rest = page(json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(numbers(&rest), placed[2..]);
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);
    let back = page(json!({ "last": 1, "before": rest["pageInfo"]["startCursor"] })).await;
    assert_eq!(numbers(&back), placed[1..2]);
    assert_eq!(back["pageInfo"]["hasPreviousPage"], true);
}

async fn everybodys_orders(scene: &Scene<'_>) {
    let cancelled = place(&scene.ada, &[(&scene.desk, 1)]).await;
    scene.ada.data(CANCEL, json!({ "number": cancelled, "reason": "no room" })).await;
    let all = "query($status: OrderStatus) {
        orders(status: $status) { nodes { number status customer { email } } }
    }";
    let mut data = scene.staff.data(all, json!({})).await;
    let found = data["orders"]["nodes"].take();
    let emails: Vec<&str> =
        found.as_array().unwrap().iter().map(|order| order["customer"]["email"].as_str().unwrap()).collect();
    let (ada, bob) = ("ada@example.org", "bob@example.org");
    assert_eq!(emails, [ada, bob, bob, bob, ada]);
    let data = scene.staff.data(all, json!({ "status": "CANCELLED" })).await;
    assert_eq!(numbers(&data["orders"]), [cancelled]);
    let people = [(&scene.shop.anyone(), "UNAUTHENTICATED"), (&scene.ada, "FORBIDDEN")];
    scene.shop.refuses(&people, all, &json!({})).await;
}

/// What a customer is told of another's order is what is said of one that isn't there.
async fn others_orders(scene: &Scene<'_>) {
    let number = place(&scene.ada, &[(&scene.lamp, 1)]).await;
    let eve = scene.shop.customer("eve@example.org").await;
    let with = |number: &str| {
        json!({
            "number": number, "reason": "mine", "address": address(), "items": items(&[(&scene.desk, 1)]),
        })
    };
    for query in [ORDER, CANCEL, CHANGE_ADDRESS, CHANGE_LINES] {
        let another = eve.ask(query, with(&number)).await;
        assert_eq!(another, eve.ask(query, with("0000-0000-0000")).await, "{query}");
        let found = query == ORDER;
        assert!(found || code(&another) == "NOT_FOUND", "{another}");
    }
    let order = eve.data(ORDER, json!({ "number": number })).await;
    assert_eq!(order, json!({ "order": null }));
    assert_eq!(scene.shop.anyone().refused(ORDER, json!({ "number": number })).await, "UNAUTHENTICATED");
    assert_eq!(scene.order(&number).await["status"], "PENDING");
}
