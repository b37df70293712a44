//! What is too much is refused, in bounded work and without a panic.

use std::fmt::Write;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::parser::Parser;
use tributary_checks::faults;
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

/// Each fragment spreads the next one twice, once under a condition and once under its opposite.
fn either_way(levels: usize) -> String {
    let variables: String = (0..levels).map(|at| format!("$v{at}: Boolean! ")).collect();
    let mut query = format!("query({variables}) {{ node {{ ...F0 }} }}\n");
    for at in 0..levels {
        let next = at + 1;
        let _ = writeln!(
            query,
            "fragment F{at} on Node {{ ...F{next} @include(if: $v{at}) ...F{next} @skip(if: $v{at}) }}"
        );
    }
    let _ = write!(query, "fragment F{levels} on Node {{ size }}");
    query
}

#[test]
fn what_is_selected_either_way_is_selected_always() {
    let supergraph = graph(TREE);
    let plan = try_plan(&supergraph, &either_way(30)).unwrap();
    assert_eq!((plan.conditions.len(), plan.fetches.len()), (0, 2));
    assert!(plan.work < 1_000, "{} steps", plan.work);
}

#[test]
fn many_conditions_of_one_field() {
    let supergraph = graph(TREE);
    let of_pairs = |count: usize, selected: &str, pair: &dyn Fn(usize, usize) -> bool| {
        let variables: String = (0..count).map(|at| format!("$v{at}: Boolean! ")).collect();
        let mut query = format!("query({variables}) {{ node {{ ");
        for one in 0..count {
            for other in (one + 1..count).filter(|other| pair(one, *other)) {
                let _ = write!(
                    query,
                    "... @include(if: $v{one}) {{ ... @include(if: $v{other}) {{ {selected} }} }} "
                );
            }
        }
        query + "} }"
    };
    // Any two of forty, which is 780 alternatives.
    let plan = try_plan(&supergraph, &of_pairs(40, "size", &|_, _| true)).unwrap();
    assert_eq!(plan.conditions[0].any.len(), 780);
    // Many fields under that condition: it is worked out once, and no subgraph is told of all its alternatives.
    let mut many = of_pairs(40, "...F", &|_, _| true);
    let fields: String = (0..300).map(|at| format!("a{at}: size ")).collect();
    let _ = write!(many, " fragment F on Node {{ {fields} }}");
    let document = ExecutableDocument::parse_and_validate(supergraph.api_schema(), many, "q").unwrap();
    let plan = plan_operation(&supergraph, &document, None, &PlanOptions::default()).unwrap();
    assert_eq!(plan.conditions.len(), 1);
    assert!(plan.fetches.iter().all(|fetch| fetch.query.len() < 10_000));
    let too_many = of_pairs(60, "size", &|_, _| true);
    assert_eq!(try_plan(&supergraph, &too_many).unwrap_err(), PlanError::TooComplex);
    // The first of each pair is asked for before any second one: nothing short can be said of that.
    let far_apart = of_pairs(48, "size", &|one, other| other == one + 24);
    assert_eq!(try_plan(&supergraph, &far_apart).unwrap_err(), PlanError::TooComplex);
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
    let plan = |max_work| {
        plan_operation(&supergraph, &document, None, &PlanOptions { max_work, ..PlanOptions::default() })
    };
    let enough = plan(10_000).unwrap().work;
    assert!((1..500).contains(&enough), "{enough} steps");
    for _ in 0..3 {
        assert_eq!(plan(enough).unwrap().work, enough);
        assert_eq!(plan(enough - 1).unwrap_err(), PlanError::TooComplex);
    }
}

#[test]
fn a_thousand_levels() {
    let supergraph = graph(TREE);
    let levels = format!("{{ node {} name {} }}", "{ next ".repeat(1_000) + "{", "}".repeat(1_001));
    // A parser that takes them needs more of a stack than a thread has by default.
    let large_stack = std::thread::Builder::new().stack_size(256 << 20);
    std::thread::scope(|scope| {
        let run = || {
            let mut parser = Parser::new().recursion_limit(5_000);
            let document =
                parser.parse_executable(supergraph.api_schema(), &levels, "levels.graphql").unwrap();
            let refused = plan_operation(&supergraph, &document, None, &PlanOptions::default()).unwrap_err();
            assert_eq!(refused, PlanError::TooDeep);
        };
        large_stack.spawn_scoped(scope, run).unwrap().join().unwrap();
    });
    // The gateway's parser, on this small one.
    let mut parser = Parser::new().recursion_limit(500);
    assert!(parser.parse_executable(supergraph.api_schema(), &levels, "levels.graphql").is_err());
}

#[test]
fn a_mebibyte_of_fields_is_planned() {
    let supergraph = graph(TREE);
    let long = format!("{{ node {{ {} }} }}", "name size ".repeat((1 << 20) / 10));
    let document = Parser::new().parse_executable(supergraph.api_schema(), long, "long.graphql").unwrap();
    let plan = plan_operation(&supergraph, &document, None, &PlanOptions::default()).unwrap();
    assert_eq!(plan.fetches.len(), 2);
    assert_eq!(faults(&supergraph, &plan), [""; 0]);
}

#[test]
fn fragments_in_a_circle_are_no_document() {
    let supergraph = graph(TREE);
    let query = "{ node { ...A } } fragment A on Node { next { ...B } } fragment B on Node { ...A }";
    let api = supergraph.api_schema();
    assert!(ExecutableDocument::parse_and_validate(api, query, "q.graphql").is_err());
    // Nor is one that nobody validated anything to get lost in.
    let document = ExecutableDocument::parse(api, query, "q.graphql").unwrap();
    let refused = plan_operation(&supergraph, &document, None, &PlanOptions::default()).unwrap_err();
    assert!(matches!(refused, PlanError::TooDeep | PlanError::TooComplex), "{refused}");
}
