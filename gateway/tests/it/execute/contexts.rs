//! Fields that are told something by an object above them.

use serde_json::{Value as Json, json};

use super::{Graph, SubgraphCase};

/// Users with a currency each, whose carts name products; prices are in the user's currency.
fn market() -> Graph {
    let users = SubgraphCase {
        name: "users",
        sdl: r#"
            type Query { users: [User!]!  guest: User }
            type User @key(fields: "id") { id: ID! name: String }
        "#,
        data: json!({
            "Query": {"users": [{"$ref": "User:1"}, {"$ref": "User:2"}, {"$ref": "User:3"}], "guest": {"$ref": "User:4"}},
            "User": [
                {"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}, {"id": "3", "name": "Eve"}, {"id": "4"},
            ],
        }),
    };
    let profiles = SubgraphCase {
        name: "profiles",
        sdl: r#"
            type User @key(fields: "id") { id: ID! currency: String! }
        "#,
        data: json!({"User": [
            {"id": "1", "currency": "EUR"}, {"id": "2", "currency": "USD"},
            {"id": "3", "currency": "EUR"}, {"id": "4", "currency": {"$error": "lost"}},
        ]}),
    };
    let carts = SubgraphCase {
        name: "carts",
        sdl: r#"
            type User @key(fields: "id") { id: ID! cart: Cart }
            type Cart @key(fields: "id") { id: ID! }
        "#,
        data: json!({
            "User": [{"id": "1", "cart": {"$ref": "Cart:1"}}, {"id": "2", "cart": {"$ref": "Cart:1"}},
                {"id": "3", "cart": {"$ref": "Cart:2"}}, {"id": "4", "cart": {"$ref": "Cart:1"}}],
            "Cart": [{"id": "1"}, {"id": "2"}],
        }),
    };
    let lines = SubgraphCase {
        name: "lines",
        sdl: r#"
            type Cart @key(fields: "id") { id: ID! lines: [Line!] }
            type Line { count: Int! product: Product }
            type Product @key(fields: "id") { id: ID! }
        "#,
        data: json!({"Product": [{"id": "7"}, {"id": "8"}], "Cart": [
            {"id": "1", "lines": [{"count": 1, "product": {"$ref": "Product:7"}}, {"count": 2, "product": {"$ref": "Product:8"}}]},
            {"id": "2", "lines": [{"count": 3, "product": {"$ref": "Product:7"}}]},
        ]}),
    };
    let prices = SubgraphCase {
        name: "prices",
        sdl: r#"
            type User @key(fields: "id") @context(name: "buyer") { id: ID! currency: String! @external }
            type Product @key(fields: "id") { id: ID! weight: Int
              price(currency: String! @fromContext(field: "$buyer { currency }")): String }
        "#,
        data: json!({"User": [], "Product": [
            {"id": "7", "weight": 70, "price({\"currency\":\"EUR\"})": "7 EUR", "price({\"currency\":\"USD\"})": "8 USD"},
            {"id": "8", "weight": 80, "price({\"currency\":\"EUR\"})": "80 EUR", "price({\"currency\":\"USD\"})": "90 USD"},
        ]}),
    };
    Graph::new(vec![users, profiles, carts, lines, prices])
}

fn told(requests: &[(String, Json)]) -> Vec<String> {
    let prices = requests.iter().filter(|(name, _)| name == "prices");
    prices.filter_map(|(_, request)| Some(request["variables"].get("_c0")?.to_string())).collect()
}

/// Ann and Bob have one cart: the same products, with different prices.
#[tokio::test]
async fn objects_below_different_objects_are_told_different_things() {
    let answer = market().run("{ users { name cart { lines { product { price } } } } }").await;
    let lines = |prices: &[&str]| {
        let lines: Vec<Json> = prices.iter().map(|price| json!({"product": {"price": price}})).collect();
        json!({"lines": lines})
    };
    let expected = json!({"users": [
        {"name": "Ann", "cart": lines(&["7 EUR", "80 EUR"])},
        {"name": "Bob", "cart": lines(&["8 USD", "90 USD"])},
        {"name": "Eve", "cart": lines(&["7 EUR"])},
    ]});
    assert_eq!(answer.good(), &expected);
    let mut told = told(&answer.requests);
    told.sort();
    assert_eq!(told, [r#""EUR""#, r#""USD""#], "each value goes in one request");
    assert_eq!(answer.representations("prices").len(), 4, "Eve's product is Ann's, in the same currency");
}

/// Without anything that is told below, equal entities are one.
#[tokio::test]
async fn entities_are_one_where_nothing_is_told() {
    let answer = market().run("{ users { cart { lines { product { weight } } } } }").await;
    let weight = |weight: i32| json!({"product": {"weight": weight}});
    let cart = json!({"cart": {"lines": [weight(70), weight(80)]}});
    let other = json!({"cart": {"lines": [weight(70)]}});
    assert_eq!(answer.good(), &json!({"users": [cart, cart, other]}));
    assert_eq!(answer.representations("lines").len(), 2);
    assert_eq!(answer.representations("prices").len(), 2);
}

#[tokio::test]
async fn what_cannot_be_told_keeps_the_field_from_being_asked_for() {
    let answer = market().run("{ guest { cart { lines { product { price } } } } }").await;
    let product = json!({"product": {"price": null}});
    assert_eq!(answer.data(), &json!({"guest": {"cart": {"lines": [product, product]}}}));
    assert_eq!(
        answer.errors(),
        [r#"["guest"]: lost"#],
        "the fields that weren't asked for are explained by it"
    );
    assert_eq!(told(&answer.requests), [""; 0]);
}

#[tokio::test]
async fn one_value_of_several_that_fails_leaves_the_others() {
    let graph = market().without("prices");
    let answer = graph.run("{ users { cart { lines { product { price } } } } }").await;
    assert_eq!(answer.errors().len(), 2, "one for each request: {:?}", answer.errors());
}
