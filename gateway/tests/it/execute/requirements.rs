//! What fields require of other subgraphs, beside what the client selects.

use serde_json::json;

use super::{Graph, SubgraphCase};

/// Items with a price in each currency, and what another subgraph makes of them.
fn prices() -> Graph {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            type Query { items: [Item] }
            type Item @key(fields: "id") { id: ID! price(in: String): Int  data: Data }
            union Data = Text | Picture
            type Text { text: String words: String }
            type Picture { url: String }
        "#,
        data: json!({
            "Query": {"items": [{"$ref": "Item:1"}, {"$ref": "Item:2"}]},
            "Item": [
                {"id": "1", "price({\"in\":\"EUR\"})": 10, "price({\"in\":\"USD\"})": 11,
                    "data": {"__typename": "Text", "text": "t", "words": "w"}},
                {"id": "2", "price({\"in\":\"EUR\"})": 20, "price({\"in\":\"USD\"})": 22,
                    "data": {"__typename": "Picture", "url": "u"}},
            ],
        }),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"
            type Item @key(fields: "id") {
                id: ID!
                price(in: String): Int @external
                data: Data @external
                dollars: String @requires(fields: "price(in: \"USD\")")
                title: String @requires(fields: "data { ... on Text { text } ... on Picture { url } }")
            }
            union Data = Text | Picture
            type Text { text: String @external }
            type Picture { url: String @external }
        "#,
        data: json!({"Item": [
            {"id": "1", "dollars": {"$join": ["price"]}, "title": {"$join": ["data"]}},
            {"id": "2", "dollars": {"$join": ["price"]}, "title": {"$join": ["data"]}},
        ]}),
    };
    Graph::new(vec![a, b])
}

#[tokio::test]
async fn the_clients_arguments_and_those_that_are_required() {
    let both = json!({"items": [{"price": 10, "dollars": "11"}, {"price": 20, "dollars": "22"}]});
    assert_eq!(prices().run(r#"{ items { price(in: "EUR") dollars } }"#).await.good(), &both);
    let query = "query($in: String) { items { price(in: $in) dollars } }";
    assert_eq!(prices().run_with(query, json!({"in": "EUR"})).await.good(), &both);
    let same = json!({"items": [{"price": 11, "dollars": "11"}, {"price": 22, "dollars": "22"}]});
    assert_eq!(prices().run(r#"{ items { price(in: "USD") dollars } }"#).await.good(), &same);
}

const TITLES: [&str; 2] = [r#"{"__typename":"Text","text":"t"}"#, r#"{"__typename":"Picture","url":"u"}"#];

#[tokio::test]
async fn fragments_that_are_required_and_the_clients() {
    let query = "{ items { title data { ... on Text { text: words } ... on Picture { text: url __typename: url } } } }";
    let expected = json!({"items": [
        {"title": TITLES[0], "data": {"text": "w"}},
        {"title": TITLES[1], "data": {"text": "u", "__typename": "u"}},
    ]});
    assert_eq!(prices().run(query).await.good(), &expected);
}

#[tokio::test]
async fn aliases_that_shadow_what_is_required() {
    let answer = prices().run("{ items { price: id data: dollars id: title } }").await;
    let expected = json!({"items": [
        {"price": "1", "data": "11", "id": TITLES[0]},
        {"price": "2", "data": "22", "id": TITLES[1]},
    ]});
    assert_eq!(answer.good(), &expected);
}

#[tokio::test]
async fn requirements_of_each_other_that_can_be_met() {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            type Query { item: Item }
            type Item @key(fields: "id") { id: ID! x: Int y: String @external z: String @requires(fields: "y") }
        "#,
        data: json!({
            "Query": {"item": {"$ref": "Item:1"}},
            "Item": [{"id": "1", "x": 5, "z": {"$join": ["y", "id"]}}],
        }),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"
            type Item @key(fields: "id") { id: ID! x: Int @external y: String @requires(fields: "x") }
        "#,
        data: json!({"Item": [{"id": "1", "y": {"$join": ["x", "id"]}}]}),
    };
    let graph = Graph::new(vec![a, b]);
    let (y, z) = (r#"5 "1""#, r#""5 \"1\"" "1""#);
    assert_eq!(graph.run("{ item { z } }").await.good(), &json!({"item": {"z": z}}));
    let answer = graph.run("{ item { x: z z: y y: x } }").await;
    assert_eq!(answer.good(), &json!({"item": {"x": z, "z": y, "y": 5}}));
}

/// What a conditional field requires may itself require something, which isn't there without the condition; a field
/// beside it that nobody has to bring anything for is.
#[tokio::test]
async fn requirements_of_a_conditional_field() {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"type Query { item: Item } type Item @key(fields: "sku") { sku: ID! }"#,
        data: json!({"Query": {"item": {"sku": "1"}}}),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"type Item @key(fields: "sku") { sku: ID! deep: Int }"#,
        data: json!({"Item": [{"id": "1", "sku": "1", "deep": 4}]}),
    };
    let c = SubgraphCase {
        name: "c",
        sdl: r#"type Item @key(fields: "sku") { sku: ID! id: ID! deep: Int @external half: String @requires(fields: "deep") }"#,
        data: json!({"Item": [{"id": "1", "sku": "1", "half": {"$join": ["deep"]}}]}),
    };
    let d = SubgraphCase {
        name: "d",
        sdl: r#"type Item @key(fields: "sku") { sku: ID! half: String @external whole: String @requires(fields: "half") }"#,
        data: json!({"Item": [{"id": "1", "sku": "1", "whole": {"$join": ["half"]}}]}),
    };
    let graph = Graph::new(vec![a, b, c, d]);
    let query = "query($yes: Boolean!) { item { whole @include(if: $yes) id } }";
    let answer = graph.run_with(query, json!({"yes": true})).await;
    assert_eq!(answer.good(), &json!({"item": {"whole": r#""4""#, "id": "1"}}));
    let answer = graph.run_with(query, json!({"yes": false})).await;
    assert_eq!(answer.good(), &json!({"item": {"id": "1"}}));
    assert_eq!(answer.asked(), ["a", "c"]);
}

#[tokio::test]
async fn requirements_of_requirements() {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"type Query { item: Item } type Item @key(fields: "id") { id: ID! w: Int }"#,
        data: json!({"Query": {"item": {"$ref": "Item:1"}}, "Item": [{"id": "1", "w": 5}]}),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"type Item @key(fields: "id") { id: ID! w: Int @external x: String @requires(fields: "w") }"#,
        data: json!({"Item": [{"id": "1", "x": {"$join": ["w"]}}]}),
    };
    let c = SubgraphCase {
        name: "c",
        sdl: r#"
            type Item @key(fields: "id") { id: ID! x: String @external y: Part @requires(fields: "x") }
            type Part { deep: Int }
        "#,
        data: json!({"Item": [{"id": "1", "y": {"deep": 6}}]}),
    };
    let d = SubgraphCase {
        name: "d",
        sdl: r#"
            type Item @key(fields: "id") { id: ID! y: Part @external z: String @requires(fields: "y { deep }") }
            type Part { deep: Int @external }
        "#,
        data: json!({"Item": [{"id": "1", "z": {"$join": ["y"]}}]}),
    };
    let graph = Graph::new(vec![a, b, c, d]);
    let answer = graph.run("{ item { z } }").await;
    assert_eq!(answer.good(), &json!({"item": {"z": r#"{"deep":6}"#}}));
    assert_eq!(answer.asked(), ["a", "b", "c", "d"]);
    assert_eq!(answer.representations("c"), [json!({"__typename": "Item", "id": "1", "x": "5"})]);
    let answer = graph.run("{ item { y: z w: x x: w } }").await;
    assert_eq!(answer.good(), &json!({"item": {"y": r#"{"deep":6}"#, "w": "5", "x": 5}}));
}
