//! Plans as Mermaid flowcharts.

use apollo_compiler::ExecutableDocument;
use insta::assert_snapshot;
use tributary_checks::faults;
use tributary_federation::{Fact, PlanOptions, plan_operation};

use super::graph;

const SHOP: &str = r#"
# products
type Query { top: [Product!]! }
type Product @key(fields: "id") { id: ID! name: String }
# reviews
type Product @key(fields: "id") { id: ID! reviews: [Review!] }
type Review { text: String author: User }
type User @key(fields: "id") { id: ID! }
# users
type User @key(fields: "id") { id: ID! name: String }
"#;

fn chart(query: &str) -> String {
    let supergraph = graph(SHOP);
    let document = match ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "q") {
        Ok(document) => document,
        Err(error) => panic!("{}", error.errors),
    };
    let facts = |fact: Fact| fact == Fact::Incremental;
    let options = PlanOptions { facts: &facts, ..PlanOptions::default() };
    let plan = plan_operation(&supergraph, &document, None, &options).unwrap();
    assert_eq!(faults(&supergraph, &plan), [""; 0], "{query}\n{}", plan.display(&supergraph));
    plan.to_mermaid(&supergraph)
}

#[test]
fn fetches_and_what_they_wait_for() {
    assert_snapshot!(chart("query Top { top { name reviews { text author { name } } } }"), @r##"
    flowchart TD
      client(["query Top"])
      f0["0 products<br/>{top{name id}}"]
      f1["1 reviews<br/>at top by Product { id }<br/>query($representations:[_Any!]!){<br/>_entities(representations:$representations){...on Product{<br/>reviews{text author{id}}}}}"]
      f2["2 users<br/>at top.reviews.author by User { id }<br/>query($representations:[_Any!]!){<br/>_entities(representations:$representations){...on User{name}<br/>}}"]
      client --> f0
      f0 --> f1
      f1 --> f2
    "##);
}

#[test]
fn a_fetch_that_is_not_always_sent() {
    assert_snapshot!(chart("query ($x: Boolean!) { top { name reviews @include(if: $x) { text } } }"), @r##"
    flowchart TD
      client(["query"])
      f0["0 products<br/>{top{name id}}"]
      f1{{"1 reviews<br/>if $x<br/>at top by Product { id }<br/>query($representations:[_Any!]!,$x:Boolean!){<br/>_entities(representations:$representations){...on Product{<br/>...@include(if:$x){reviews{text}}}}}"}}
      client --> f0
      f0 --> f1
    "##);
}

#[test]
fn what_is_deferred() {
    assert_snapshot!(
        chart("{ top { name ... @defer(label: \"a \\\"b\\\"\") { reviews { text ... @defer { author { name } } } } } }"),
        @r##"
    flowchart TD
      client(["query"])
      f0["0 products<br/>{top{name id}}"]
      subgraph d0["deferred 0 (a #34;b#34;)"]
        f1["1 reviews<br/>at top by Product { id }<br/>query($representations:[_Any!]!){<br/>_entities(representations:$representations){...on Product{<br/>reviews{text author{id}}}}}"]
      end
      subgraph d1["deferred 1"]
        f2["2 users<br/>at top.reviews.author by User { id }<br/>query($representations:[_Any!]!){<br/>_entities(representations:$representations){...on User{name}<br/>}}"]
      end
      client --> f0
      f0 -.-> f1
      f1 -.-> f2
    "##
    );
}

#[test]
fn no_fetch_at_all() {
    assert_snapshot!(chart("{ __typename }"), @r##"
    flowchart TD
      client(["query"])
    "##);
}
