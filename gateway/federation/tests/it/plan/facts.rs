//! What a plan depends on besides the operation: who asks, and which labels are on.

use insta::assert_snapshot;
use tributary_federation::plan::OutputValue;
use tributary_federation::{Fact, Plan, PlanOptions, Supergraph, plan_operation};

use super::graph;
use crate::support::supergraph;
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

const THINGS: &str = r#"
# a
type Query { things: [Thing!] two: Two known: Int @authenticated allowed: Int @policy(policies: [["p"]]) }
interface Thing { name: String }
type One implements Thing { name: String @requiresScopes(scopes: [["a"], ["b"]]) }
type Two implements Thing { name: String }
"#;

/// What of things' names someone with these scopes may not see, where the interface asks for that.
fn withheld(asked: &str, has: &[&str]) -> String {
    let composed = supergraph(THINGS);
    let (before, interface) = composed.split_once("interface Thing").expect("it has the interface");
    let own = r#"@requiresScopes(scopes: [["a"], ["b"]])"#;
    assert!(interface.contains(own), "composition infers it: {interface}");
    let graph = Supergraph::parse(&format!("{before}interface Thing{}", interface.replacen(own, asked, 1)));
    let graph = graph.unwrap();
    let names = |plan: Plan| {
        shown(&graph, &plan)
            .lines()
            .filter_map(|line| Some(line.strip_prefix("withheld: ")?.to_owned()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let direct = names(plan(&graph, "{ two { name } }", has));
    let by_interface = names(plan(&graph, "{ things { name } }", has));
    assert_eq!(direct.is_empty(), !by_interface.contains("Two.name"), "an object is as open either way");
    by_interface
}

/// Older compositions let an interface ask for something of its own.
#[test]
fn what_an_interface_asks_for_itself_holds_for_all_of_its_objects() {
    for inferred in [
        r#"@requiresScopes(scopes: [["a"], ["b"]])"#,
        r#"@requiresScopes(scopes: [["b"], ["a", "b"], ["a"]])"#,
        "",
    ] {
        assert_eq!(withheld(inferred, &[]), "One.name", "{inferred}");
        assert_eq!(withheld(inferred, &["b"]), "", "{inferred}");
    }
    for (own, enough) in [
        (r#"@requiresScopes(scopes: [["a"]])"#, &["a"][..]),
        (r#"@requiresScopes(scopes: [["a", "b"]])"#, &["a", "b"]),
        (r#"@requiresScopes(scopes: [["a"], ["b"]]) @policy(policies: [["p"]])"#, &["b", "p"]),
        (r#"@requiresScopes(scopes: [["other"]])"#, &["a", "other"]),
    ] {
        assert_eq!(withheld(own, &[]), "One.name Two.name", "{own}");
        assert_eq!(withheld(own, &["b"]), "One.name Two.name", "{own}");
        assert_eq!(withheld(own, enough), "", "{own}");
    }
    assert_eq!(withheld("@authenticated", &[]), "One.name Two.name");
    assert_eq!(withheld("@authenticated", &["c"]), "One.name");
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
