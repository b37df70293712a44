//! Entities of several types, requirements, and mutations.

use serde_json::json;

use super::{Graph, SubgraphCase};

/// A feed of abstract type whose items are entities elsewhere.
fn feed() -> Graph {
    let feed = SubgraphCase {
        name: "feed",
        sdl: r#"
            type Query { feed: [Item!]!  media: [Media] }
            union Item = Book | Film | Note
            interface Media { id: ID! }
            type Book implements Media @key(fields: "id") { id: ID! text(length: Int): String }
            type Film implements Media @key(fields: "id") { id: ID! text(length: Int): String }
            type Note { text: String }
        "#,
        data: json!({
            "Query": {
                "feed": [{"$ref": "Book:1"}, {"$ref": "Film:1"}, {"__typename": "Note", "text": "n"}],
                "media": [{"$ref": "Film:1"}, null, {"$ref": "Book:1"}],
            },
            "Book": [{"id": "1", "text({\"length\":1})": "b", "text({\"length\":2})": "bb"}],
            "Film": [{"id": "1", "text({\"length\":1})": "f", "text({\"length\":2})": "ff"}],
        }),
    };
    let stock = SubgraphCase {
        name: "stock",
        sdl: r#"
            type Book @key(fields: "id") { id: ID! stock: Int!  pages: Int }
            type Film @key(fields: "id") { id: ID! stock: Int!  minutes: Int }
        "#,
        data: json!({
            "Book": [{"id": "1", "stock": 3, "pages": 99}],
            "Film": [{"id": "1", "stock": 0, "minutes": 120}],
        }),
    };
    Graph::new(vec![feed, stock])
}

#[tokio::test]
async fn members_of_a_union_are_asked_about_by_their_own_types() {
    let answer = feed()
        .run("{ feed { __typename ... on Book { stock pages } ... on Film { stock minutes } ... on Note { text } } }")
        .await;
    let expected = json!({"feed": [
        {"__typename": "Book", "stock": 3, "pages": 99},
        {"__typename": "Film", "stock": 0, "minutes": 120},
        {"__typename": "Note", "text": "n"},
    ]});
    assert_eq!(answer.good(), &expected);
    assert_eq!(answer.representations("stock").len(), 2);
}

#[tokio::test]
async fn implementations_of_an_interface_are_asked_about_by_their_own_types() {
    let answer = feed().run("{ media { id ... on Book { pages } ... on Film { minutes } } }").await;
    let expected = json!({"media": [{"id": "1", "minutes": 120}, null, {"id": "1", "pages": 99}]});
    assert_eq!(answer.good(), &expected);
}

#[tokio::test]
async fn one_key_with_different_arguments_on_different_types() {
    let answer =
        feed().run("{ feed { ... on Book { text(length: 1) } ... on Film { text(length: 2) } } }").await;
    assert_eq!(answer.good(), &json!({"feed": [{"text": "b"}, {"text": "ff"}, {}]}));
}

/// What GraphQL lets stand under one key on objects of different types, a subgraph can't always be asked for so.
#[tokio::test]
async fn one_key_with_different_types_on_different_objects() {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            type Query { all: [Any!] }
            union Any = Book | Film | Note
            type Book @key(fields: "id") { id: ID! parts: [String!]! }
            type Film { parts: [String]  size: Int! }
            type Note { parts: [String!]  size: Int }
        "#,
        data: json!({
            "Query": {"all": [
                {"$ref": "Book:1"},
                {"__typename": "Film", "parts": ["x", null], "size": 1},
                {"__typename": "Note", "parts": null, "size": null},
            ]},
            "Book": [{"id": "1", "parts": ["b"]}],
        }),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"type Book @key(fields: "id") { id: ID! size: Int }"#,
        data: json!({"Book": [{"id": "1", "size": 7}]}),
    };
    let graph = Graph::new(vec![a, b]);
    // The client's own schema must let it, so that each key has one type.
    let answer = graph.run("{ all { ... on Book { s: size p: parts } ... on Film { q: parts t: size } ... on Note { s: size r: parts } } }").await;
    let expected = json!({"all": [{"s": 7, "p": ["b"]}, {"q": ["x", null], "t": 1}, {"s": null, "r": null}]});
    assert_eq!(answer.good(), &expected);
}

/// The same field is non-null in one subgraph and nullable in the other, so one response key can't be both there.
#[tokio::test]
async fn a_field_that_is_promised_by_one_subgraph_only() {
    let sdl_a = r#"
        type Query { all: [Any!] }
        union Any = Book | Film
        type Book @key(fields: "id") { id: ID! size: Int! @shareable }
        type Film @key(fields: "id") { id: ID! size: Int @shareable }
    "#;
    let sdl_b = r#"
        type Book @key(fields: "id") { id: ID! size: Int @shareable }
        type Film @key(fields: "id") { id: ID! size: Int! @shareable }
    "#;
    let books = json!([{"id": "1", "size": 7}]);
    let films = json!([{"id": "2", "size": 8}]);
    let a = SubgraphCase {
        name: "a",
        sdl: sdl_a,
        data: json!({"Query": {"all": [{"$ref": "Book:1"}, {"$ref": "Film:2"}]}, "Book": books, "Film": films}),
    };
    let b = SubgraphCase { name: "b", sdl: sdl_b, data: json!({"Book": books, "Film": films}) };
    let answer = Graph::new(vec![a, b]).run("{ all { ... on Book { size } ... on Film { size } } }").await;
    assert_eq!(answer.good(), &json!({"all": [{"size": 7}, {"size": 8}]}));
}

/// A type of federation 1 that extends another subgraph's.
#[tokio::test]
async fn types_that_extend() {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"type Query { item: Item } type Item @key(fields: "id") { id: ID! size: Int name: String }"#,
        data: json!({"Query": {"item": {"$ref": "Item:1"}}, "Item": [{"id": "1", "size": 3, "name": "N"}]}),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"
            type Query @extends { top: Item }
            type Item @extends @key(fields: "id") { id: ID! @external size: Int @external price: String @requires(fields: "size") }
        "#,
        data: json!({"Query": {"top": {"$ref": "Item:1"}}, "Item": [{"id": "1", "price": {"$join": ["size"]}}]}),
    };
    let graph = Graph::new(vec![a, b]);
    let answer = graph.run("{ item { price } top { id name price } }").await;
    assert_eq!(
        answer.good(),
        &json!({"item": {"price": "3"}, "top": {"id": "1", "name": "N", "price": "3"}})
    );
}

fn orders() -> Graph {
    let products = SubgraphCase {
        name: "products",
        sdl: r#"
            type Query { products: [Product] }
            type Mutation { first: Int  third(by: Int): Int }
            type Product @key(fields: "id") { id: ID! price: Int  size: Size  tags: [String] }
            type Size { width: Int  height: Int }
        "#,
        data: json!({
            "Query": {"products": [{"$ref": "Product:1"}, {"$ref": "Product:2"}]},
            "Mutation": {"first": {"$tick": "first"}, "third": {"$tick": "third"}},
            "Product": [
                {"id": "1", "price": 10, "size": {"width": 1, "height": 2}, "tags": ["a", "b"]},
                {"id": "2", "price": null, "size": null, "tags": null},
            ],
        }),
    };
    let shipping = SubgraphCase {
        name: "shipping",
        sdl: r#"
            type Mutation { second: Product }
            type Product @key(fields: "id") {
                id: ID!
                price: Int @external
                size: Size @external
                tags: [String] @external
                label: String @requires(fields: "price size { width height } tags")
            }
            type Size { width: Int @external  height: Int @external }
        "#,
        data: json!({
            "Mutation": {"second": {"$ref": "Product:1"}},
            "Product": [{"id": "1", "label": {"$join": ["price", "size", "tags"]}}, {"id": "2", "label": {"$join": ["price", "size", "tags"]}}],
        }),
    };
    Graph::new(vec![products, shipping])
}

#[tokio::test]
async fn requirements_are_fetched_and_sent_as_they_came() {
    let answer = orders().run("{ products { label } }").await;
    let expected = json!({"products": [
        {"label": r#"10 {"width":1,"height":2} ["a","b"]"#},
        {"label": "null null null"},
    ]});
    assert_eq!(answer.good(), &expected);
}

#[tokio::test]
async fn mutations_run_in_order() {
    let answer = orders().run("mutation { a: third(by: 1) second { price } first }").await;
    assert_eq!(answer.text, r#"{"data":{"a":1,"second":{"price":10},"first":2}}"#);
    let asked: Vec<_> = answer.requests.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        asked,
        ["products", "shipping", "products", "products"],
        "what a root field needs comes before the next"
    );
    assert_eq!(answer.at_once, 1, "and has come before the next begins");
    let query = orders().run("{ products { label } a: products { price } }").await;
    assert!(query.at_once <= 2, "the same fetch isn't made twice");
}

#[tokio::test]
async fn a_mutation_that_fails_does_not_stop_those_after_it() {
    let answer = orders().without("shipping").run("mutation { first second { price } third }").await;
    assert_eq!(answer.data(), &json!({"first": 1, "second": null, "third": 2}));
    assert_eq!(answer.errors(), [r#"["second"]: Nobody is there"#]);
}

#[tokio::test]
async fn interface_objects_get_their_own_types() {
    let catalog = SubgraphCase {
        name: "catalog",
        sdl: r#"
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! title: String }
            type Book implements Media @key(fields: "id") { id: ID! title: String  pages: Int }
            type Film implements Media @key(fields: "id") { id: ID! title: String }
        "#,
        data: json!({
            "Query": {"media": [{"$ref": "Book:1"}, {"$ref": "Film:2"}]},
            "Book": [{"id": "1", "title": "B", "pages": 9}],
            "Film": [{"id": "2", "title": "F"}],
            "Media": [{"__typename": "Book", "id": "1", "title": "B", "pages": 9}, {"__typename": "Film", "id": "2", "title": "F"}],
        }),
    };
    let reviews = SubgraphCase {
        name: "reviews",
        sdl: r#"
            type Query { top: Media  worst: Media }
            type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int }
        "#,
        data: json!({
            "Query": {"top": {"$ref": "Media:2"}, "worst": {"$ref": "Media:3"}},
            "Media": [{"id": "1", "stars": 4}, {"id": "2", "stars": 5}, {"id": "3", "stars": 1}],
        }),
    };
    let graph = Graph::new(vec![catalog, reviews]);
    let answer = graph.run("{ media { __typename title stars ... on Book { pages } } }").await;
    let expected = json!({"media": [
        {"__typename": "Book", "title": "B", "stars": 4, "pages": 9},
        {"__typename": "Film", "title": "F", "stars": 5},
    ]});
    assert_eq!(answer.good(), &expected);
    let answer = graph.run("{ top { __typename stars title } }").await;
    assert_eq!(answer.good(), &json!({"top": {"__typename": "Film", "stars": 5, "title": "F"}}));
    let answer = graph.run("{ top { stars } }").await;
    assert_eq!(answer.good(), &json!({"top": {"stars": 5}}));
    assert_eq!(answer.requests.len(), 1);
    let answer = graph.run("{ worst { __typename stars } }").await;
    assert_eq!(
        answer.data(),
        &json!({"worst": null}),
        "nobody knows what it is, and an interface is no answer"
    );
    assert_eq!(
        answer.errors(),
        [r#"["worst"]: Nobody knows the type of this object, and what is selected depends on it."#]
    );
}

/// A subgraph that knows media by that name only, and whose ratings fail.
fn rated() -> Graph {
    let catalog = SubgraphCase {
        name: "catalog",
        sdl: r#"
            type Query { media: [Media] }
            interface Media @key(fields: "id") { id: ID! }
            type Book implements Media @key(fields: "id") { id: ID! pages: Int }
            type Film implements Media @key(fields: "id") { id: ID! }
        "#,
        data: json!({
            "Query": {"media": [{"$ref": "Book:1"}, {"$ref": "Film:2"}]},
            "Book": [{"id": "1", "pages": 9}],
            "Film": [{"id": "2"}],
            "Media": [{"__typename": "Book", "id": "1", "pages": 9}, {"__typename": "Film", "id": "2"}],
        }),
    };
    let ratings = SubgraphCase {
        name: "ratings",
        sdl: r#"
            type Query { best: [Media] }
            type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int  views: Int! }
        "#,
        data: json!({
            "Query": {"best": [{"$ref": "Media:1"}, {"$ref": "Media:2"}]},
            "Media": [
                {"id": "1", "stars": {"$error": "none"}, "views": {"$error": "unknown"}},
                {"id": "2", "stars": {"$error": "none"}, "views": {"$error": "unknown"}},
            ],
        }),
    };
    Graph::new(vec![catalog, ratings])
}

/// Whether the films' views fail, and by that their objects in the other subgraph, is nothing to the books.
#[tokio::test]
async fn an_interfaces_objects_are_asked_only_for_what_their_type_is() {
    let query = "{ media { __typename ... on Book { id } ... on Film { views } } }";
    let answer = rated().run(query).await;
    assert_eq!(answer.data(), &json!({"media": [{"__typename": "Book", "id": "1"}, null]}));
    assert_eq!(answer.errors(), [r#"["media",1,"views"]: unknown"#]);
    let sent = answer.representations("ratings");
    assert_eq!(sent, [json!({"__typename": "Media", "id": "2"})]);
    let query =
        "{ media { id ... on Book { stars } ... on Film { stars views @include(if: false) again: stars } } }";
    let answer = rated().run(query).await;
    let expected = json!({"media": [{"id": "1", "stars": null}, {"id": "2", "stars": null, "again": null}]});
    assert_eq!(answer.data(), &expected);
    let paths = [r#"["media",0,"stars"]"#, r#"["media",1,"again"]"#, r#"["media",1,"stars"]"#];
    let mut errors = answer.errors();
    errors.sort_unstable();
    assert_eq!(errors, paths.map(|path| format!("{path}: none")));
    assert_eq!(answer.asked(), ["catalog", "ratings"], "in one request");
}

/// There the objects are reached, so all of them are asked before anyone knows what they are.
#[tokio::test]
async fn what_fails_on_an_object_that_nobody_asked_for_it_is_no_error() {
    let query = "query($no: Boolean = false) {
        best { __typename ... on Film { stars } ... on Book { id stars @include(if: $no) } } }";
    let answer = rated().run(query).await;
    let expected =
        json!({"best": [{"__typename": "Book", "id": "1"}, {"__typename": "Film", "stars": null}]});
    assert_eq!(answer.data(), &expected);
    assert_eq!(answer.errors(), [r#"["best",1,"stars"]: none"#]);
    // Nor is it told of what the object itself has under that key.
    let answer = rated().run("{ best { ... on Film { k: stars } ... on Book { k: pages } } }").await;
    assert_eq!(answer.data(), &json!({"best": [{"k": 9}, {"k": null}]}));
    assert_eq!(answer.errors(), [r#"["best",1,"k"]: none"#]);
}

/// Where an object is reached by its interface's name it has answers to what others are asked: none of them may
/// be taken for its own, not even where its own is null.
#[tokio::test]
async fn what_was_asked_for_others_is_not_an_objects_own_value() {
    let catalog = SubgraphCase {
        name: "catalog",
        sdl: r#"
            type Query { media: [Media] }
            interface Media @key(fields: "id") { id: ID! }
            type Book implements Media @key(fields: "id") { id: ID! title: String author: Author }
            type Author { name: String }
            type Film implements Media @key(fields: "id") { id: ID! title: String }
        "#,
        data: json!({
            "Query": {"media": []},
            "Book": [{"id": "1", "title": null, "author": null}],
            "Film": [{"id": "2", "title": "F"}],
            "Media": [{"__typename": "Book", "id": "1"}, {"__typename": "Film", "id": "2", "title": "F"}],
        }),
    };
    let ratings = SubgraphCase {
        name: "ratings",
        sdl: r#"
            type Query { best: [Media] }
            type Media @key(fields: "id") @interfaceObject { id: ID! note: String by: Critic }
            type Critic { name: String }
        "#,
        data: json!({
            "Query": {"best": [{"$ref": "Media:1"}, {"$ref": "Media:2"}]},
            "Media": [{"id": "1", "note": "good", "by": {"name": "critic"}}, {"id": "2", "note": "better", "by": {"name": "critic"}}],
        }),
    };
    let graph = Graph::new(vec![catalog, ratings]);
    let answer = graph.run("{ best { ... on Book { it: title } ... on Film { it: note } } }").await;
    assert_eq!(answer.good(), &json!({"best": [{"it": null}, {"it": "better"}]}));
    let answer = graph.run("{ best { ... on Film { it: note } ... on Book { it: title } } }").await;
    assert_eq!(answer.good(), &json!({"best": [{"it": null}, {"it": "better"}]}));
    let query = "{ best { ... on Film { it: by { name } } ... on Book { it: author { name } } } }";
    let answer = graph.run(query).await;
    assert_eq!(answer.good(), &json!({"best": [{"it": null}, {"it": {"name": "critic"}}]}));
}
