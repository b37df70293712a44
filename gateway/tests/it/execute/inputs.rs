//! Arguments and variables on their way to subgraphs.

use serde_json::{Value as Json, json};

use super::{Graph, SubgraphCase};

fn graph() -> Graph {
    let a = SubgraphCase {
        name: "a",
        sdl: r#"
            directive @oneOf on INPUT_OBJECT
            type Query { find(by: By, limit: Int = 5): Item  item: Item }
            input By @oneOf { id: ID name: String }
            type Item @key(fields: "id") { id: ID! }
        "#,
        data: json!({"Query": {"find": {"$ref": "Item:1"}, "item": {"$ref": "Item:1"}}, "Item": [{"id": "1"}]}),
    };
    let b = SubgraphCase {
        name: "b",
        sdl: r#"type Item @key(fields: "id") { id: ID! near(within: Int, unit: String = "km"): Int }"#,
        data: json!({"Item": [{"id": "1", "near": 9}]}),
    };
    Graph::new(vec![a, b])
}

/// The variables that a subgraph was sent, representations aside.
async fn sent(subgraph: &str, query: &str, variables: Json) -> Json {
    let answer = graph().run_with(query, variables).await;
    answer.good();
    let (_, request) = answer.requests.iter().find(|(name, _)| name == subgraph).unwrap();
    let mut variables = request["variables"].clone();
    if let Some(variables) = variables.as_object_mut() {
        variables.remove("representations");
    }
    variables
}

#[tokio::test]
async fn absent_is_not_null() {
    let query = "query($within: Int, $unit: String) { item { near(within: $within, unit: $unit) } }";
    assert_eq!(sent("b", query, json!({})).await, json!({}));
    assert_eq!(sent("b", query, json!({"within": null})).await, json!({"within": null}));
    assert_eq!(
        sent("b", query, json!({"unit": null, "within": 3})).await,
        json!({"within": 3, "unit": null})
    );
}

#[tokio::test]
async fn a_default_of_the_operation_is_sent_and_a_default_of_the_schema_is_the_subgraphs() {
    let query = "query($within: Int = 7, $unit: String) { item { near(within: $within, unit: $unit) } }";
    assert_eq!(sent("b", query, json!({})).await, json!({"within": 7}));
    assert_eq!(sent("b", query, json!({"within": null})).await, json!({"within": null}));
}

#[tokio::test]
async fn variables_reach_only_those_who_are_asked_with_them() {
    let query = "query($within: Int, $by: By) { find(by: $by) { near(within: $within) } }";
    let variables = json!({"within": 1, "by": {"name": "n"}});
    assert_eq!(sent("a", query, variables.clone()).await, json!({"by": {"name": "n"}}));
    assert_eq!(sent("b", query, variables).await, json!({"within": 1}));
}

#[tokio::test]
async fn one_of_an_input_is_sent_as_it_came() {
    let answer = graph().run("{ find(by: { id: 1 }) { id } }").await;
    assert_eq!(answer.good(), &json!({"find": {"id": "1"}}));
    assert!(
        answer.requests[0].1["query"].as_str().unwrap().contains("find(by: {id: 1})"),
        "{:?}",
        answer.requests
    );
}
