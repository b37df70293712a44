//! What is too much is refused, in bounded work and without a panic.

use std::fmt::Write;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::parser::Parser;
use tributary_federation::{PlanError, PlanOptions, plan_operation};

use super::{graph, try_plan};

const TREE: &str = "
# a
type Query { node: Node }
type Node @key(fields: \"id\") { id: ID! next: Node name: String }
# b
type Node @key(fields: \"id\") { id: ID! more: Node size: Int }
";

#[test]
fn exponential_fragment_spreads_cost_no_more_than_what_they_select() {
    let supergraph = graph(TREE);
    let mut query = String::from("{ node { ...F0 } }\n");
    for at in 0..30 {
        let _ = writeln!(query, "fragment F{at} on Node {{ name ...F{} ...F{} }}", at + 1, at + 1);
    }
    query.push_str("fragment F30 on Node { size }");
    let plan = try_plan(&supergraph, &query).unwrap();
    assert_eq!(plan.fetches.len(), 2);
}

#[test]
fn an_answer_with_exponentially_many_places_is_refused() {
    let supergraph = graph(TREE);
    let mut query = String::from("{ node { ...F0 } }\n");
    for at in 0..30 {
        let _ = writeln!(
            query,
            "fragment F{at} on Node {{ a: next {{ ...F{0} }} b: next {{ ...F{0} }} }}",
            at + 1
        );
    }
    query.push_str("fragment F30 on Node { name }");
    assert_eq!(try_plan(&supergraph, &query).unwrap_err(), PlanError::TooComplex);
}

#[test]
fn deep_nesting_is_refused_and_what_is_allowed_overflows_no_stack() {
    let supergraph = graph(TREE);
    let nested =
        |depth: usize| format!("{{ node {} name {} }}", "{ next ".repeat(depth) + "{", "}".repeat(depth + 1));
    let parse = |query: &str| {
        let mut parser = Parser::new().recursion_limit(5_000);
        parser.parse_executable(supergraph.api_schema(), query, "deep.graphql").unwrap()
    };
    let small_stack = std::thread::Builder::new().stack_size(2 << 20);
    std::thread::scope(|scope| {
        let run = || {
            let plan = |document: &ExecutableDocument| {
                plan_operation(&supergraph, document, None, &PlanOptions::default())
            };
            assert!(plan(&parse(&nested(150))).is_ok());
            assert_eq!(plan(&parse(&nested(300))).unwrap_err(), PlanError::TooDeep);
        };
        small_stack.spawn_scoped(scope, run).unwrap().join().unwrap();
    });
}

#[test]
fn many_aliases_are_planned() {
    let supergraph = graph(TREE);
    let mut query = String::from("{ node { ");
    for at in 0..10_000 {
        let _ = write!(query, "a{at}: name ");
    }
    query.push_str("} }");
    assert_eq!(try_plan(&supergraph, &query).unwrap().fetches.len(), 1);
}

#[test]
fn work_is_bounded_and_counted_the_same_each_time() {
    let supergraph = graph(TREE);
    let api = supergraph.api_schema();
    let query = "{ node { size next { size more { name } } } }";
    let document = ExecutableDocument::parse_and_validate(api, query, "q.graphql").unwrap();
    let options = |max_work| PlanOptions { max_work, ..PlanOptions::default() };
    let enough =
        (1..10_000).find(|&work| plan_operation(&supergraph, &document, None, &options(work)).is_ok());
    let enough = enough.unwrap();
    assert!(enough < 500, "{enough} steps");
    for _ in 0..3 {
        let too_little = plan_operation(&supergraph, &document, None, &options(enough - 1));
        assert_eq!(too_little.unwrap_err(), PlanError::TooComplex);
    }
}

#[test]
fn ten_subgraphs_that_can_all_answer_everything_are_no_explosion() {
    let mut sdls = String::new();
    for subgraph in 0..10 {
        let fields: String = (0..40).map(|at| format!("f{at}: Int ")).collect();
        let _ = writeln!(
            sdls,
            "# s{subgraph}\ntype Query {{ root: T @shareable }}\ntype T @key(fields: \"id\") @shareable {{ id: ID! {fields} next: T }}"
        );
    }
    let supergraph = graph(&sdls);
    let fields: String = (0..40).map(|at| format!("f{at} ")).collect();
    let query = format!("{{ root {} {} }}", format!("{{ {fields} next ").repeat(8) + "{ id }", "}".repeat(8));
    let document =
        ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "q.graphql").unwrap();
    let options = PlanOptions { max_work: 5_000, ..PlanOptions::default() };
    assert_eq!(plan_operation(&supergraph, &document, None, &options).unwrap().fetches.len(), 1);
}
