//! What the client is told, and what it gets nevertheless.

use serde_json::json;

use super::{Graph, SubgraphCase, selections::shop};

#[tokio::test]
async fn the_rest_is_answered_when_a_subgraph_is_down() {
    let answer = shop().without("reviews").run("{ users { name score } me { age } }").await;
    let (ann, bob) = (json!({"name": "Ann", "score": null}), json!({"name": "Bob", "score": null}));
    assert_eq!(answer.data(), &json!({"users": [ann, bob, ann], "me": {"age": 30}}));
    assert_eq!(answer.errors(), [r#"["users",0,"score"]: Nobody is there"#]);
    let extensions = &answer.body["errors"][0]["extensions"];
    assert_eq!(
        (&extensions["code"], &extensions["service"]),
        (&json!("SUBGRAPH_UNAVAILABLE"), &json!("reviews"))
    );
}

#[tokio::test]
async fn a_non_null_field_of_a_subgraph_that_is_down_is_one_error() {
    let answer = shop().without("reviews").run("{ users { name reviews { text } } me { age } }").await;
    assert_eq!(answer.data(), &json!(null), "users are never null, and neither are their reviews");
    assert_eq!(answer.errors(), [r#"["users",0,"reviews"]: Nobody is there"#]);
    let answer = shop().without("reviews").run("{ me { reviews { text } } users { name } }").await;
    assert_eq!(answer.data()["me"], json!(null));
    assert_eq!(answer.data()["users"][1], json!({"name": "Bob"}));
    assert_eq!(answer.errors(), [r#"["me","reviews"]: Nobody is there"#]);
}

/// Rooms and the guests in them; what the second subgraph says of guests is often wrong.
fn hotel() -> Graph {
    let rooms = SubgraphCase {
        name: "rooms",
        sdl: r#"
            type Query { rooms: [Room!]!  broken: Int }
            type Room { number: Int!  guests: [Guest] }
            type Guest @key(fields: "id") { id: ID }
        "#,
        data: json!({
            "Query": {
                "rooms": [
                    {"number": 7, "guests": [{"$ref": "Guest:1"}, {"$ref": "Guest:2"}]},
                    {"number": 8, "guests": [{"id": null}, {"$ref": "Guest:2"}, {"$ref": "Guest:404"}]},
                ],
                "broken": {"$error": "pipe"},
            },
            "Guest": [{"id": "1"}, {"id": "2"}, {"id": "404"}],
        }),
    };
    let guests = SubgraphCase {
        name: "guests",
        sdl: r#"
            type Guest @key(fields: "id") { id: ID  name: String!  bill: Bill  mood: Mood }
            type Bill { total: Int!  lines: [Line!] }
            type Line { text: String! }
            enum Mood { GOOD SECRET @inaccessible }
        "#,
        data: json!({
            "Guest": [
                {"id": "1", "name": "Ann", "bill": {"total": 5, "lines": [{"text": "a"}, {"text": {"$error": "ink"}}]}, "mood": "GOOD"},
                {"id": "2", "name": "Bob", "bill": {"total": {"$error": "sum"}}, "mood": "SECRET"},
            ],
        }),
    };
    Graph::new(vec![rooms, guests])
}

#[tokio::test]
async fn errors_carry_the_clients_own_paths_to_every_place() {
    let answer = hotel().run("{ all: rooms { who: guests { cost: bill { sum: total } } } }").await;
    let bob = json!({"cost": null});
    let expected = json!({"all": [
        {"who": [{"cost": {"sum": 5}}, bob]},
        {"who": [{"cost": null}, bob, {"cost": null}]},
    ]});
    assert_eq!(answer.data(), &expected);
    let errors = [r#"["all",0,"who",1,"cost","sum"]: sum"#, r#"["all",1,"who",1,"cost","sum"]: sum"#];
    assert_eq!(answer.errors(), errors);
    assert_eq!(answer.body["errors"][0]["extensions"], json!({"service": "guests"}));
}

#[tokio::test]
async fn errors_below_lists_carry_their_indexes() {
    let answer = hotel().run("{ rooms { guests { bill { lines { text } } } } }").await;
    let path = r#"["rooms",0,"guests",0,"bill","lines",1,"text"]: ink"#;
    assert!(answer.errors().contains(&path.to_owned()), "{:?}", answer.errors());
    assert_eq!(answer.data()["rooms"][0]["guests"][0], json!({"bill": {"lines": null}}));
}

#[tokio::test]
async fn objects_without_a_key_are_not_asked_about() {
    let answer = hotel().run("{ rooms { guests { name } } }").await;
    let guests: Vec<_> = answer.representations("guests").iter().map(|one| one["id"].clone()).collect();
    assert_eq!(guests, [json!("1"), json!("2"), json!("404")]);
    let expected = json!({"rooms": [
        {"guests": [{"name": "Ann"}, {"name": "Bob"}]},
        {"guests": [null, {"name": "Bob"}, null]},
    ]});
    assert_eq!(answer.data(), &expected);
    let missing = "Cannot return null for non-nullable field Guest.name.";
    assert_eq!(answer.errors(), [0, 2].map(|at| format!(r#"["rooms",1,"guests",{at},"name"]: {missing}"#)));
}

#[tokio::test]
async fn values_that_the_client_may_not_see_are_null() {
    let answer = hotel().run("{ rooms { guests { mood } } }").await;
    assert_eq!(answer.data()["rooms"][0]["guests"], json!([{"mood": "GOOD"}, {"mood": null}]));
    assert!(!answer.text.contains("SECRET"), "{}", answer.text);
    assert_eq!(answer.errors().len(), 2);
}

#[tokio::test]
async fn errors_of_root_fields_stay_theirs() {
    let answer = hotel().run("{ bust: broken rooms { number } }").await;
    assert_eq!(answer.data(), &json!({"bust": null, "rooms": [{"number": 7}, {"number": 8}]}));
    assert_eq!(answer.errors(), [r#"["bust"]: pipe"#]);
}
