//! `@context` and `@fromContext`: fields that are told something by an object above them.

use apollo_compiler::ExecutableDocument;
use insta::assert_snapshot;
use tributary_checks::faults;
use tributary_federation::{Fact, PlanOptions, plan_operation};

use super::{graph, plan};

const SHOP: &str = r#"
# orders
type Query { me: User users: [User!] store: Store any: [Place!] }
type User @key(fields: "id") @context(name: "buyer") { id: ID! currency: String! @external cart: Cart orders: [Order!] }
type Cart { size: Int product: Product lines: [Line!] }
type Order @key(fields: "id") { id: ID! lines: [Line!] buyer: User }
type Line { product: Product count: Int }
type Store @context(name: "buyer") { currency: String! town: Town product: Product }
type Town { name: String }
union Place = Store | User
type Product @key(fields: "id") { id: ID! weight: Int
  price(currency: String! @fromContext(field: "$buyer { currency }") digits: Int): String }
# users
type User @key(fields: "id") { id: ID! currency: String! name: String }
# reviews
type Query { review: Review }
type Review { by: User }
type Product @key(fields: "id") { id: ID! stars: Int }
type User @key(fields: "id") { id: ID! }
"#;

fn shop(query: &str) -> String {
    plan(SHOP, query)
}

#[test]
fn a_field_waits_for_what_it_is_told() {
    assert_snapshot!(shop("{ me { name cart { product { price(digits: 2) weight } } } }"), @r"
    0 orders
        {me{id cart{product{weight id}}}}
    1 users after 0
        at me by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{currency name}}}
    2 orders after 1
        at me.cart.product by Product { id } with User { currency } of me
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on Product{price(digits: 2,currency:$_c0)}}}
    ");
}

#[test]
fn it_is_told_by_the_object_itself() {
    assert_snapshot!(shop("{ store { product { price stars } } }"), @r"
    0 orders
        {store{currency product{id}}}
    1 orders after 0
        at store.product by Product { id } with Store { currency } of store
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on Product{price(currency:$_c0)}}}
    2 reviews after 0
        at store.product by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{stars}}}
    ");
}

#[test]
fn the_nearest_object_decides() {
    assert_snapshot!(shop("{ me { orders { buyer { cart { product { price } } } } } }"), @r"
    0 orders
        {me{orders{buyer{id cart{product{id}}}}}}
    1 users after 0
        at me.orders.buyer by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{currency}}}
    2 orders after 1
        at me.orders.buyer.cart.product by Product { id } with User { currency } of me.orders.buyer
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on Product{price(currency:$_c0)}}}
    ");
}

#[test]
fn objects_of_each_type_tell_their_own() {
    assert_snapshot!(shop("{ any { ... on Store { product { price } } ... on User { cart { product { price } } } } }"), @r"
    0 orders
        {any{__typename ...on Store{currency product{id}}...on User{id cart{product{id}}}}}
    1 orders after 0
        at any.product|Store by Product { id } with Store { currency } of any
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on Product{price(currency:$_c0)}}}
    2 users after 0
        at any by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{currency}}}
    3 orders after 2
        at any.cart|User.product by Product { id } with User { currency } of any
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on Product{price(currency:$_c0)}}}
    ");
}

#[test]
fn what_nobody_takes_is_not_asked_for() {
    assert_snapshot!(shop("{ me { cart { product { weight } } } }"), @r"
    0 orders
        {me{cart{product{weight}}}}
    ");
}

#[test]
fn what_is_taken_under_a_condition_is_fetched_under_it() {
    assert_snapshot!(
        shop("query($p: Boolean!) { me { cart { product { weight price @include(if: $p) } } } }"), @r"
    0 orders
        {me{id cart{product{weight id}}}}
    1 users after 0 if $p
        at me by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{currency}}}
    2 orders after 1 if $p
        at me.cart.product by Product { id } with User { currency } of me
        query($representations:[_Any!]!,$_c0:String!,$p:Boolean!){_entities(representations:$representations){...on Product{...@include(if:$p){price(currency:$_c0)}}}}
    ");
}

/// What comes first doesn't wait for what is taken later.
#[test]
fn a_context_above_deferred_fields() {
    let later = |query: &str| {
        let supergraph = graph(SHOP);
        let document =
            ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "query.graphql").unwrap();
        let options = PlanOptions { facts: &|fact| fact == Fact::Incremental, ..PlanOptions::default() };
        let plan = plan_operation(&supergraph, &document, None, &options).unwrap();
        assert_eq!(faults(&supergraph, &plan), [""; 0], "{query}\n{}", plan.display(&supergraph));
        plan.display(&supergraph).to_string()
    };
    assert_snapshot!(later("{ me { cart { product { weight ... @defer { price } } } } }"), @r"
    0 orders
        {me{id cart{product{weight id}}}}
    1 users after 0 deferred 0
        at me by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{currency}}}
    2 orders after 1 deferred 0
        at me.cart.product by Product { id } with User { currency } of me
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on Product{price(currency:$_c0)}}}
    ");
    assert_snapshot!(later("{ me { ... @defer { cart { product { weight price } } } } }"), @r"
    0 orders
        {me{id}}
    1 users after 0 deferred 0
        at me by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{currency}}}
    2 orders after 0 deferred 0
        at me by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{cart{product{weight id}}}}}
    3 orders after 1, 2 deferred 0
        at me.cart.product by Product { id } with User { currency } of me
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on Product{price(currency:$_c0)}}}
    ");
}

#[test]
fn variables_of_the_clients_are_left_alone() {
    assert_snapshot!(
        shop("query($_c0: Int, $representations: Int) { store { product { price(digits: $_c0) other: price(digits: $representations) } } }"), @r"
    0 orders
        {store{currency product{id}}}
    1 orders after 0
        at store.product by Product { id } with Store { currency } of store
        query($_representations:[_Any!]!,$__c0:String!,$_c0:Int,$representations:Int){_entities(representations:$_representations){...on Product{price(digits: $_c0,currency:$__c0) other:price(digits: $representations,currency:$__c0)}}}
    ");
}

/// Products are entities of an order's, and shared by all lines that name them.
#[test]
fn objects_below_different_objects_are_kept_apart() {
    assert_snapshot!(shop("{ review { by { cart { lines { product { price } } } } } }"), @r"
    0 reviews
        {review{by{id}}}
    1 users after 0
        at review.by by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{currency}}}
    2 orders after 0
        at review.by by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{cart{lines{product{id}}}}}}
    3 orders after 1, 2
        at review.by.cart.lines.product by Product { id } with User { currency } of review.by
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on Product{price(currency:$_c0)}}}
    ");
}

/// What one place of the answer lacks is found elsewhere, and takes the value from where that was.
#[test]
fn an_object_put_together_from_several_subgraphs() {
    let subgraphs = r#"
    # a
    type Query { t: T @shareable }
    type T @context(name: "c") { prop: String! @shareable own: Int }
    # b
    type Query { t: T @shareable }
    type T @context(name: "c") { prop: String! @shareable u: U }
    type U @key(fields: "id") { id: ID! f(a: String! @fromContext(field: "$c { prop }")): Int }
    "#;
    assert_snapshot!(plan(subgraphs, "{ t { own u { f } } }"), @r"
    0 b
        {t{prop u{id}}}
    1 a
        {t{own}}
    2 b after 0
        at t.u by U { id } with T { prop } of t
        query($representations:[_Any!]!,$_c0:String!){_entities(representations:$representations){...on U{f(a:$_c0)}}}
    ");
}

#[test]
fn selections_by_type_and_nested() {
    let subgraphs = r#"
    # a
    type Query { i: I }
    interface I @context(name: "c") { u: U }
    type A implements I { u: U deep: Deep! }
    type B implements I { u: U flat: [Int!]! }
    type Deep { list: [Int!]! }
    type U @key(fields: "id") { id: ID!
      f(a: [Int!]! @fromContext(field: "$c ... on A { deep { list } } ... on B { flat }")): Int }
    "#;
    assert_snapshot!(plan(subgraphs, "{ i { u { f } } }"), @r"
    0 a
        {i{__typename u{id}...on A{deep{list}}...on B{flat}}}
    1 a after 0
        at i.u|A by U { id } with A { deep { list } } of i
        query($representations:[_Any!]!,$_c0:[Int!]!){_entities(representations:$representations){...on U{f(a:$_c0)}}}
    2 a after 0
        at i.u|B by U { id } with B { flat } of i
        query($representations:[_Any!]!,$_c0:[Int!]!){_entities(representations:$representations){...on U{f(a:$_c0)}}}
    ");
}

/// Conditions that exclude each other aren't seen through anywhere: what is looked up has its context.
#[test]
fn conditions_that_exclude_each_other() {
    let text = shop(
        "query($no: Boolean!) { me @skip(if: $no) { cart { product { weight price @include(if: $no) } } } }",
    );
    assert!(text.contains("with User { currency } of me"), "{text}");
}
