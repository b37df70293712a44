//! `@defer`: what is fetched by itself, and what comes later of what is there anyway.

use insta::assert_snapshot;
use tributary_federation::plan::{OutputId, OutputValue};
use tributary_federation::{Fact, Plan, PlanOptions, Supergraph, plan_operation};

use super::graph;
use tributary_checks::faults;

const SHOP: &str = r#"
# products
type Query { top: [Product!]! slow: Report fast: Int }
type Product @key(fields: "id") { id: ID! name: String size: Size price: Int }
type Size { width: Int height: Int }
type Mutation { sell: Product restock: Product }
type Report { title: String total: Int }
# reviews
type Product @key(fields: "id") { id: ID! reviews: [Review!] }
type Review { text: String author: User }
type User @key(fields: "id") { id: ID! }
# users
type User @key(fields: "id") { id: ID! name: String age: Int }
"#;

fn try_plan(supergraph: &Supergraph, query: &str, holds: &[Fact]) -> Plan {
    let api = supergraph.api_schema();
    let document = apollo_compiler::ExecutableDocument::parse_and_validate(api, query, "q");
    let document = document.unwrap_or_else(|error| panic!("{}", error.errors));
    let facts = |fact: Fact| holds.contains(&fact);
    let options = PlanOptions { facts: &facts, ..PlanOptions::default() };
    let plan = plan_operation(supergraph, &document, None, &options).unwrap();
    assert_eq!(faults(supergraph, &plan), [""; 0], "{query}\n{}", plan.display(supergraph));
    plan
}

/// The fetches, then each deferred fragment with its keys.
fn shown(query: &str) -> String {
    let supergraph = graph(SHOP);
    let plan = try_plan(&supergraph, query, &[Fact::Incremental]);
    let deferred = plan.outputs.iter().flat_map(|output| &output.deferred).map(|it| {
        let label = plan.deferred[it.deferred.index()].label.as_deref().unwrap_or("-");
        format!("deferred {} {label}: {}\n", it.deferred.0, keys(&plan, it.output))
    });
    let deferred: String = deferred.collect();
    format!("{}first: {}\n{deferred}", plan.display(&supergraph), keys(&plan, OutputId(0)))
}

fn keys(plan: &Plan, output: OutputId) -> String {
    let output = &plan.outputs[output.index()];
    let fields = output.fields.iter().map(|field| match &field.value {
        OutputValue::Slot { ty, .. } => match ty.inner {
            tributary_federation::plan::OutputInner::Object(inner) => {
                format!("{} {}", field.key, keys(plan, inner))
            }
            _ => field.key.to_string(),
        },
        _ => field.key.to_string(),
    });
    let mut all: Vec<String> = fields.collect();
    all.extend(output.deferred.iter().map(|it| format!("@{}", it.deferred.0)));
    format!("{{{}}}", all.join(" "))
}

#[test]
fn what_another_subgraph_has_doesnt_delay_the_first_part() {
    assert_snapshot!(shown("{ top { name ... @defer(label: \"r\") { reviews { text } } } }"), @r#"
    0 products
        {top{name id}}
    1 reviews after 0 deferred 0 (r)
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    first: {top {name @0}}
    deferred 0 r: {reviews {text}}
    "#);
}

#[test]
fn the_key_by_which_a_deferred_fragment_is_looked_up_needs_no_lookup() {
    let query = "{ top { name ... @defer(label: \"k\") { id } ... @defer(label: \"p\") { id price } } }";
    assert_snapshot!(shown(query), @r"
    0 products
        {top{name id}}
    1 products after 0 deferred 1 (p)
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{id price}}}
    first: {top {name @0 @1}}
    deferred 0 k: {id}
    deferred 1 p: {id price}
    ");
}

#[test]
fn a_lookup_that_finds_out_the_type_is_made() {
    let supergraph = graph(
        r#"
        # ratings
        type Query { worst: Media }
        type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int }
        # media
        interface Media @key(fields: "id") { id: ID! }
        type Film implements Media @key(fields: "id") { id: ID! }
        type Book implements Media @key(fields: "id") { id: ID! }
        "#,
    );
    let plan =
        try_plan(&supergraph, "{ worst { stars ... @defer { id __typename } } }", &[Fact::Incremental]);
    assert_eq!(plan.fetches.len(), 2, "{}", plan.display(&supergraph));
}

#[test]
fn what_the_same_subgraph_has_is_fetched_by_itself_where_a_key_allows_it() {
    assert_snapshot!(shown("{ top { name ... @defer { price size { width } } } }"), @r#"
    0 products
        {top{name id}}
    1 products after 0 deferred 0
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{price size{width}}}}
    first: {top {name @0}}
    deferred 0 -: {price size {width}}
    "#);
}

#[test]
fn what_no_key_leads_to_comes_from_the_same_reply() {
    assert_snapshot!(shown("{ top { size { width ... @defer { height } } } }"), @r#"
    0 products
        {top{size{width height}}}
    first: {top {size {width @0}}}
    deferred 0 -: {height}
    "#);
}

#[test]
fn a_root_field_is_fetched_by_itself() {
    assert_snapshot!(shown("{ fast ... @defer { slow { title total } } }"), @r#"
    0 products
        {fast}
    1 products deferred 0
        {slow{title total}}
    first: {fast @0}
    deferred 0 -: {slow {title total}}
    "#);
}

#[test]
fn what_is_selected_without_defer_too_isnt_deferred() {
    let query = "{ top { name size { width } ... @defer { name size { width height } reviews { text } } } }";
    assert_snapshot!(shown(query), @r#"
    0 products
        {top{name size{width height}id}}
    1 reviews after 0 deferred 1
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    first: {top {name size {width @0} @1}}
    deferred 1 -: {reviews {text}}
    deferred 0 -: {height}
    "#);
    assert_snapshot!(shown("{ top { name ... @defer { name } } }"), @r#"
    0 products
        {top{name}}
    first: {top {name}}
    "#);
}

#[test]
fn deferred_fragments_nest() {
    let query = "{ top { name ... @defer(label: \"outer\") { reviews { text
        author { id ... @defer(label: \"inner\") { name } } } } } }";
    assert_snapshot!(shown(query), @r#"
    0 products
        {top{name id}}
    1 reviews after 0 deferred 0 (outer)
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text author{id}}}}}
    2 users after 1 deferred 1 (inner)
        at top.reviews.author by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{name}}}
    first: {top {name @0}}
    deferred 0 outer: {reviews {text author {id @1}}}
    deferred 1 inner: {name}
    "#);
}

#[test]
fn one_fragment_can_be_deferred_at_several_places() {
    let query = "{ a: top { ...R @defer(label: \"a\") } b: top { id ...R @defer(label: \"b\") } }
        fragment R on Product { reviews { text } }";
    assert_snapshot!(shown(query), @r#"
    0 products
        {a:top{id}b:top{id}}
    1 reviews after 0 deferred 0 (a)
        at a by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    2 reviews after 0 deferred 1 (b)
        at b by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    first: {a {@0} b {id @1}}
    deferred 0 a: {reviews {text}}
    deferred 1 b: {reviews {text}}
    "#);
}

#[test]
fn a_condition_of_a_deferred_fragment_is_one_of_its_fetch() {
    let query = "query($x: Boolean!) { top { name ... @defer @include(if: $x) { reviews { text } } } }";
    assert_snapshot!(shown(query), @r#"
    0 products
        {top{name id}}
    1 reviews after 0 deferred 0 if $x
        at top by Product { id }
        query($representations:[_Any!]!,$x:Boolean!){_entities(representations:$representations){...on Product{...@include(if:$x){reviews{text}}}}}
    first: {top {name @0}}
    deferred 0 -: {reviews {text}}
    "#);
}

#[test]
fn what_is_deferred_below_a_field_that_is_there_is_deferred_on_its_objects() {
    assert_snapshot!(shown("{ top { name } ... @defer { top { price } fast } }"), @r#"
    0 products
        {top{name id}}
    1 products deferred 1
        {fast}
    2 products after 0 deferred 0
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{price}}}
    first: {top {name @0} @1}
    deferred 1 -: {fast}
    deferred 0 -: {price}
    "#);
}

#[test]
fn a_fragment_is_answered_as_each_object_selects_it() {
    let graph = graph(
        r#"
        # a
        type Query { all: [Holder!] }
        interface Holder { node: Node }
        type A implements Holder { node: Node }
        type B implements Holder { node: Node }
        type Node { x: Int y: Int }
        "#,
    );
    let query = "{ all { ... on B { node { ...G } } ... on A { node { x ...G } } } }
        fragment G on Node { ... @defer { x y } }";
    let plan = try_plan(&graph, query, &[Fact::Incremental]);
    let below: Vec<String> =
        plan.outputs.iter().flat_map(|output| &output.deferred).map(|it| keys(&plan, it.output)).collect();
    assert_eq!(below, ["{x y}", "{y}"]);
}

#[test]
fn what_is_deferred_is_bounded() {
    let graph = graph(SHOP);
    let fragments: String = (0..100).map(|at| format!("... @defer {{ f{at}: fast }} ")).collect();
    let plan = try_plan(&graph, &format!("{{ {fragments} }}"), &[Fact::Incremental]);
    assert_eq!(plan.deferred.len(), 32);
    let names: String = (0..10).map(|at| format!("$v{at}: Boolean! ")).collect();
    let fragments: String = (0..10).map(|at| format!("... @defer(if: $v{at}) {{ f{at}: fast }} ")).collect();
    let plan = try_plan(&graph, &format!("query({names}) {{ {fragments} }}"), &[Fact::Incremental]);
    assert_eq!(plan.facts.len(), 4, "three variables, and that the client takes parts: {:?}", plan.facts);
}

#[test]
fn a_mutation_field_waits_for_nothing_that_is_deferred() {
    let query = "mutation { sell { reviews { text } ... @defer { price } } restock { id } }";
    assert_snapshot!(shown(query), @r#"
    0 products
        mutation{sell{id}}
    1 reviews after 0
        at sell by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    2 products after 0 deferred 0
        at sell by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{price}}}
    3 products after 1
        mutation{restock{id}}
    first: {sell {reviews {text} @0} restock {id}}
    deferred 0 -: {price}
    "#);
}

#[test]
fn without_a_client_that_takes_parts_nothing_is_deferred() {
    let supergraph = graph(SHOP);
    let query = "query($later: Boolean!) { top { name ... @defer(if: $later) { reviews { text } } } }";
    let variable = Fact::Variable(tributary_federation::plan::VariableId(0));
    for holds in [&[][..], &[Fact::Incremental], &[variable]] {
        let plan = try_plan(&supergraph, query, holds);
        assert_eq!(plan.deferred, []);
        assert_eq!(plan.fetches.len(), 2);
    }
    let plan = try_plan(&supergraph, query, &[Fact::Incremental, variable]);
    assert_eq!(plan.deferred.len(), 1);
    assert_eq!(plan.facts, [(Fact::Incremental, true), (variable, true)]);
    let never = "{ top { name ... @defer(if: false) { reviews { text } } } }";
    assert_eq!(try_plan(&supergraph, never, &[Fact::Incremental]).deferred, []);
}

/// Looked up anew, the field could be had from a subgraph whose union doesn't have the member.
#[test]
fn a_requirement_of_a_unions_member_is_taken_from_where_the_union_has_it() {
    let supergraph = graph(
        r#"
        # a
        type E1 @key(fields: "id") { id: ID! r: U @shareable }
        type E0 @key(fields: "id") { id: ID! }
        type E2 @key(fields: "id") { id: ID! x: Int }
        union U = E0
        type Query { q: E1 @shareable }
        # b
        type E1 @key(fields: "id") { id: ID! n: Int r: U @shareable }
        type E0 @key(fields: "id") { id: ID! }
        type E2 @key(fields: "id") { id: ID! }
        union U = E0 | E2
        type Query { q: E1 @shareable }
        # c
        type E1 @key(fields: "id") { id: ID! n: Int @external r: U @external
            f: Int @requires(fields: "n r { ... on E2 { x } }") }
        type E0 @key(fields: "id") { id: ID! }
        type E2 @key(fields: "id") { id: ID! x: Int @external }
        union U = E0 | E2
        type Query { c: Int }
    "#,
    );
    let plan = try_plan(&supergraph, "{ q { id ... @defer { f } r { __typename } } }", &[Fact::Incremental]);
    assert_snapshot!(plan.display(&supergraph).to_string(), @r"
    0 a
        {q{id r{__typename}}}
    1 b after 0 deferred 0
        at q by E1 { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on E1{n r{__typename ...on E2{id}}}}}
    2 a after 1 deferred 0
        at q.r by E2 { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on E2{x}}}
    3 c after 2 deferred 0
        at q by E1 { id n r { __typename x } }
        query($representations:[_Any!]!){_entities(representations:$representations){...on E1{f}}}
    ");
}
