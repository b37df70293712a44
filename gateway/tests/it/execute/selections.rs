//! What clients select, and under which keys.

use serde_json::json;

use super::{Graph, SubgraphCase};

/// Users in one subgraph, their reviews of products in another.
pub fn shop() -> Graph {
    let users = SubgraphCase {
        name: "users",
        sdl: r#"
            type Query { me: User  users: [User!]!  grid: [[User!]]  user(id: ID!): User }
            type User @key(fields: "id") { id: ID! name: String  age: Int  nick(style: String): String }
        "#,
        data: json!({
            "Query": {
                "me": {"$ref": "User:1"},
                "users": [{"$ref": "User:1"}, {"$ref": "User:2"}, {"$ref": "User:1"}],
                "grid": [[{"$ref": "User:1"}], null, [], [{"$ref": "User:2"}, {"$ref": "User:1"}]],
                "user({\"id\":\"2\"})": {"$ref": "User:2"},
            },
            "User": [
                {"id": "1", "name": "Ann", "age": 30, "nick": "A", "nick({\"style\":\"long\"})": "Annie"},
                {"id": "2", "name": "Bob", "age": null, "nick": "B"},
            ],
        }),
    };
    let reviews = SubgraphCase {
        name: "reviews",
        sdl: r#"
            type User @key(fields: "id") { id: ID! reviews(first: Int): [Review!]! score: Int }
            type Review { text: String! author: User! }
        "#,
        data: json!({
            "User": [
                {
                    "id": "1", "score": 5,
                    "reviews": [{"text": "good", "author": {"$ref": "User:1"}}, {"text": "bad", "author": {"$ref": "User:1"}}],
                    "reviews({\"first\":1})": [{"text": "good", "author": {"$ref": "User:1"}}],
                },
                {"id": "2", "score": null, "reviews": []},
            ],
        }),
    };
    Graph::new(vec![users, reviews])
}

#[tokio::test]
async fn one_subgraph_answers_alone() {
    let answer = shop().run("{ me { name age } }").await;
    assert_eq!(answer.text, r#"{"data":{"me":{"name":"Ann","age":30}}}"#);
    assert_eq!(answer.requests.len(), 1);
}

#[tokio::test]
async fn the_answer_is_in_the_clients_order() {
    let answer = shop().run("{ users { score name reviews { text } age } }").await;
    let ann = r#"{"score":5,"name":"Ann","reviews":[{"text":"good"},{"text":"bad"}],"age":30}"#;
    let bob = r#"{"score":null,"name":"Bob","reviews":[],"age":null}"#;
    assert_eq!(answer.text, format!(r#"{{"data":{{"users":[{ann},{bob},{ann}]}}}}"#));
    assert_eq!(answer.representations("reviews").len(), 2, "the same user is asked about once");
}

#[tokio::test]
async fn keys_that_the_client_hides_are_found_nevertheless() {
    let answer = shop().run("{ me { id: name name: score __typename: nick } }").await;
    assert_eq!(answer.good(), &json!({"me": {"id": "Ann", "name": 5, "__typename": "A"}}));
    let answer = shop().run("{ me { id: score kind: __typename _entities: name } }").await;
    assert_eq!(answer.good(), &json!({"me": {"id": 5, "kind": "User", "_entities": "Ann"}}));
}

#[tokio::test]
async fn one_field_with_several_arguments() {
    let answer = shop()
        .run(r#"{ me { a: nick b: nick(style: "long") reviews { text } few: reviews(first: 1) { author { name } } } }"#)
        .await;
    let reviews = json!([{"text": "good"}, {"text": "bad"}]);
    let few = json!([{"author": {"name": "Ann"}}]);
    assert_eq!(answer.good(), &json!({"me": {"a": "A", "b": "Annie", "reviews": reviews, "few": few}}));
}

#[tokio::test]
async fn lists_of_lists_keep_their_form() {
    let answer = shop().run("{ grid { name score } }").await;
    let (ann, bob) = (json!({"name": "Ann", "score": 5}), json!({"name": "Bob", "score": null}));
    assert_eq!(answer.good(), &json!({"grid": [[ann], null, [], [bob, ann]]}));
    assert_eq!(answer.representations("reviews").len(), 2);
}

#[tokio::test]
async fn variables_reach_the_subgraphs_that_use_them() {
    let query = "query($id: ID!, $first: Int = 1) { user(id: $id) { name reviews(first: $first) { text } } }";
    let answer = shop().run_with(query, json!({"id": 2})).await;
    assert_eq!(answer.good(), &json!({"user": null}), "the subgraph is asked for 2, not \"2\"");
    let answer = shop().run_with(query, json!({"id": "2"})).await;
    assert_eq!(answer.good(), &json!({"user": {"name": "Bob", "reviews": []}}));
    let (_, request) = answer.requests.iter().find(|(name, _)| name == "reviews").unwrap();
    assert_eq!(request["variables"]["first"], json!(1));
}

#[tokio::test]
async fn conditions_take_fetches_with_them() {
    let query = "query($with: Boolean!) { me { name score @include(if: $with) age @skip(if: $with) } }";
    let answer = shop().run_with(query, json!({"with": true})).await;
    assert_eq!(answer.text, r#"{"data":{"me":{"name":"Ann","score":5}}}"#);
    let answer = shop().run_with(query, json!({"with": false})).await;
    assert_eq!(answer.text, r#"{"data":{"me":{"name":"Ann","age":30}}}"#);
    assert_eq!(answer.requests.len(), 1);
}

#[tokio::test]
async fn a_key_that_is_skipped_is_fetched_for_who_needs_it() {
    let query = "query($with: Boolean!) { me { id @include(if: $with) score } }";
    for (with, expected) in [(true, r#"{"id":"1","score":5}"#), (false, r#"{"score":5}"#)] {
        let answer = shop().run_with(query, json!({"with": with})).await;
        assert_eq!(answer.text, format!(r#"{{"data":{{"me":{expected}}}}}"#));
    }
}

#[tokio::test]
async fn fragments_and_repeated_fields_merge() {
    let answer = shop()
        .run("{ me { ...A ...B reviews { author { score } } } } fragment A on User { name reviews { text } } fragment B on User { name age }")
        .await;
    let review = |text: &str| json!({"text": text, "author": {"score": 5}});
    let expected = json!({"me": {"name": "Ann", "reviews": [review("good"), review("bad")], "age": 30}});
    assert_eq!(answer.good(), &expected);
}
