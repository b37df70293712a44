//! Values that clients may not see, where null isn't allowed in their place.

use serde_json::{Value as Json, json};

use super::graph::Answer;
use super::{Graph, SubgraphCase};

fn hotel() -> Graph {
    Graph::new(vec![SubgraphCase {
        name: "guests",
        sdl: r#"
            type Query { guests: [Guest!]  best: Guest }
            type Guest { name: String  mood: Mood!  moods: [Mood!]  days: [[Mood!]!]! }
            enum Mood { GOOD SECRET @inaccessible }
        "#,
        data: json!({"Query": {
            "guests": [
                {"name": "Ann", "mood": "GOOD", "moods": ["GOOD"], "days": [["GOOD"], []]},
                {"name": "Bob", "mood": "SECRET", "moods": ["GOOD", "SECRET"], "days": [["GOOD"]]},
            ],
            "best": {"name": "Eve", "mood": "SECRET", "moods": null, "days": [[], ["GOOD", "SECRET"]]},
        }}),
    }])
}

fn paths(answer: &Answer) -> Vec<Json> {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    errors.map(|error| error["path"].clone()).collect()
}

#[tokio::test]
async fn a_hidden_value_takes_the_nearest_nullable_place_along() {
    let answer = hotel().run("{ best { name mood } guests { name moods } }").await;
    let (ann, bob) = (json!({"name": "Ann", "moods": ["GOOD"]}), json!({"name": "Bob", "moods": null}));
    assert_eq!(answer.data(), &json!({"best": null, "guests": [ann, bob]}));
    assert_eq!(paths(&answer), [json!(["best", "mood"]), json!(["guests", 1, "moods", 1])]);
}

#[tokio::test]
async fn a_hidden_value_takes_lists_along() {
    let answer = hotel().run("{ best { days } guests { days } }").await;
    let days = json!([{"days": [["GOOD"], []]}, {"days": [["GOOD"]]}]);
    assert_eq!(answer.data(), &json!({"best": null, "guests": days}));
    assert_eq!(paths(&answer), [json!(["best", "days", 1, 1])]);
    // Items of the list of guests are never null: the whole list goes.
    let answer = hotel().run("{ guests { mood } best { name } }").await;
    assert_eq!(answer.data(), &json!({"guests": null, "best": {"name": "Eve"}}));
    assert_eq!(paths(&answer), [json!(["guests", 1, "mood"])]);
}
