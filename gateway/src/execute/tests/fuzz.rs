//! Whatever a subgraph answers, there is an answer.

use proptest::prelude::*;
use tributary_federation::plan::OutputInner;

use super::*;

fn token() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "1",
        "-1.5e3",
        "\"x\"",
        "\"data\"",
        "\"errors\"",
        "\"_entities\"",
        "\"users\"",
        "\"id\"",
        "\"name\"",
        "\"email\"",
        "\"friend\"",
        "\"path\"",
        "\"message\"",
        "\"extensions\"",
        "\"__typename\"",
        "\"User\"",
        "{\"data\":{\"_entities\":[",
        "{\"data\":{\"users\":[",
        "{\"email\":",
        "{\"friend\":{",
    ])
}

/// JSON in the vocabulary of the plans, so that much of it is nearly right.
fn nearly_right() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        Just(json!(1)),
        Just(json!("x")),
        Just(json!("User")),
        Just(json!([])),
        Just(json!(["_entities", 0, "email"])),
        Just(json!(["users", 0, "name", 3, "x"])),
        Just(json!(["_entities", 0, "friend", "name"])),
    ];
    let key = proptest::sample::select(vec![
        "users",
        "id",
        "name",
        "email",
        "friend",
        "leaf",
        "__typename",
        "path",
        "message",
    ]);
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::vec((key.clone(), inner), 0..5).prop_map(|entries| entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (any::<bool>(), any::<bool>(), 0usize..3).prop_map(|(email_non_null, chained, lists)| {
        let leaf = lists.checked_sub(1).map(|lists| (OutputInner::Int, lists));
        users(Fields { email_non_null, chained, leaf, ..Fields::default() })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(
        plan in any_plan(),
        a in proptest::collection::vec(token(), 0..24),
        b in proptest::collection::vec(token(), 0..24),
        right in any::<bool>(),
    ) {
        let users = if right { ANN_BOB_ANN.to_owned() } else { a.concat() };
        let answer = run_with(&plan, &Variables::default(), Limits::default(), |subgraph, _| {
            Ok(if subgraph == 0 { users.clone() } else { b.concat() })
        });
        prop_assert!(answer.data().is_null() || answer.data().is_object());
    }

    #[test]
    fn nearly_right_replies_give_well_formed_answers(
        plan in any_plan(),
        users in nearly_right(),
        first in nearly_right(),
        second in nearly_right(),
        errors in proptest::collection::vec(nearly_right(), 0..3),
        right in any::<bool>(),
    ) {
        let reply = |data: Json| json!({"data": data, "errors": errors}).to_string();
        let users = if right { ANN_BOB_ANN.to_owned() } else { reply(json!({"users": users})) };
        let answer = run_with(&plan, &Variables::default(), Limits::default(), |subgraph, _| {
            Ok(if subgraph == 0 { users.clone() } else { reply(json!({"_entities": [first, second]})) })
        });
        prop_assert!(answer.data().is_null() || answer.data()["users"].is_null() || answer.data()["users"].is_array());
        if let Some(users) = answer.data()["users"].as_array() {
            for user in users.iter().filter(|user| !user.is_null()) {
                prop_assert!(user["name"].is_string());
                prop_assert!(user["mail"].is_string() || user["mail"].is_null());
            }
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        struct Raw(Vec<u8>);
        impl Fetcher for Raw {
            async fn fetch(&self, _: SubgraphId, _: OperationKind, _: Bytes) -> Result<Bytes, FetchFailure> {
                Ok(self.0.clone().into())
            }
            fn service(&self, _: SubgraphId) -> &str {
                "raw"
            }
        }
        let variables = Variables::default();
        let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
        let result = execute(&users(Fields::default()), request, &Raw(bytes)).now_or_never().unwrap();
        prop_assert_eq!(result.data(), br#"{"users":null}"#);
        prop_assert_eq!(result.errors.len(), 1);
    }
}
