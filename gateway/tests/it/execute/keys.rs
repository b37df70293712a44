//! Keys and what is sent as them; what abstract types have where.

use serde_json::{Value as Json, json};

use super::{Graph, SubgraphCase, selections::shop};

/// Items that are known by their code and the row of their shelf.
fn stock(items: Json) -> Graph {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            type Query { items: [Item] }
            type Item @key(fields: "code shelf { row }") { code: String shelf: Shelf }
            type Shelf @shareable { row: Int }
        "#,
        data: json!({"Query": {"items": items}}),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"
            type Item @key(fields: "code shelf { row }") { code: String shelf: Shelf price: Int }
            type Shelf @shareable { row: Int }
        "#,
        data: json!({"Item": [{"code": "good", "shelf": {"row": 1}, "price": 5}]}),
    };
    Graph::new(vec![a, b])
}

#[tokio::test]
async fn a_key_with_a_null_in_it_is_not_sent() {
    let good = json!({"code": "good", "shelf": {"row": 1}});
    let sent = json!({"__typename": "Item", "code": "good", "shelf": {"row": 1}});
    for bad in [
        json!({"code": null, "shelf": {"row": 1}}),
        json!({"code": "good", "shelf": null}),
        json!({"code": "good", "shelf": {"row": null}}),
    ] {
        let answer = stock(json!([bad, good])).run("{ items { price } }").await;
        assert_eq!(answer.good(), &json!({"items": [{"price": null}, {"price": 5}]}), "{bad}");
        assert_eq!(answer.representations("b"), std::slice::from_ref(&sent), "{bad}");
        let answer = stock(json!([bad])).run("{ items { price } }").await;
        assert_eq!(answer.good(), &json!({"items": [{"price": null}]}), "{bad}");
        assert_eq!(answer.asked(), ["a"], "{bad}");
    }
}

#[tokio::test]
async fn variables_of_the_clients_go_by_any_name() {
    let query = "query($representations: ID!, $_r0: Int, $_e0: Int) {
        user(id: $representations) { reviews(first: $_e0) { text } }
        me { reviews(first: $_r0) { text } } }";
    let variables = json!({"representations": "2", "_r0": 1, "_e0": 1});
    let answer = shop().run_with(query, variables).await;
    let expected = json!({"user": {"reviews": []}, "me": {"reviews": [{"text": "good"}]}});
    assert_eq!(answer.good(), &expected);
    assert_eq!(answer.asked(), ["users", "reviews"]);
}

fn library() -> Graph {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            type Query {
                media: [Media] @provides(fields: "... on Book { title }")
                works: [Work] @provides(fields: "title ... on Film { minutes }")
            }
            union Media = Book | Film
            interface Work { title: String }
            type Book implements Work @key(fields: "id") { id: ID! title: String @external }
            type Film implements Work @key(fields: "id") { id: ID! title: String @external minutes: Int @external }
        "#,
        data: json!({
            "Query": {
                "media": [{"$ref": "Book:1"}, {"__typename": "Film", "id": "1"}],
                "works": [{"$ref": "Film:1"}, {"$ref": "Book:1"}],
            },
            "Book": [{"id": "1", "title": "B"}],
            "Film": [{"id": "1", "title": "F", "minutes": 90}],
        }),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"
            type Book @key(fields: "id") { id: ID! title: String }
            type Film @key(fields: "id") { id: ID! title: String minutes: Int }
        "#,
        data: json!({"Book": [{"id": "1", "title": "B"}], "Film": [{"id": "1", "title": "F", "minutes": 90}]}),
    };
    Graph::new(vec![a, b])
}

#[tokio::test]
async fn what_is_provided_on_abstract_types_is_not_fetched_again() {
    let graph = library();
    let answer = graph.run("{ media { __typename ... on Book { title } } }").await;
    let expected = json!({"media": [{"__typename": "Book", "title": "B"}, {"__typename": "Film"}]});
    assert_eq!(answer.good(), &expected);
    assert_eq!(answer.asked(), ["a"]);
    let answer = graph.run("{ works { title ... on Film { minutes } } }").await;
    assert_eq!(answer.good(), &json!({"works": [{"title": "F", "minutes": 90}, {"title": "B"}]}));
    assert_eq!(answer.asked(), ["a"]);
    let answer = graph.run("{ media { ... on Book { title } ... on Film { title } } }").await;
    assert_eq!(answer.good(), &json!({"media": [{"title": "B"}, {"title": "F"}]}));
    assert_eq!(answer.representations("b"), [json!({"__typename": "Film", "id": "1"})]);
}

#[tokio::test]
async fn fields_of_an_interface_that_only_one_implementation_has_here() {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            type Query { nodes: [Node!]! }
            interface Node { id: ID! name: String }
            type A implements Node @key(fields: "id") { id: ID! name: String }
            type B implements Node @key(fields: "id") { id: ID! name: String @external }
        "#,
        data: json!({
            "Query": {"nodes": [{"$ref": "B:1"}, {"$ref": "A:1"}, {"$ref": "B:2"}]},
            "A": [{"id": "1", "name": "here"}],
            "B": [{"id": "1", "name": "not from here"}, {"id": "2"}],
        }),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"type B @key(fields: "id") { id: ID! name: String size: Int }"#,
        data: json!({"B": [{"id": "1", "name": "there", "size": 3}, {"id": "2", "name": null, "size": 4}]}),
    };
    let graph = Graph::new(vec![a, b]);
    let answer = graph.run("{ nodes { id name ... on B { size } } }").await;
    let expected = json!({"nodes": [
        {"id": "1", "name": "there", "size": 3}, {"id": "1", "name": "here"}, {"id": "2", "name": null, "size": 4},
    ]});
    assert_eq!(answer.good(), &expected);
    assert_eq!(answer.representations("b").len(), 2);
    let answer = graph.run("{ nodes { id } }").await;
    assert_eq!(answer.good(), &json!({"nodes": [{"id": "1"}, {"id": "1"}, {"id": "2"}]}));
    assert_eq!(answer.asked(), ["a"]);
}

/// Boxes whose things are of a union that each subgraph has other members of.
fn boxes() -> Graph {
    let common = || json!({"__typename": "Common", "label": "L"});
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            type Query { ofA: Box  both: Box @shareable }
            type Box @key(fields: "id") { id: ID! inner: Inner @shareable }
            type Inner @shareable { things: [Thing!] }
            union Thing = Common | OnlyA
            type Common @shareable { label: String }
            type OnlyA { a: String }
        "#,
        data: json!({
            "Query": {"ofA": {"$ref": "Box:1"}, "both": {"$ref": "Box:1"}},
            "Box": [{"id": "1", "inner": {"things": [common(), {"__typename": "OnlyA", "a": "A"}]}}],
        }),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"
            type Query { both: Box @shareable }
            type Box @key(fields: "id") { id: ID! inner: Inner @shareable  alone: Inner }
            type Inner @shareable { things: [Thing!] }
            union Thing = Common | OnlyB
            type Common @shareable { label: String }
            type OnlyB { b: String }
        "#,
        data: json!({
            "Query": {"both": {"$ref": "Box:1"}},
            "Box": [{"id": "1", "inner": {"things": [common()]},
                "alone": {"things": [{"__typename": "OnlyB", "b": "B"}, common()]}}],
        }),
    };
    Graph::new(vec![a, b])
}

#[tokio::test]
async fn members_of_a_union_that_not_every_source_has() {
    let graph = boxes();
    let all = "__typename ... on Common { label } ... on OnlyA { a } ... on OnlyB { b }";
    let common = json!({"__typename": "Common", "label": "L"});
    let answer = graph.run(&format!("{{ ofA {{ inner {{ things {{ {all} }} }} }} }}")).await;
    let things = json!({"things": [common, {"__typename": "OnlyA", "a": null}]});
    assert_eq!(answer.good(), &json!({"ofA": {"inner": things}}), "not every source could tell what it has");
    let answer = graph.run(&format!("{{ both {{ alone {{ things {{ {all} }} }} }} }}")).await;
    let things = json!({"things": [{"__typename": "OnlyB", "b": "B"}, common]});
    assert_eq!(answer.good(), &json!({"both": {"alone": things}}));
}
