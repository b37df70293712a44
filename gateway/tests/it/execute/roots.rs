//! Root types: mutations that several subgraphs could run, other names, events.

use serde_json::json;

use super::{Graph, SubgraphCase};

fn counters() -> Graph {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            type Query { t: T }
            type Mutation { bump: Int @shareable  add: T @shareable }
            type T @key(fields: "id") { id: ID! }
        "#,
        data: json!({"Mutation": {"bump": {"$tick": "bump"}, "add": {"$ref": "T:1"}}, "T": [{"id": "1"}]}),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"
            type Mutation { bump: Int @shareable  add: T @shareable  own: Int }
            type T @key(fields: "id") { id: ID! name: String }
        "#,
        data: json!({
            "Mutation": {"bump": {"$tick": "bump"}, "add": {"$ref": "T:1"}, "own": 7},
            "T": [{"id": "1", "name": "N"}],
        }),
    };
    Graph::new(vec![a, b])
}

#[tokio::test]
async fn a_shareable_mutation_runs_in_one_subgraph() {
    let answer = counters().run("mutation { bump }").await;
    assert_eq!(answer.good(), &json!({"bump": 1}));
    assert_eq!(answer.requests.len(), 1);
    let answer = counters().run("mutation { add { id name } }").await;
    assert_eq!(answer.good(), &json!({"add": {"id": "1", "name": "N"}}));
    assert_eq!(answer.mutations(), 1);
    let answer = counters().run("mutation { bump own again: bump }").await;
    assert_eq!((&answer.good()["bump"], &answer.good()["own"]), (&json!(1), &json!(7)));
    let sent =
        answer.requests.iter().map(|(_, request)| request["query"].to_string().matches("bump").count());
    assert_eq!(sent.sum::<usize>(), 2, "each field is called by one: {:?}", answer.requests);
}

fn renamed() -> Graph {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            schema { query: Root mutation: Change }
            type Root { me: Root  a: Int  item: Item }
            type Change { set: Root }
            type Item @key(fields: "id") { id: ID! name: String }
        "#,
        data: json!({
            "Root": {"me": {"a": 1, "me": {"a": 2}, "item": {"$ref": "Item:1"}}, "a": 3},
            "Change": {"set": {"a": 4}},
            "Item": [{"id": "1", "name": "I"}],
        }),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"
            schema { query: Ask mutation: Do }
            type Ask { b: Int }
            type Do { other: Int }
            type Item @key(fields: "id") { id: ID! size: Int }
        "#,
        data: json!({"Ask": {"b": 5}, "Do": {"other": 6}, "Item": [{"id": "1", "size": 8}]}),
    };
    Graph::new(vec![a, b])
}

#[tokio::test]
async fn renamed_root_types_go_by_their_usual_names() {
    let answer = renamed().run("{ __typename me { __typename a me { a __typename } } b }").await;
    let inner = json!({"a": 2, "__typename": "Query"});
    let me = json!({"__typename": "Query", "a": 1, "me": inner});
    assert_eq!(answer.good(), &json!({"__typename": "Query", "me": me, "b": 5}));
    let answer = renamed().run("mutation { __typename set { __typename a } other }").await;
    let set = json!({"__typename": "Query", "a": 4});
    assert_eq!(answer.good(), &json!({"__typename": "Mutation", "set": set, "other": 6}));
}

/// The query root has no key: what an object of it lacks is asked for at the root.
#[tokio::test]
async fn below_a_renamed_root_type_everything_is_there() {
    let answer = renamed().run("{ me { a b item { name size } } }").await;
    let item = json!({"name": "I", "size": 8});
    assert_eq!(answer.good(), &json!({"me": {"a": 1, "b": 5, "item": item}}));
    let answer = renamed().run("mutation { set { a b } other }").await;
    assert_eq!(answer.good(), &json!({"set": {"a": 4, "b": 5}, "other": 6}));
    assert_eq!(answer.mutations(), 2);
}

fn changes() -> Graph {
    let products = SubgraphCase {
        name: "products",
        sdl: r#"
            type Query { top: Product }
            type Subscription { changed: Product }
            type Product @key(fields: "id") { id: ID! name: String }
        "#,
        data: json!({"Product": [{"id": "1", "name": "P"}, {"id": "2", "name": "Q"}]}),
    };
    let reviews = SubgraphCase {
        name: "reviews",
        sdl: r#"
            type Product @key(fields: "id") { id: ID! reviews: [Review!] }
            type Review { text: String product: Product }
        "#,
        data: json!({"Product": [
            {"id": "1", "reviews": [{"text": "T", "product": {"$ref": "Product:2"}}]}, {"id": "2"},
        ]}),
    };
    Graph::new(vec![products, reviews])
}

#[tokio::test]
async fn an_event_is_followed_by_lookups() {
    let graph = changes();
    let query = "subscription { changed { name reviews { text product { name } } } }";
    let answer = graph.event(query, json!({"data": {"changed": {"name": "P", "id": "1"}}})).await;
    let reviews = json!([{"text": "T", "product": {"name": "Q"}}]);
    assert_eq!(answer.good(), &json!({"changed": {"name": "P", "reviews": reviews}}));
    assert_eq!(answer.asked(), ["reviews", "products"]);
    let answer = graph.event(query, json!({"data": {"changed": null}})).await;
    assert_eq!(answer.good(), &json!({"changed": null}));
    assert_eq!(answer.asked(), [""; 0]);
    let failed = json!({"data": {"changed": null}, "errors": [{"message": "gone", "path": ["changed"]}]});
    assert_eq!(graph.event(query, failed).await.errors(), [r#"["changed"]: gone"#]);
}
