//! One small case for each thing that planning can do.

use insta::assert_snapshot;

use super::plan;

const SHOP: &str = r#"
# products
type Query { top: [Product!]! product(id: ID!): Product }
type Mutation { sell(id: ID!): Product restock(id: ID!): Product }
type Product @key(fields: "id") { id: ID! name: String price: Int weight: Int }
# reviews
type Query { latest: Review }
type Mutation { review(id: ID!): Review }
type Review { text: String product: Product author: User @provides(fields: "name") }
type Product @key(fields: "id") { id: ID! reviews: [Review!] }
type User @key(fields: "email") { email: ID! name: String @external }
# users
type Query { me: User }
type User @key(fields: "email") { email: ID! name: String age: Int }
# shipping
type Product @key(fields: "id") { id: ID! price: Int @external weight: Int @external
  estimate: Int @requires(fields: "price weight") }
"#;

fn shop(query: &str) -> String {
    plan(SHOP, query)
}

#[test]
fn one_subgraph_is_one_fetch() {
    assert_snapshot!(shop("{ top { id name } }"), @r#"
    0 products
        {top{id name}}
    "#);
}

#[test]
fn an_entity_is_followed() {
    assert_snapshot!(shop("{ me { name } top { reviews { text } } }"), @r#"
    0 users
        {me{name}}
    1 products
        {top{id}}
    2 reviews after 1
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    "#);
}

#[test]
fn what_is_required_is_fetched_first() {
    assert_snapshot!(shop("{ latest { product { estimate } } }"), @r#"
    0 reviews
        {latest{product{id}}}
    1 products after 0
        at latest.product by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{price weight}}}
    2 shipping after 1
        at latest.product by Product { id price weight }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{estimate}}}
    "#);
}

#[test]
fn what_is_provided_is_not_fetched_again() {
    assert_snapshot!(shop("{ latest { author { name age } } }"), @r#"
    0 reviews
        {latest{author{name email}}}
    1 users after 0
        at latest.author by User { email }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{age}}}
    "#);
}

#[test]
fn aliases_that_shadow_keys_are_told_apart() {
    assert_snapshot!(shop("{ top { id: name __typename: price reviews { text } } }"), @r#"
    0 products
        {top{id:name _1___typename:price _1_id:id}}
    1 reviews after 0
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    "#);
}

#[test]
fn a_conditional_field_that_is_also_a_key_is_fetched_always() {
    assert_snapshot!(shop("query($yes: Boolean!) { top { id @include(if: $yes) reviews { text } } }"), @r#"
    0 products
        {top{id}}
    1 reviews after 0
        at top by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    "#);
}

#[test]
fn a_fetch_whose_every_field_is_conditional_is_conditional() {
    assert_snapshot!(shop("query($yes: Boolean!) { top { name reviews @skip(if: $yes) { text } } }"), @r#"
    0 products
        {top{name id}}
    1 reviews after 0 if not $yes
        at top by Product { id }
        query($representations:[_Any!]!,$yes:Boolean!){_entities(representations:$representations){...on Product{...@skip(if:$yes){reviews{text}}}}}
    "#);
}

#[test]
fn what_a_conditional_field_requires_travels_alone() {
    assert_snapshot!(shop("query($yes: Boolean!) { latest { product { name estimate @include(if: $yes) } } }"), @r#"
    0 reviews
        {latest{product{id}}}
    1 products after 0
        at latest.product by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{name price weight}}}
    2 shipping after 1 if $yes
        at latest.product by Product { id price weight }
        query($representations:[_Any!]!,$yes:Boolean!){_entities(representations:$representations){...on Product{...@include(if:$yes){estimate}}}}
    "#);
}

#[test]
fn a_mutation_field_and_its_entities_end_before_the_next() {
    assert_snapshot!(shop(
        r#"mutation { sell(id: 1) { reviews { text } } restock(id: 2) { name } again: sell(id: 3) { name } }"#
    ), @r#"
    0 products
        mutation{sell(id: 1){id}}
    1 reviews after 0
        at sell by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{reviews{text}}}}
    2 products after 1
        mutation{restock(id: 2){name}again:sell(id: 3){name}}
    "#);
}

#[test]
fn variables_go_where_they_are_used() {
    assert_snapshot!(shop(
        "query($id: ID!, $representations: Boolean = true) {
            product(id: $id) { name @include(if: $representations) reviews { text } } me { age } }"
    ), @r#"
    0 products
        query($id:ID!,$representations:Boolean=true){product(id: $id){...@include(if:$representations){name}id}}
    1 users
        {me{age}}
    2 reviews after 0
        at product by Product { id }
        query($_representations:[_Any!]!){_entities(representations:$_representations){...on Product{reviews{text}}}}
    "#);
}

#[test]
fn entities_of_one_level_go_in_one_request() {
    assert_snapshot!(shop("{ top { reviews { text } } product(id: 1) { reviews { text } } }"), @r#"
    0 products
        {top{id}product(id: 1){id}}
    1 reviews after 0
        at top by Product { id }
        at product by Product { id }
        query($_r0:[_Any!]!,$_r1:[_Any!]!){_e0:_entities(representations:$_r0){...on Product{reviews{text}}} _e1:_entities(representations:$_r1){...on Product{reviews{text}}}}
    "#);
}

#[test]
fn interfaces_are_expanded_only_where_needed() {
    assert_snapshot!(plan(r#"
# a
type Query { nodes: [Node!]! }
interface Node { id: ID! name: String }
type A implements Node @key(fields: "id") { id: ID! name: String }
type B implements Node @key(fields: "id") { id: ID! name: String @external }
# b
type B @key(fields: "id") { id: ID! name: String size: Int }
"#, "{ nodes { id name ... on B { size } } }"), @r#"
    0 a
        {nodes{__typename id ...on A{name}}}
    1 b after 0
        at nodes by B { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on B{name size}}}
    "#);
}

#[test]
fn an_interface_object_gets_its_concrete_type_when_asked() {
    assert_snapshot!(plan(r#"
# a
interface Account @key(fields: "id") { id: ID! }
type Admin implements Account @key(fields: "id") { id: ID! level: Int }
type Guest implements Account @key(fields: "id") { id: ID! }
# b
type Query { accounts: [Account!]! }
type Account @key(fields: "id") @interfaceObject { id: ID! name: String }
"#, "{ accounts { name ... on Admin { level } } plain: accounts { id name } }"), @r#"
    0 b
        {accounts{name id}plain:accounts{id name}}
    1 a after 0
        at accounts by Account (for Account|Admin|Guest) { id }
        query($representations:[_Any!]!){_entities(representations:$representations){__typename ...on Account{...on Admin{level}}}}
    "#);
}

#[test]
fn compound_and_nested_keys_are_gathered_from_where_they_are() {
    assert_snapshot!(plan(r#"
# a
type Query { item: Item }
type Item @key(fields: "id") { id: ID! }
# b
type Item @key(fields: "id") @key(fields: "code shelf { row }") { id: ID! code: String shelf: Shelf }
type Shelf @shareable { row: Int }
# c
type Item @key(fields: "code shelf { row }") { code: String shelf: Shelf price: Int }
type Shelf @shareable { row: Int }
"#, "{ item { price } }"), @r#"
    0 a
        {item{id}}
    1 b after 0
        at item by Item { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{code shelf{row}}}}
    2 c after 1
        at item by Item { code shelf { row } }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{price}}}
    "#);
}

#[test]
fn a_value_type_is_put_together_from_several_subgraphs() {
    assert_snapshot!(plan(r#"
# a
type Query { settings: Settings @shareable }
type Settings { color: String }
# b
type Query { settings: Settings @shareable }
type Settings { size: Int }
"#, "{ settings { color size } }"), @r#"
    0 a
        {settings{color}}
    1 b
        {settings{size}}
    "#);
}

#[test]
fn what_no_subgraph_can_answer_is_refused_with_its_path() {
    assert_snapshot!(plan(r#"
# a
type Query { node: Node @shareable }
interface Node { id: ID! }
type A implements Node @key(fields: "id") { id: ID! }
type B implements Node @key(fields: "id") { id: ID! @external x: Int }
# b
type Query { node: Node @shareable }
interface Node { id: ID! }
type A implements Node @key(fields: "id") { id: ID! @external y: Int }
type B implements Node @key(fields: "id") { id: ID! }
"#, "{ node { id } }"), @r#"
    PLAN_UNREACHABLE: no subgraph can be asked for node.id: from Query, none of a, b resolves it or can be entered with a key that is known there
    "#);
}

#[test]
fn override_moves_a_field() {
    assert_snapshot!(plan(r#"
# old
type Query { item: Item }
type Item @key(fields: "id") { id: ID! price: Int }
# new
type Item @key(fields: "id") { id: ID! price: Int @override(from: "old") }
"#, "{ item { price } }"), @r#"
    0 old
        {item{id}}
    1 new after 0
        at item by Item { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Item{price}}}
    "#);
}

#[test]
fn one_name_required_with_two_arguments_makes_two_representations() {
    assert_snapshot!(plan(r#"
# a
type Query { item: Item }
type Item @key(fields: "id") { id: ID! price(in: String): Int }
# b
type Item @key(fields: "id") { id: ID! price(in: String): Int @external
  dollars: Int @requires(fields: "price(in: \"USD\")") euros: Int @requires(fields: "price(in: \"EUR\")") }
"#, "{ item { price dollars euros } }"), @r#"
    0 a
        {item{price id _1_price:price(in: "USD") _2_price:price(in: "EUR")}}
    1 b after 0
        at item by Item { id price }
        at item by Item { id price }
        query($_r0:[_Any!]!,$_r1:[_Any!]!){_e0:_entities(representations:$_r0){...on Item{dollars}} _e1:_entities(representations:$_r1){...on Item{euros}}}
    "#);
}

#[test]
fn a_field_that_differs_between_the_types_of_a_union_gets_an_alias() {
    assert_snapshot!(plan(r#"
# a
type Query { all: [Either!]! }
union Either = A | B
type A { id: ID! @shareable name: String @shareable }
type B { id: ID name: String }
# b
type Query { a: A }
type A { id: ID @shareable name: String @shareable }
"#, "{ all { ... on A { id name } ... on B { id name } } }"), @r#"
    0 a
        {all{__typename ...on A{id name}...on B{_1_id:id name}}}
    "#);
}

const PARTIAL_UNION: &str = r#"
# a
type Query { ofA: Box both: Box @shareable }
type Box @key(fields: "id") { id: ID! inner: Inner @shareable }
type Inner @shareable { things: [Thing!] }
union Thing = Common | OnlyA
type Common @shareable { label: String }
type OnlyA { a: String }
# b
type Query { both: Box @shareable }
type Box @key(fields: "id") { id: ID! inner: Inner @shareable alone: Inner }
type Inner @shareable { things: [Thing!] }
union Thing = Common | OnlyB
type Common @shareable { label: String }
type OnlyB { b: String }
"#;

#[test]
fn a_union_member_that_not_every_source_has_is_not_asked_for_anything() {
    let query = "{ ofA { inner { things { ... on Common { label } ... on OnlyA { a } } } } }";
    assert_snapshot!(plan(PARTIAL_UNION, query), @r#"
    0 a
        {ofA{inner{things{__typename ...on Common{label}}}}}
    "#);
}

#[test]
fn a_union_with_one_source_has_all_the_members_that_it_has_there() {
    let query = "{ ofA { alone { things { __typename ... on OnlyA { a } ... on OnlyB { b } } } } }";
    assert_snapshot!(plan(PARTIAL_UNION, query), @r#"
    0 a
        {ofA{id}}
    1 b after 0
        at ofA by Box { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Box{alone{things{__typename ...on OnlyB{b}}}}}}
    "#);
}

#[test]
fn union_members_are_narrowed_by_the_object_that_has_the_field() {
    let graph = r#"
    # a
    type Query { nodes: [Node!] }
    union Node = Shared | Own
    type Shared @key(fields: "id") { id: ID! thing: Thing @shareable }
    type Own { thing: Thing }
    union Thing = Common | OnlyA
    type Common @shareable { label: String }
    type OnlyA { a: String }
    # b
    type Shared @key(fields: "id") { id: ID! thing: Thing @shareable }
    union Thing = Common
    type Common @shareable { label: String }
    "#;
    let query = "{ nodes { ... on Shared { thing { ...T } } ... on Own { thing { ...T } } } }
        fragment T on Thing { ... on Common { label } ... on OnlyA { a } }";
    assert_snapshot!(plan(graph, query), @r#"
    0 a
        {nodes{__typename ...on Own{thing{__typename ...on Common{label}...on OnlyA{a}}}...on Shared{thing{__typename ...on Common{label}}}}}
    "#);
}

/// What fails for an object by an interface's name may take the whole object along.
#[test]
fn objects_that_go_by_an_interfaces_name_are_asked_for_what_their_type_is_selected_for() {
    let graph = r#"
# a
type Query { accounts: [Account!]! }
interface Account @key(fields: "id") { id: ID! }
type Admin implements Account @key(fields: "id") { id: ID! }
type Guest implements Account @key(fields: "id") { id: ID! }
type Robot implements Account @key(fields: "id") { id: ID! }
# b
type Account @key(fields: "id") @interfaceObject { id: ID! name: String! level: Int! }
"#;
    assert_snapshot!(plan(graph, "{ accounts { name ... on Admin { level } } }"), @r"
    0 a
        {accounts{__typename id}}
    1 b after 0
        at accounts by Account (for Admin) { id }
        at accounts by Account (for Guest|Robot) { id }
        query($_r0:[_Any!]!,$_r1:[_Any!]!){_e0:_entities(representations:$_r0){...on Account{name level}} _e1:_entities(representations:$_r1){...on Account{name}}}
    ");
    assert_snapshot!(plan(graph, "{ accounts { ... on Admin { name level } ... on Robot { level name } } }"), @r"
    0 a
        {accounts{__typename ...on Admin{id}...on Robot{id}}}
    1 b after 0
        at accounts by Account (for Admin) { id }
        at accounts by Account (for Robot) { id }
        query($_r0:[_Any!]!,$_r1:[_Any!]!){_e0:_entities(representations:$_r0){...on Account{name level}} _e1:_entities(representations:$_r1){...on Account{level name}}}
    ");
}

/// The field that a client wants under a condition is required by one that it wants in any case.
#[test]
fn what_is_required_in_any_case_is_not_looked_up_again_under_a_condition() {
    let graph = r#"
# a
type Query { t: T }
type T @key(fields: "id") { id: ID! a: Int @external b: Int @requires(fields: "a") }
# b
type T @key(fields: "id") { id: ID! a: Int }
# c
type T @key(fields: "id") { id: ID! a: Int @external b: Int @external c: Int @requires(fields: "a b") }
"#;
    assert_snapshot!(plan(graph, "query($yes: Boolean!) { t { b @include(if: $yes) c } }"), @r"
    0 a
        {t{id}}
    1 b after 0
        at t by T { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on T{a}}}
    2 a after 1
        at t by T { id a }
        query($representations:[_Any!]!){_entities(representations:$representations){...on T{b}}}
    3 c after 2
        at t by T { id a b }
        query($representations:[_Any!]!){_entities(representations:$representations){...on T{c}}}
    ");
    let other_order = "query($yes: Boolean!) { t { c b @include(if: $yes) } }";
    assert_eq!(
        plan(graph, other_order),
        plan(graph, "query($yes: Boolean!) { t { b @include(if: $yes) c } }")
    );
    assert_snapshot!(plan(graph, "query($yes: Boolean!) { t { b @include(if: $yes) c @skip(if: $yes) } }"), @r"
    0 a
        {t{id}}
    1 b after 0
        at t by T { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on T{a}}}
    2 a after 1
        at t by T { id a }
        query($representations:[_Any!]!){_entities(representations:$representations){...on T{b}}}
    3 c after 2 if not $yes
        at t by T { id a b }
        query($representations:[_Any!]!,$yes:Boolean!){_entities(representations:$representations){...on T{...@skip(if:$yes){c}}}}
    ");
}

/// What an interface's objects are asked for alike is asked of the interface, and looked up once.
#[test]
fn what_differs_by_type_in_what_others_answer_is_folded_back() {
    let graph = r#"
        # a
        type Query { i: [I] }
        interface I { id: ID f: F }
        type X implements I { id: ID f: F x: Int }
        type Z implements I { id: ID f: F }
        type F @key(fields: "k") { k: ID! }
        # b
        type F @key(fields: "k") { k: ID! v: Int }
    "#;
    assert_snapshot!(plan(graph, "{ i { f { v } ... on X { f { k } x } } }"), @r"
    0 a
        {i{__typename f{k}...on X{x}}}
    1 b after 0
        at i.f|X|Z by F { k }
        query($representations:[_Any!]!){_entities(representations:$representations){...on F{v}}}
    ");
    assert_snapshot!(plan(graph, "{ i { ... on X { f { v } } ... on Z { f { v } } } }"), @r"
    0 a
        {i{__typename f{k}}}
    1 b after 0
        at i.f by F { k }
        query($representations:[_Any!]!){_entities(representations:$representations){...on F{v}}}
    ");
    // Under keys of their own they are two things.
    assert_snapshot!(plan(graph, "{ i { ... on X { one: f { v } } ... on Z { f { v } } } }"), @r"
    0 a
        {i{__typename ...on X{one:f{k}}...on Z{f{k}}}}
    1 b after 0
        at i.one|X by F { k }
        at i.f|Z by F { k }
        query($_r0:[_Any!]!,$_r1:[_Any!]!){_e0:_entities(representations:$_r0){...on F{v}} _e1:_entities(representations:$_r1){...on F{v}}}
    ");
}
