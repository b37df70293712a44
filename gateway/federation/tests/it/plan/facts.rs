//! What a plan depends on besides the operation: who asks, and which labels are on.

use insta::assert_snapshot;
use tributary_federation::plan::OutputValue;
use tributary_federation::{Fact, Plan, PlanOptions, Supergraph, plan_operation};

use super::graph;
use tributary_checks::faults;

const SHOP: &str = r#"
# users
type Query { me: User @authenticated anyone: [User!] }
type User @key(fields: "id") {
  id: ID!
  name: String
  email: String! @requiresScopes(scopes: [["email"], ["staff", "read"]])
  salary: Money @policy(policies: [["hr"]])
}
type Money @authenticated { amount: Int }
# orders
type User @key(fields: "id") { id: ID! orders: [Order!] @requiresScopes(scopes: [["orders"]]) }
type Order { number: Int }
"#;

/// The plan for someone who is known or not and has these scopes and policies.
fn plan(supergraph: &Supergraph, query: &str, has: &[&str]) -> Plan {
    let document =
        apollo_compiler::ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "q").unwrap();
    let holds = |fact: Fact| match fact {
        Fact::Incremental | Fact::Variable(_) => false,
        Fact::Label(label) => has.contains(&&*supergraph.override_labels()[label as usize]),
        Fact::Granted(id) => {
            let requirement = &supergraph.requirements()[id.0 as usize];
            requirement.is_met(!has.is_empty(), |scope| has.contains(&scope), |policy| has.contains(&policy))
        }
    };
    let options = PlanOptions { facts: &holds, ..PlanOptions::default() };
    let plan = plan_operation(supergraph, &document, None, &options).unwrap();
    assert_eq!(faults(supergraph, &plan), [""; 0], "{query}\n{}", plan.display(supergraph));
    plan
}

/// The fetches, then what is withheld.
fn shown(supergraph: &Supergraph, plan: &Plan) -> String {
    let withheld = plan.outputs.iter().flat_map(|output| &output.fields).filter_map(|field| {
        let OutputValue::Withheld { non_null, coordinate } = &field.value else { return None };
        Some(format!("withheld: {coordinate}{}\n", if *non_null { "!" } else { "" }))
    });
    let withheld: String = withheld.collect();
    format!("{}{withheld}", plan.display(supergraph))
}

const EVERYTHING: &str = "{ me { name } anyone { id: name email salary { amount } orders { number } } }";

#[test]
fn nobody_is_asked_for_what_an_anonymous_client_may_not_see() {
    let graph = graph(SHOP);
    assert_snapshot!(shown(&graph, &plan(&graph, EVERYTHING, &[])), @r#"
    0 users
        {anyone{id:name}}
    withheld: Query.me
    withheld: User.email!
    withheld: User.salary
    withheld: User.orders
    "#);
}

#[test]
fn each_requirement_opens_what_it_guards() {
    let graph = graph(SHOP);
    assert_snapshot!(shown(&graph, &plan(&graph, EVERYTHING, &["staff", "read"])), @r#"
    0 users
        {me{name}anyone{id:name email}}
    withheld: User.salary
    withheld: User.orders
    "#);
    assert_snapshot!(shown(&graph, &plan(&graph, EVERYTHING, &["email", "orders", "hr"])), @r#"
    0 users
        {me{name}anyone{id:name email salary{amount}_1_id:id}}
    1 orders after 0
        at anyone by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{orders{number}}}}
    "#);
}

#[test]
fn a_key_is_fetched_though_the_client_may_not_see_it() {
    let graph = graph(
        r#"
        # a
        type Query { users: [User!] }
        type User @key(fields: "id") { id: ID! @authenticated }
        # b
        type User @key(fields: "id") { id: ID! @authenticated name: String }
        "#,
    );
    assert_snapshot!(shown(&graph, &plan(&graph, "{ users { id name } }", &[])), @r#"
    0 a
        {users{id}}
    1 b after 0
        at users by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{name}}}
    withheld: User.id!
    "#);
}

#[test]
fn members_of_a_union_are_withheld_one_by_one() {
    let graph = graph(
        r#"
        # a
        type Query { things: [Thing!] }
        union Thing = Open | Hidden | Partly
        interface Named { name: String }
        type Open implements Named { name: String }
        type Hidden @authenticated { name: String }
        type Partly implements Named { name: String @policy(policies: [["p"]]) other: Int }
        "#,
    );
    let query =
        "{ things { __typename ... on Open { name } ... on Hidden { name } ... on Partly { name other } } }";
    assert_snapshot!(shown(&graph, &plan(&graph, query, &[])), @r#"
    0 a
        {things{__typename ...on Open{name}...on Partly{other}}}
    withheld: Hidden.name
    withheld: Partly.name
    "#);
}

#[test]
fn what_an_interface_object_guards_is_guarded_on_all_objects() {
    let graph = graph(
        r#"
        # a
        type Query { things: [Thing!] }
        interface Thing @key(fields: "id") { id: ID! }
        type One implements Thing @key(fields: "id") { id: ID! }
        type Two implements Thing @key(fields: "id") { id: ID! }
        # b
        type Thing @key(fields: "id") @interfaceObject { id: ID! secret: Int @authenticated open: Int }
        "#,
    );
    let query = "{ things { secret open ... on One { own: secret } } }";
    assert_snapshot!(shown(&graph, &plan(&graph, query, &[])), @r#"
    0 a
        {things{__typename id}}
    1 b after 0
        at things by Thing (for One|Two) { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Thing{open}}}
    withheld: One.secret
    withheld: Two.secret
    withheld: One.secret
    "#);
}

#[test]
fn a_plan_says_which_facts_it_rests_upon() {
    let graph = graph(SHOP);
    assert_eq!(plan(&graph, "{ anyone { name } }", &[]).facts, []);
    let facts = |has: &[&str]| {
        let plan = plan(&graph, "{ anyone { email } }", has);
        plan.facts.iter().map(|(_, holds)| *holds).collect::<Vec<_>>()
    };
    assert_eq!(facts(&[]), [false]);
    assert_eq!(facts(&["email"]), [true]);
}

#[test]
fn a_label_decides_from_where_a_field_comes() {
    let graph = graph(
        r#"
        # old
        type Query { product: Product }
        type Product @key(fields: "id") { id: ID! price: Int stock: Int }
        # new
        type Product @key(fields: "id") { id: ID! price: Int @override(from: "old", label: "move-price") }
        "#,
    );
    let query = "{ product { price } }";
    let (off, on) = (plan(&graph, query, &[]), plan(&graph, query, &["move-price"]));
    assert_snapshot!(shown(&graph, &off), @r#"
    0 old
        {product{price}}
    "#);
    assert_snapshot!(shown(&graph, &on), @r#"
    0 old
        {product{id}}
    1 new after 0
        at product by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{price}}}
    "#);
    assert_eq!((off.facts, on.facts), (vec![(Fact::Label(0), false)], vec![(Fact::Label(0), true)]));
    assert_eq!(plan(&graph, "{ product { stock } }", &[]).facts, []);
}
