//! Plans made by hand, subgraphs made of strings.

mod fuzz;
mod plans;

use std::sync::Mutex;

use futures_util::FutureExt as _;
use serde_json::{Value as Json, json};
use tributary_federation::plan::VariableId;

use super::*;
use plans::{Fields, users};

/// Answers each request by what it says, and remembers it.
struct Subgraphs<R> {
    reply: R,
    requests: Mutex<Vec<String>>,
}

impl<R: Fn(usize, &str) -> Result<String, FetchFailure> + Sync> Fetcher for Subgraphs<R> {
    async fn fetch(
        &self,
        subgraph: SubgraphId,
        _: OperationKind,
        body: Bytes,
    ) -> Result<Bytes, FetchFailure> {
        let body = String::from_utf8(body.to_vec()).unwrap();
        self.requests.lock().unwrap().push(body.clone());
        (self.reply)(subgraph.0 as usize, &body).map(Bytes::from)
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        ["users", "mail", "other"][subgraph.0 as usize]
    }
}

/// What a plan came to.
struct Answer {
    body: Json,
    requests: Vec<String>,
}

impl Answer {
    fn data(&self) -> &Json {
        &self.body["data"]
    }

    /// Each error as `path: message`.
    fn errors(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Json| format!("{}: {}", error["path"], error["message"].as_str().unwrap());
        errors.iter().map(text).collect()
    }
}

fn run_with(
    plan: &Plan,
    variables: &Variables,
    limits: Limits,
    reply: impl Fn(usize, &str) -> Result<String, FetchFailure> + Sync,
) -> Answer {
    let subgraphs = Subgraphs { reply, requests: Mutex::default() };
    let request = ExecuteRequest { variables, introspection: &[], limits };
    let result = execute(plan, request, &subgraphs).now_or_never().expect("nothing here waits");
    let body = result.into_body(None);
    Answer {
        body: serde_json::from_slice(&body).unwrap(),
        requests: subgraphs.requests.into_inner().unwrap(),
    }
}

/// Runs a plan against one reply for each subgraph; an empty one is a failure.
fn run(plan: &Plan, replies: &[&str]) -> Answer {
    run_with(plan, &Variables::default(), Limits::default(), |subgraph, _| match replies[subgraph] {
        "" => Err(FetchFailure {
            code: "SUBGRAPH_UNAVAILABLE".into(),
            message: "No instance".into(),
            setting: None,
        }),
        reply => Ok(reply.to_owned()),
    })
}

const ANN_BOB_ANN: &str =
    r#"{"data":{"users":[{"id":"1","name":"Ann"},{"id":"2","name":"Bob"},{"name":"Ann","id":"1"}]}}"#;

#[test]
fn entities_are_asked_once_and_reach_every_object() {
    let mail =
        r#"{"data":{"_entities":[{"email":"a@x","friend":{"name":"Bob"}},{"email":"b@x","friend":null}]}}"#;
    let answer = run(&users(Fields::default()), &[ANN_BOB_ANN, mail]);
    let ann = json!({"name": "Ann", "mail": "a@x", "friend": {"name": "Bob"}});
    assert_eq!(
        answer.body,
        json!({"data": {"users": [ann, {"name": "Bob", "mail": "b@x", "friend": null}, ann]}})
    );
    assert_eq!(
        answer.requests[1],
        concat!(
            r#"{"query":"mail","variables":{"representations":["#,
            r#"{"__typename":"User","id":"1"},{"__typename":"User","id":"2"}]}}"#,
        )
    );
}

#[test]
fn nothing_is_sent_without_representations() {
    for users_reply in [r#"{"data":{"users":[]}}"#, r#"{"data":{"users":[{"id":null,"name":"X"}]}}"#] {
        let answer = run(&users(Fields::default()), &[users_reply, "panic"]);
        assert_eq!(answer.requests.len(), 1);
        assert_eq!(answer.errors(), [""; 0]);
    }
}

#[test]
fn subgraph_errors_reach_every_path_of_their_entity() {
    let mail = r#"{"data":{"_entities":[{"email":null},{"email":"b@x"}]},
        "errors":[{"message":"secret","path":["_entities",0,"email"],"extensions":{"code":"FORBIDDEN","x":1}}]}"#;
    let answer = run(&users(Fields { email_non_null: true, ..Fields::default() }), &[ANN_BOB_ANN, mail]);
    assert_eq!(
        answer.data(),
        &json!({"users": [null, {"name": "Bob", "mail": "b@x", "friend": null}, null]})
    );
    assert_eq!(answer.errors(), [r#"["users",0,"mail"]: secret"#, r#"["users",2,"mail"]: secret"#]);
    let extensions = json!({"code": "FORBIDDEN", "x": 1, "service": "mail"});
    assert_eq!(answer.body["errors"][0]["extensions"], extensions);
}

#[test]
fn an_unexplained_null_is_an_error_and_an_explained_one_is_not() {
    let fields = || Fields { email_non_null: true, ..Fields::default() };
    let bob = r#"{"data":{"users":[{"id":"2","name":"Bob"}]}}"#;
    let unexplained = [r#"["users",0,"mail"]: Cannot return null for non-nullable field User.email."#];
    for mail in [
        r#"{"data":{"_entities":[{"email":null}]}}"#,
        r#"{"data":{"_entities":[{}]}}"#,
        r#"{"data":{"_entities":[null]}}"#,
    ] {
        let answer = run(&users(fields()), &[bob, mail]);
        assert_eq!(answer.data(), &json!({"users": [null]}), "{mail}");
        assert_eq!(answer.errors(), unexplained, "{mail}");
    }
    for (mail, error) in [
        (
            r#"{"data":{"_entities":[null]},"errors":[{"message":"E","path":["_entities",0,"friend","name"]}]}"#,
            r#"["users",0,"friend","name"]: E"#,
        ),
        (
            r#"{"data":{"_entities":[null]},"errors":[{"message":"E","path":["_entities",0]}]}"#,
            r#"["users",0]: E"#,
        ),
        (r#"{"data":null,"errors":[{"message":"E"}]}"#, r#"["users",0,"mail"]: E"#),
        (r#"{"errors":[{"message":"E","path":["_entities"]}]}"#, r#"["users",0,"mail"]: E"#),
        ("", r#"["users",0,"mail"]: No instance"#),
    ] {
        let answer = run(&users(fields()), &[bob, mail]);
        assert_eq!(answer.data(), &json!({"users": [null]}), "{mail}");
        assert_eq!(answer.errors(), [error], "{mail}");
    }
}

#[test]
fn a_failed_fetch_leaves_the_rest_of_the_answer() {
    let answer = run(&users(Fields::default()), &[ANN_BOB_ANN, ""]);
    assert_eq!(answer.data()["users"][1], json!({"name": "Bob", "mail": null, "friend": null}));
    assert_eq!(answer.errors(), [r#"["users",0,"mail"]: No instance"#]);
    let extensions = json!({"code": "SUBGRAPH_UNAVAILABLE", "service": "mail",
        "paths": [["users", 1, "mail"], ["users", 2, "mail"]]});
    assert_eq!(answer.body["errors"][0]["extensions"], extensions);
    let answer = run(&users(Fields::default()), &["", ""]);
    assert_eq!(answer.data(), &json!({"users": null}));
    assert_eq!(answer.errors(), [r#"["users"]: No instance"#]);
    assert_eq!(answer.requests.len(), 1, "nobody is there to be asked about");
}

#[test]
fn what_depends_on_a_failed_fetch_is_explained_by_it() {
    let fields = Fields { email_non_null: true, chained: true, ..Fields::default() };
    let bob = r#"{"data":{"users":[{"id":"2","name":"Bob"}]}}"#;
    let answer = run(&users(fields), &[bob, "", "panic"]);
    assert_eq!(answer.errors(), [r#"["users",0,"mail"]: No instance"#]);
    assert_eq!(answer.requests.len(), 2);
}

#[test]
fn replies_that_are_no_answers_leave_no_trace() {
    let bob = r#"{"data":{"users":[{"id":"2","name":"Bob"}]}}"#;
    for mail in [
        "not json",
        "[]",
        "{}",
        r#"{"data":null}"#,
        r#"{"data":1}"#,
        r#"{"data":{}}"#,
        r#"{"data":{"_entities":null}}"#,
        r#"{"data":{"_entities":{"email":"b@x"}}}"#,
        r#"{"data":{"_entities":[]}}"#,
        r#"{"data":{"_entities":[{"email":"b@x"},{"email":"b@x"}]}}"#,
        r#"{"data":{"_entities":["b@x"]}}"#,
        r#"{"data":{"_entities":[{"email":"b@x"}]}"#,
        r#"{"data":{"_entities":[{"email":"b@x"}]},"errors":7}"#,
    ] {
        let answer = run(&users(Fields::default()), &[bob, mail]);
        assert_eq!(answer.data()["users"][0], json!({"name": "Bob", "mail": null, "friend": null}), "{mail}");
        assert_eq!(answer.body["errors"][0]["extensions"]["code"], "BAD_REPLY", "{mail}");
        assert_eq!(answer.errors().len(), 1, "{mail}");
    }
}

#[test]
fn leaves_are_checked() {
    let check = |value: &str, expected: Json, errors: usize| {
        let mail = format!(r#"{{"data":{{"_entities":[{{"email":"e","leaf":{value}}}]}}}}"#);
        let bob = r#"{"data":{"users":[{"id":"2","name":"Bob"}]}}"#;
        move |inner: OutputInner, lists: usize| {
            let answer =
                run(&users(Fields { leaf: Some((inner, lists)), ..Fields::default() }), &[bob, &mail]);
            assert_eq!(answer.data()["users"][0]["leaf"], expected, "{inner:?} {lists} {mail}");
            assert_eq!(answer.errors().len(), errors, "{inner:?} {lists} {mail}");
        }
    };
    use tributary_federation::plan::{EnumId, OutputInner};
    check("7", json!(7), 0)(OutputInner::Int, 0);
    check("1.0", json!(1), 0)(OutputInner::Int, 0);
    check("1.5", json!(null), 1)(OutputInner::Int, 0);
    check("2147483648", json!(null), 1)(OutputInner::Int, 0);
    check("\"7\"", json!(null), 1)(OutputInner::Int, 0);
    check("7", json!(7), 0)(OutputInner::Float, 0);
    check("1.5e3", json!(1500.0), 0)(OutputInner::Float, 0);
    check("1e999", json!(null), 1)(OutputInner::Float, 0);
    check("true", json!(null), 1)(OutputInner::Float, 0);
    check("\"x\"", json!("x"), 0)(OutputInner::String, 0);
    check("7", json!(null), 1)(OutputInner::String, 0);
    check("true", json!(true), 0)(OutputInner::Boolean, 0);
    check("0", json!(null), 1)(OutputInner::Boolean, 0);
    check("\"7\"", json!("7"), 0)(OutputInner::Id, 0);
    check("7", json!("7"), 0)(OutputInner::Id, 0);
    check("7.5", json!(null), 1)(OutputInner::Id, 0);
    check(r#"{"a":[1]}"#, json!({"a": [1]}), 0)(OutputInner::Scalar, 0);
    check("\"RED\"", json!("RED"), 0)(OutputInner::Enum(EnumId(0)), 0);
    check("\"R\\u0045D\"", json!("RED"), 0)(OutputInner::Enum(EnumId(0)), 0);
    check("\"SECRET\"", json!(null), 1)(OutputInner::Enum(EnumId(0)), 0);
    check("[1,null,2.5,3]", json!([1, null, null, 3]), 1)(OutputInner::Int, 1);
    check("[[1],null,[2,\"x\"]]", json!([[1], null, [2, null]]), 1)(OutputInner::Int, 2);
    check("1", json!(null), 1)(OutputInner::Int, 1);
    check("[1]", json!(null), 1)(OutputInner::Int, 0);
    check("[]", json!([]), 0)(OutputInner::Int, 1);
    check("[1,[2]]", json!([1, [2]]), 0)(OutputInner::Scalar, 1);
}

#[test]
fn objects_of_types_that_the_client_may_not_see_are_null() {
    for (typename, expected, errors) in [
        (r#""__typename":"Book","#, json!({"kind": "Book", "title": "T", "pages": 3}), 0),
        (r#""__typename":"Film","#, json!({"kind": "Film", "title": "T", "minutes": 9}), 0),
        (r#""__typename":"Hidden","#, json!(null), 1),
        (r#""__typename":"Unheard","#, json!(null), 1),
        (r#""__typename":null,"#, json!(null), 1),
        (r#""__typename":7,"#, json!(null), 1),
        ("", json!(null), 1),
    ] {
        let plan = plans::media(true);
        let data = format!(r#"{{"data":{{"media":{{{typename}"title":"T","pages":3,"minutes":9}}}}}}"#);
        let answer = run(&plan, &[&data]);
        assert_eq!(answer.data()["media"], expected, "{typename}");
        let missing = "[\"media\"]: Cannot return null for non-nullable field Query.media.".to_owned();
        assert_eq!(answer.errors(), vec![missing; errors], "{typename}");
        if errors > 0 {
            assert_eq!(answer.data(), &json!(null));
            assert_eq!(run(&plans::media(false), &[&data]).body, json!({"data": {"media": null}}));
        }
    }
    let late = r#"{"data":{"media":{"title":"T","minutes":9,"pages":3,"__typename":"Book"}}}"#;
    assert_eq!(
        run(&plans::media(true), &[late]).data()["media"],
        json!({"kind": "Book", "title": "T", "pages": 3})
    );
}

#[test]
fn conditions_decide_what_is_sent_and_shown() {
    let plan = users(Fields { conditional: true, ..Fields::default() });
    for (given, sent) in [("true", 2), ("false", 1)] {
        let variables = Variables::from_raw(vec![Some(given.into())]);
        let answer = run_with(&plan, &variables, Limits::default(), |subgraph, _| {
            Ok([ANN_BOB_ANN, r#"{"data":{"_entities":[{"email":"a"},{"email":"b"}]}}"#][subgraph].to_owned())
        });
        assert_eq!(answer.requests.len(), sent);
        assert_eq!(answer.data()["users"][0].get("mail").is_some(), sent == 2);
    }
    assert!(!Variables::default().bool(VariableId(0)));
}

#[test]
fn variables_are_forwarded_as_they_came() {
    let mut plan = users(Fields::default());
    plans::forward_variables(&mut plan);
    let variables = Variables::from_raw(vec![Some("1.50e2".into()), None, Some(r#"{"a":"\u0041"}"#.into())]);
    let answer =
        run_with(&plan, &variables, Limits::default(), |_, _| Ok(r#"{"data":{"users":[]}}"#.to_owned()));
    assert_eq!(answer.requests[0], r#"{"query":"users","variables":{"a":1.50e2,"c":{"a":"\u0041"}}}"#);
}

#[test]
fn errors_are_limited() {
    let errors = vec![r#"{"message":"E","path":["_entities",0,"email"]}"#; 50].join(",");
    let mail = format!(r#"{{"data":{{"_entities":[{{}},{{}}]}},"errors":[{errors}]}}"#);
    let limits = Limits { errors: 5, ..Limits::default() };
    let answer = run_with(&users(Fields::default()), &Variables::default(), limits, |subgraph, _| {
        Ok([ANN_BOB_ANN, &mail][subgraph].to_owned())
    });
    assert_eq!(answer.errors().len(), 6);
    assert!(answer.errors()[5].contains("left out; --max-errors"), "{:?}", answer.errors());
    assert_eq!(answer.body["errors"][5]["extensions"]["setting"], "--max-errors");
}

#[test]
fn answers_and_values_are_limited() {
    let mail = r#"{"data":{"_entities":[{"email":"a"},{"email":"b"}]}}"#;
    let long = ANN_BOB_ANN.replace("Ann", &"A".repeat(400));
    let check = |users: &str, answer_bytes: usize, data: Json| {
        let limits = Limits { answer_bytes, ..Limits::default() };
        let answer =
            run_with(&self::users(Fields::default()), &Variables::default(), limits, |subgraph, _| {
                Ok([users, mail][subgraph].to_owned())
            });
        assert_eq!(answer.data(), &data);
        let extensions = &answer.body["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "LIMIT_EXCEEDED");
        assert_eq!(extensions["setting"], "--max-answer-bytes");
    };
    check(ANN_BOB_ANN, 20, json!({"users": null}));
    check(&long, 500, json!(null));
}

#[test]
fn replies_are_relayed_only_if_they_are_data_alone() {
    let mut plan = plans::media(false);
    plan.relay = true;
    let subgraphs = |reply: &'static str| Subgraphs {
        reply: move |_, _: &str| Ok(reply.to_owned()),
        requests: Mutex::default(),
    };
    let variables = Variables::default();
    let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
    let plain = r#"{"data" : {"anything":1}}"#;
    let result = execute(&plan, request, &subgraphs(plain)).now_or_never().unwrap();
    assert!(result.is_relayed());
    assert_eq!(result.data(), br#"{"anything":1}"#);
    assert_eq!(&result.into_body(None)[..], plain.as_bytes());
    let result = execute(&plan, request, &subgraphs(plain)).now_or_never().unwrap();
    assert_eq!(&result.into_body(Some(b"{}"))[..], br#"{"data":{"anything":1},"extensions":{}}"#);
    let mixed = r#"{"data":{"media":null},"errors":[{"message":"E","path":["media"]}]}"#;
    let result = execute(&plan, request, &subgraphs(mixed)).now_or_never().unwrap();
    assert!(!result.is_relayed());
    assert_eq!(result.errors.len(), 1);
}

#[test]
fn what_is_no_json_is_never_relayed() {
    let mut plan = plans::media(false);
    plan.relay = true;
    let variables = Variables::default();
    let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
    for bad in [
        r#"{"data":{"media":}}"#,
        r#"{"data":{"media":null}"#,
        r#"{"data":{"media":null}}}"#,
        r#"{"data":{"media":"\u12"}}"#,
        r#"{"data":{"media":nul}}"#,
        "{\"data\":{\"media\":\"a\nb\"}}",
        r#"{"data":{"media":01}}"#,
    ] {
        let subgraphs = Subgraphs { reply: |_, _: &str| Ok(bad.to_owned()), requests: Mutex::default() };
        let result = execute(&plan, request, &subgraphs).now_or_never().unwrap();
        assert!(!result.is_relayed(), "{bad}");
        let body: Json = serde_json::from_slice(&result.into_body(None)).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_REPLY", "{bad}");
        assert_eq!(body["data"], json!({"media": null}), "{bad}");
    }
}

#[test]
fn events_begin_with_the_reply_that_is_there() {
    let plan = users(Fields::default());
    let mail = r#"{"data":{"_entities":[{"email":"a"},{"email":"b"}]}}"#;
    let subgraphs = Subgraphs { reply: |_, _: &str| Ok(mail.to_owned()), requests: Mutex::default() };
    let variables = Variables::default();
    let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
    let result = execute_event(&plan, request, ANN_BOB_ANN.into(), &subgraphs).now_or_never().unwrap();
    let data: Json = serde_json::from_slice(result.data()).unwrap();
    assert_eq!(data["users"][2], json!({"name": "Ann", "mail": "a", "friend": null}));
    assert_eq!(subgraphs.requests.into_inner().unwrap().len(), 1);
}

#[tokio::test]
async fn a_fetch_waits_for_nothing_but_what_it_needs() {
    /// The subgraph `other` is slow: it answers when the mail subgraph has been asked.
    struct Slow(tokio::sync::Notify);
    impl Fetcher for Slow {
        async fn fetch(
            &self,
            subgraph: SubgraphId,
            _: OperationKind,
            _: Bytes,
        ) -> Result<Bytes, FetchFailure> {
            match subgraph.0 {
                0 => return Ok(ANN_BOB_ANN.into()),
                1 => self.0.notify_one(),
                _ => self.0.notified().await,
            }
            Ok(r#"{"data":{"_entities":[{"email":"a"},{"email":"b"}]}}"#.into())
        }
        fn service(&self, _: SubgraphId) -> &str {
            "any"
        }
    }
    let mut plan = users(Fields::default());
    plan.fetches.insert(1, plans::root_fetch(2, "slow", 0));
    let variables = Variables::default();
    let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
    let subgraphs = Slow(tokio::sync::Notify::new());
    let result = execute(&plan, request, &subgraphs);
    let result = tokio::time::timeout(std::time::Duration::from_secs(5), result)
        .await
        .expect("nobody waits for the slow one");
    assert!(std::str::from_utf8(result.data()).unwrap().contains("\"mail\":\"b\""));
}

#[test]
fn a_later_null_replaces_nothing_and_lists_merge_element_by_element() {
    let plan = plans::twice();
    let first = r#"{"data":{"rows":[{"a":1,"b":null},{"a":2}]}}"#;
    let second = r#"{"data":{"rows":[{"a":null,"b":3},{"b":null}]}}"#;
    let answer = run(&plan, &[first, second]);
    assert_eq!(answer.body, json!({"data": {"rows": [{"a": 1, "b": 3}, {"a": 2, "b": null}]}}));
    let longer = r#"{"data":{"rows":[{"b":3},{"b":4},{"b":5}]}}"#;
    let answer = run(&plan, &[first, longer]);
    assert_eq!(answer.data(), &json!({"rows": [{"a": 1, "b": 3}, {"a": 2, "b": 4}]}));
    assert_eq!(answer.body["errors"][0]["extensions"]["code"], "LIST_LENGTH_MISMATCH");
    let answer = run(&plan, &[first, r#"{"data":{"rows":null}}"#]);
    assert_eq!(answer.data(), &json!({"rows": [{"a": 1, "b": null}, {"a": 2, "b": null}]}));
    let damaged = r#"{"data":{"rows":[{"a":9,"b":3},{"b":4}]"#;
    let answer = run(&plan, &[first, damaged]);
    assert_eq!(answer.data(), &json!({"rows": [{"a": 1, "b": null}, {"a": 2, "b": null}]}));
}
