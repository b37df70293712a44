//! Cases about the shape of a graph: its root types, abstract types, what is required of whom.

use apollo_compiler::ExecutableDocument;
use insta::assert_snapshot;
use tributary_federation::plan::OutputValue;
use tributary_federation::{PlanOptions, plan_operation};

use super::{graph, plan, try_plan};

const SHARED_MUTATION: &str = r#"
# a
type Query { t: T }
type Mutation { add: T @shareable }
type T @key(fields: "id") { id: ID! }
# b
type Mutation { add: T @shareable }
type T @key(fields: "id") { id: ID! name: String }
"#;

#[test]
fn a_shareable_mutation_runs_in_one_subgraph() {
    assert_snapshot!(plan(SHARED_MUTATION, "mutation { add { id name } }"), @r"
    0 b
        mutation{add{id name}}
    ");
    assert_snapshot!(plan(SHARED_MUTATION, "mutation { add { id } again: add { name } }"), @r"
    0 a
        mutation{add{id}}
    1 b after 0
        mutation{again:add{name}}
    ");
}

/// Neither can answer it alone, and the one that isn't asked may not run it for what is missing.
#[test]
fn what_a_shareable_mutation_lacks_is_looked_up() {
    let graph = r#"
    # a
    type Query { t: T }
    type Mutation { add: T @shareable }
    type T @key(fields: "id") { id: ID! size: Int }
    # b
    type Mutation { add: T @shareable }
    type T @key(fields: "id") { id: ID! name: String }
    "#;
    assert_snapshot!(plan(graph, "mutation { add { size name } }"), @r"
    0 a
        mutation{add{size id}}
    1 b after 0
        at add by T { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on T{name}}}
    ");
}

const RENAMED_ROOTS: &str = r#"
# a
schema { query: Root mutation: Change }
type Root { me: Root a: Int }
type Change { set: Root }
# b
schema { query: Ask mutation: Do }
type Ask { b: Int }
type Do { other: Int }
"#;

#[test]
fn renamed_root_types() {
    assert_snapshot!(plan(RENAMED_ROOTS, "{ __typename me { __typename a b } }"), @r"
    0 a
        {me{a}}
    1 b after 0
        at me
        {b}
    ");
    assert_snapshot!(plan(RENAMED_ROOTS, "mutation { set { a b } other }"), @r"
    0 a
        mutation{set{a}}
    1 b after 0
        at set
        {b}
    2 b after 1
        mutation{other}
    ");
}

#[test]
fn a_subscription_is_followed_by_lookups() {
    let graph = r#"
    # products
    type Query { top: Product }
    type Subscription { changed: Product }
    type Product @key(fields: "id") { id: ID! name: String }
    # reviews
    type Product @key(fields: "id") { id: ID! reviews: [Review!] }
    type Review { text: String product: Product }
    "#;
    assert_snapshot!(plan(graph, "subscription { changed { name reviews { text product { name } } } }"), @r"
    0 products
        subscription{changed{name id}}
    1 reviews after 0
        at changed by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text product{id}}}}}
    2 products after 1
        at changed.reviews.product by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{name}}}
    ");
}

const PRICES: &str = r#"
# a
type Query { item: Item }
type Item @key(fields: "id") { id: ID! price(in: String): Int data: Data }
union Data = Text | Picture
type Text { text: String words: String }
type Picture { url: String }
# b
type Item @key(fields: "id") { id: ID! price(in: String): Int @external data: Data @external
  dollars: Int @requires(fields: "price(in: \"USD\")")
  title: String @requires(fields: "data { ... on Text { text } ... on Picture { url } }") }
union Data = Text | Picture
type Text { text: String @external }
type Picture { url: String @external }
"#;

#[test]
fn the_clients_arguments_stand_beside_those_that_are_required() {
    assert_snapshot!(plan(PRICES, r#"{ item { price(in: "EUR") dollars } }"#), @r#"
    0 a
        {item{price(in: "EUR") id _1_price:price(in: "USD")}}
    1 b after 0
        at item by Item { id price }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{dollars}}}
    "#);
    assert_snapshot!(plan(PRICES, r#"{ item { price(in: "USD") dollars } }"#), @r#"
    0 a
        {item{price(in: "USD") id}}
    1 b after 0
        at item by Item { id price }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{dollars}}}
    "#);
    assert_snapshot!(plan(PRICES, "query($c: String) { item { price(in: $c) dollars } }"), @r#"
    0 a
        query($c:String){item{price(in: $c) id _1_price:price(in: "USD")}}
    1 b after 0
        at item by Item { id price }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{dollars}}}
    "#);
}

#[test]
fn fragments_that_are_required_stand_beside_the_clients() {
    assert_snapshot!(plan(PRICES, "{ item { title data { ... on Text { text: words } ... on Picture { text: url } } } }"), @r"
    0 a
        {item{data{__typename ...on Picture{text:url}...on Text{_1_text:words _2_text:text}}id}}
    1 b after 0
        at item by Item { id data { __typename text url } }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{title}}}
    ");
    assert_snapshot!(plan(PRICES, "{ item { title data { __typename } } }"), @r"
    0 a
        {item{data{__typename ...on Picture{url}...on Text{text}}id}}
    1 b after 0
        at item by Item { id data { __typename text url } }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{title}}}
    ");
}

#[test]
fn requirements_of_each_other_that_can_be_met() {
    let graph = r#"
    # a
    type Query { item: Item }
    type Item @key(fields: "id") { id: ID! x: Int y: Int @external z: Int @requires(fields: "y") }
    # b
    type Item @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }
    "#;
    assert_snapshot!(plan(graph, "{ item { z } }"), @r"
    0 a
        {item{id x}}
    1 b after 0
        at item by Item { id x }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{y}}}
    2 a after 1
        at item by Item { id y }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{z}}}
    ");
    assert_snapshot!(plan(graph, "{ item { x: z y: x z: y } }"), @r"
    0 a
        {item{y:x id}}
    1 b after 0
        at item by Item { id x }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{z:y}}}
    2 a after 1
        at item by Item { id y }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{x:z}}}
    ");
}

#[test]
fn requirements_of_requirements() {
    let graph = r#"
    # a
    type Query { item: Item }
    type Item @key(fields: "id") { id: ID! w: Int }
    # b
    type Item @key(fields: "id") { id: ID! w: Int @external x: Int @requires(fields: "w") }
    # c
    type Item @key(fields: "id") { id: ID! x: Int @external y: Part @requires(fields: "x") }
    type Part { deep: Int }
    # d
    type Item @key(fields: "id") { id: ID! y: Part @external z: Int @requires(fields: "y { deep }") }
    type Part { deep: Int @external }
    "#;
    assert_snapshot!(plan(graph, "{ item { z } }"), @r"
    0 a
        {item{id w}}
    1 b after 0
        at item by Item { id w }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{x}}}
    2 c after 1
        at item by Item { id x }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{y{deep}}}}
    3 d after 2
        at item by Item { id y { deep } }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{z}}}
    ");
    assert_snapshot!(plan(graph, "{ item { y: z w: x x: w } }"), @r"
    0 a
        {item{x:w id}}
    1 b after 0
        at item by Item { id w }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{w:x}}}
    2 c after 1
        at item by Item { id x }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{y{deep}}}}
    3 d after 2
        at item by Item { id y { deep } }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{y:z}}}
    ");
}

#[test]
fn aliases_that_shadow_what_is_required() {
    assert_snapshot!(plan(PRICES, r#"{ item { price: id data: dollars title } }"#), @r#"
    0 a
        {item{price:id _1_price:price(in: "USD") data{__typename ...on Picture{url}...on Text{text}}}}
    1 b after 0
        at item by Item { id price data { __typename text url } }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{data:dollars title}}}
    "#);
}

#[test]
fn what_is_provided_on_abstract_types_is_not_fetched_again() {
    let graph = r#"
    # a
    type Query { media: [Media] @provides(fields: "... on Book { title }")
      works: [Work] @provides(fields: "title ... on Film { minutes }") plain: [Media] }
    union Media = Book | Film
    interface Work { title: String }
    type Book implements Work @key(fields: "id") { id: ID! title: String @external }
    type Film implements Work @key(fields: "id") { id: ID! title: String @external minutes: Int @external }
    # b
    type Book @key(fields: "id") { id: ID! title: String }
    type Film @key(fields: "id") { id: ID! title: String minutes: Int }
    "#;
    assert_snapshot!(plan(graph, "{ media { ... on Book { title } } }"), @r"
    0 a
        {media{__typename ...on Book{title}}}
    ");
    assert_snapshot!(plan(graph, "{ media { ... on Book { title } ... on Film { title } } }"), @r"
    0 a
        {media{__typename ...on Book{title}...on Film{id}}}
    1 b after 0
        at media by Film { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Film{title}}}
    ");
    assert_snapshot!(plan(graph, "{ works { title ... on Film { minutes } } }"), @r"
    0 a
        {works{__typename title ...on Film{minutes}}}
    ");
    assert_snapshot!(plan(graph, "{ plain { ... on Book { title } } }"), @r"
    0 a
        {plain{__typename ...on Book{id}}}
    1 b after 0
        at plain by Book { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Book{title}}}
    ");
}

#[test]
fn conditions_are_no_facts() {
    let supergraph = graph(PRICES);
    let query = "query($a: Boolean!, $b: Boolean = true) { item @skip(if: $a) { dollars @include(if: $b)
        ... on Item @include(if: $a) { title } } }";
    assert!(try_plan(&supergraph, query).unwrap().facts.is_empty());
}

const FIRST: &str = r#"
# a v1
type Query { top: Product }
type Product @key(fields: "id") { id: ID! name: String weight: Int }
# b v1
extend type Product @key(fields: "id") { id: ID! @external weight: Int @external
  reviews: [Review!] cost: Int @requires(fields: "weight") }
type Review @key(fields: "id") { id: ID! product: Product @provides(fields: "weight") }
# c v1
type Review @key(fields: "id") @extends { id: ID! @external text: String }
"#;

#[test]
fn a_graph_of_federation_1() {
    assert_snapshot!(plan(FIRST, "{ top { name cost reviews { text product { weight } } } }"), @r"
    0 a
        {top{name id weight}}
    1 b after 0
        at top by Product { id weight }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{cost reviews{product{weight}id}}}}
    2 c after 1
        at top.reviews by Review { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Review{text}}}
    ");
}

/// Not all sources of `r` know E2, so the client gets none of its fields, whoever else needs them.
#[test]
fn what_a_requirement_brings_of_a_partial_union_is_not_the_clients() {
    let sdls = r#"
        # a
        type E1 @key(fields: "id") { id: ID! r: U @shareable }
        type E0 @key(fields: "id") { id: ID! }
        type E2 @key(fields: "id") { id: ID! x: Int }
        union U = E0
        type Query { a: Int }
        # b
        type E1 @key(fields: "id") { id: ID! n: Int r: U @shareable }
        type E0 @key(fields: "id") { id: ID! }
        type E2 @key(fields: "id") { id: ID! }
        union U = E0 | E2
        type Query { q: E1 }
        # c
        type E1 @key(fields: "id") { id: ID! n: Int @external r: U @external
            f: Int @requires(fields: "n r { ... on E2 { x } }") }
        type E0 @key(fields: "id") { id: ID! }
        type E2 @key(fields: "id") { id: ID! x: Int @external }
        union U = E0 | E2
        type Query { c: Int }
    "#;
    let supergraph = graph(sdls);
    let query = "{ q { f r { __typename ... on E2 { x } } } }";
    let document = ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "q").unwrap();
    let plan = plan_operation(&supergraph, &document, None, &PlanOptions::default()).unwrap();
    let shown: Vec<_> =
        plan.outputs.iter().flat_map(|output| &output.fields).filter(|it| &*it.key == "x").collect();
    let OutputValue::Slot { slot: shown, .. } = shown[0].value else { panic!("x is a slot") };
    let read: Vec<_> = plan.reads.iter().flat_map(|read| &read.fields).filter(|it| &*it.key == "x").collect();
    assert_eq!(read.len(), 1, "{}", plan.display(&supergraph));
    assert_ne!(read[0].slot, shown, "{}", plan.display(&supergraph));
}
