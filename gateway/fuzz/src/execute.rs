//! Execute.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, OnceLock};

use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;
use bytes::Bytes;
use futures_util::FutureExt as _;
use serde_json::{Value as Json, json};
use tributary::execute::{self, ExecuteRequest, FetchFailure, Fetcher, Limits};
use tributary_federation::variables::{InputTypes, VariableProgram, Variables};
use tributary_federation::{Fact, OperationKind, Plan, PlanOptions, SubgraphId, plan_operation};

use crate::answer::Form;
use crate::graphs::everything;

/// What is asked. Replies that come by an unchanged plan are relayed unread, which is why most need several fetches.
const OPERATIONS: [&str; 10] = [
    "{ top { name reviews { text author { name age } } } }",
    "{ media { __typename id title rating ... on Book { pages sequel { title } } ... on Film { minutes } } }",
    "{ any { ... on Book { title } ... on Film { minutes } ... on Product { price shipping } } }",
    "{ top { id: name cells color stock location { shelf row } region { code } shipping(fast: true) } }",
    "mutation { sell(id: 1) { id stock } review(id: 1, text: \"x\") { text product { name } } }",
    "query($yes: Boolean!, $no: Boolean!) { top { name @skip(if: $no) reviews @include(if: $yes) { text } stock } }",
    "{ dashboard { title count } latest { product { reviews { product { name } } } } config }",
    "{ best { __typename id rating similar { title ... on Film { minutes } } } me { friends { friends { age } } } }",
    "query($yes: Boolean!, $no: Boolean!) { top { id ...@defer(if: $yes, label: \"a\") { stock reviews { text } } } latest { text ...@defer { product { name @skip(if: $no) } } } }",
    "{ node(id: 1) { __typename id ... on Product { price color } } top { price } config }",
];

struct Operation {
    document: Valid<ExecutableDocument>,
    /// Answered whole, and in parts.
    plans: [Plan; 2],
    variables: VariableProgram,
}

fn operations() -> &'static [Operation] {
    static ALL: OnceLock<Vec<Operation>> = OnceLock::new();
    ALL.get_or_init(|| OPERATIONS.map(operation).into())
}

fn operation(text: &str) -> Operation {
    let supergraph = everything();
    let api = supergraph.api_schema();
    let document = ExecutableDocument::parse_and_validate(api, text, "query.graphql")
        .unwrap_or_else(|error| panic!("{}", error.errors));
    let plans = [false, true].map(|incremental| {
        let holds = |fact| incremental && matches!(fact, Fact::Incremental | Fact::Variable(_));
        let options = PlanOptions { facts: &holds, ..PlanOptions::default() };
        let plan =
            plan_operation(supergraph, &document, None, &options).expect("what is asked can be planned");
        Plan { relay: false, ..plan }
    });
    let only = document.operations.get(None).expect("each document has one operation");
    let variables = VariableProgram::compile(&Arc::new(InputTypes::new(api)), only);
    Operation { document, plans, variables }
}

/// Whatever subgraphs reply, there is an answer in the form that the operation and the schema give it, and an
/// error where `data` is null.
///
/// The input's first line begins with a letter that says which operation is asked and a digit with what `$yes`, `$no`
/// and the client's taking of parts are: bits 1, 2 and 4. Each further line is a reply of the subgraph whose name begins
/// with the line's first letter. A subgraph gives its replies in their order, and fails when it has no more.
///
/// # Panics
/// Where that doesn't hold.
pub fn execute(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    let [letter, digit, ..] = lines.next().unwrap_or_default() else { return };
    let operation = &operations()[usize::from(letter.wrapping_sub(b'a')) % OPERATIONS.len()];
    let bits = digit.wrapping_sub(b'0');
    let given = json!({"yes": bits & 1 != 0, "no": bits & 2 != 0});
    let declared = operation.document.operations.get(None).expect("there is one").variables.is_empty();
    let given = if declared { json!({}) } else { given };
    let variables = operation.variables.coerce(Some(&given.to_string())).expect("both are Booleans");
    let replies = Replies { lines: Mutex::new(lines.map(Bytes::copy_from_slice).collect()) };
    let case = Case { operation, given, variables: &variables, replies };
    if bits & 4 == 0 { case.whole() } else { case.in_parts() }
}

/// What hasn't been replied yet.
struct Replies {
    lines: Mutex<Vec<Bytes>>,
}

impl Fetcher for Replies {
    async fn fetch(
        &self,
        subgraph: SubgraphId,
        _: OperationKind,
        body: Bytes,
    ) -> Result<Bytes, FetchFailure> {
        serde_json::from_slice::<Json>(&body).expect("a request is JSON");
        let mut lines = self.lines.lock().expect("nobody panics while it is held");
        let initial = self.service(subgraph).as_bytes().first();
        match lines.iter().position(|line| line.first() == initial) {
            Some(at) => Ok(lines.remove(at).slice(1..)),
            None => Err(FetchFailure { code: "NOBODY".into(), message: "Nobody".into(), setting: None }),
        }
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        everything().subgraph_name(subgraph)
    }
}

struct Case<'a> {
    operation: &'a Operation,
    given: Json,
    variables: &'a Variables,
    replies: Replies,
}

impl Case<'_> {
    fn request(&self) -> ExecuteRequest<'_> {
        ExecuteRequest { variables: self.variables, introspection: &[], limits: Limits::default() }
    }

    fn whole(&self) {
        let answer = execute::execute(&self.operation.plans[0], self.request(), &self.replies);
        let body = answer.now_or_never().expect("no reply is waited for").into_body(None);
        let body: Json = serde_json::from_slice(&body).expect("an answer is JSON");
        self.check_errors(&body);
        let form = Form {
            schema: everything().api_schema(),
            document: &self.operation.document,
            variables: &|name| self.given[name] == true,
        };
        let selection = &self.operation.document.operations.get(None).expect("there is one").selection_set;
        match &body["data"] {
            Json::Null => assert!(body.get("errors").is_some(), "nothing says why there is nothing: {body}"),
            Json::Object(data) => assert!(form.is_object(data, selection), "not in form: {body}"),
            _ => panic!("no object: {body}"),
        }
    }

    fn check_errors(&self, body: &Json) {
        let Some(errors) = body.get("errors") else { return };
        let errors = errors.as_array().expect("errors are a list");
        assert!(!errors.is_empty(), "no errors are no list: {body}");
        for error in errors {
            assert!(error["message"].is_string(), "{error}");
            let path = error["path"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert!(path.iter().all(|it| it.is_string() || it.is_u64()), "{error}");
        }
    }

    /// Each announced part comes, and one of them is the last.
    fn in_parts(&self) {
        let (mut open, mut more) = (0usize, true);
        let deliver = |part: execute::Part| {
            assert!(more, "something came after the last part");
            more = part.has_next;
            let later = part.increments.iter().map(|it| &it.result);
            for result in part.result.iter().chain(later) {
                serde_json::from_slice::<Json>(result.data()).expect("a part is JSON");
            }
            open = (open + part.pending.len())
                .checked_sub(part.increments.len())
                .expect("what comes was announced");
            ControlFlow::Continue(())
        };
        execute::execute_incrementally(&self.operation.plans[1], self.request(), &self.replies, deliver)
            .now_or_never()
            .expect("no reply is waited for");
        assert!(!more && open == 0, "{open} parts are missing");
    }
}
