//! Queries that the subgraphs can't answer are found, and told.

use super::codes::{accepts, refuses};
use crate::support::{compose_all, errors, subgraphs};

#[test]
fn says_the_query_and_what_was_tried() {
    let composition = compose_all(&subgraphs(
        r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! }
        # b
        type Thing @key(fields: "sku") { sku: ID! size: Size }
        type Size { width: Int }
        # c
        type Thing { id: ID! @shareable color: String }
    "#,
    ));
    insta::assert_snapshot!(errors(&composition).join("\n"));
}

/// Two ways in, a subgraph in between, and a requirement that can't be met.
#[test]
fn says_each_way_that_was_tried() {
    let composition = compose_all(&subgraphs(
        r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! }
        # b
        type Query { things: [Thing] }
        type Thing @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! }
        # c
        type Thing @key(fields: "sku") { sku: ID! weight: Int @external fee: Int @requires(fields: "weight") }
        # d
        type Thing @key(fields: "code") { code: ID! weight: Int }
    "#,
    ));
    insta::assert_snapshot!(errors(&composition).join("\n"), @r#"
    SATISFIABILITY_ERROR: The following supergraph API query:
    {
      thing {
        weight
      }
    }
    cannot be satisfied by the subgraphs because:
    - from subgraph "a":
      - cannot find field "Thing.weight".
      - cannot move to subgraph "d" using @key(fields: "code") of "Thing", the key field(s) cannot be resolved from subgraph "a".
    - from subgraph "b":
      - cannot find field "Thing.weight".
      - cannot move to subgraph "d" using @key(fields: "code") of "Thing", the key field(s) cannot be resolved from subgraph "b".
    - from subgraph "c":
      - field "Thing.weight" is not resolvable because marked @external.
      - cannot move to subgraph "d" using @key(fields: "code") of "Thing", the key field(s) cannot be resolved from subgraph "c".
      at c:2:51
      at d:2:53
      help: let "Thing" be reached there: a @key that those subgraphs can resolve, or the field itself marked @shareable
    SATISFIABILITY_ERROR: The following supergraph API query:
    {
      thing {
        fee
      }
    }
    cannot be satisfied by the subgraphs because:
    - from subgraph "a":
      - cannot find field "Thing.fee".
    - from subgraph "b":
      - cannot find field "Thing.fee".
    - from subgraph "c":
      - cannot satisfy @require conditions on field "Thing.fee".
      at c:2:73
      help: let "Thing" be reached there: a @key that those subgraphs can resolve, or the field itself marked @shareable
    SATISFIABILITY_ERROR: The following supergraph API query:
    {
      thing {
        code
      }
    }
    cannot be satisfied by the subgraphs because:
    - from subgraph "a":
      - cannot find field "Thing.code".
      - cannot move to subgraph "d" using @key(fields: "code") of "Thing", the key field(s) cannot be resolved from subgraph "a".
    - from subgraph "b":
      - cannot find field "Thing.code".
      - cannot move to subgraph "d" using @key(fields: "code") of "Thing", the key field(s) cannot be resolved from subgraph "b".
    - from subgraph "c":
      - cannot find field "Thing.code".
      - cannot move to subgraph "d" using @key(fields: "code") of "Thing", the key field(s) cannot be resolved from subgraph "c".
      at d:2:43
      help: let "Thing" be reached there: a @key that those subgraphs can resolve, or the field itself marked @shareable
    "#);
}

/// A label holds for some requests only, and neither those nor the others may be left without an answer.
#[test]
fn a_label_must_leave_an_answer_either_way() {
    let text = r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! HERE }
        # b
        type Thing @key(fields: "KEY") { KEY: ID! color: String @override(from: "FROM", label: "percent(5)") }
        # c
        type Thing @key(fields: "OTHER") { OTHER: ID! color: String }
    "#;
    let with = |key: &str, other: &str| {
        text.replace("FROM", "c").replace("HERE", "").replace("KEY", key).replace("OTHER", other)
    };
    accepts(&with("id", "id"));
    refuses(&with("sku", "id"), &["SATISFIABILITY_ERROR"]);
    refuses(&with("id", "sku"), &["SATISFIABILITY_ERROR"]);
}

#[test]
fn keys_lead_on() {
    accepts(
        r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! }
        # b
        type Thing @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! }
        # c
        type Thing @key(fields: "sku") { sku: ID! color: String }
    "#,
    );
}

#[test]
fn compound_keys_may_come_from_several_subgraphs() {
    accepts(
        r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! }
        # b
        type Thing @key(fields: "id") { id: ID! owner: Owner @shareable }
        type Owner @key(fields: "id") { id: ID! }
        # c
        type Thing @key(fields: "id owner { id name }") { id: ID! owner: Owner @shareable color: String }
        type Owner { id: ID! @shareable name: String @shareable }
        # d
        type Owner @key(fields: "id") { id: ID! name: String @shareable }
    "#,
    );
}

#[test]
fn a_key_that_cannot_be_resolved_does_not_lead_on() {
    let text = r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! }
        # b
        type Thing @key(fields: "id"RESOLVABLE) { id: ID! color: String }
    "#;
    accepts(&text.replace("RESOLVABLE", ""));
    refuses(&text.replace("RESOLVABLE", ", resolvable: false"), &["SATISFIABILITY_ERROR"]);
}

#[test]
fn what_is_required_must_be_at_hand() {
    let text = r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! }
        # b
        type Thing @key(fields: "id") { id: ID! weight: Int @external price: Int @requires(fields: "weight") }
        # c
        type Thing KEY { id: ID! @shareable weight: Int }
        type Query { other: Thing }
    "#;
    accepts(&text.replace("KEY", "@key(fields: \"id\")"));
    refuses(&text.replace("KEY", ""), &["SATISFIABILITY_ERROR"]);
}

#[test]
fn requirements_in_a_circle_are_refused() {
    refuses(
        r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! x: Int @requires(fields: "y") y: Int @external }
        # b
        type Thing @key(fields: "id") { id: ID! y: Int @requires(fields: "x") x: Int @external }
    "#,
        &["SATISFIABILITY_ERROR"],
    );
}

#[test]
fn requirements_with_fragments_are_resolved() {
    accepts(
        r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! data: Data }
        interface Data { kind: String }
        type Text implements Data { kind: String text: String }
        type Number implements Data { kind: String number: Int }
        # b
        type Thing @key(fields: "id") {
          id: ID!
          data: Data @external
          summary: String @requires(fields: "data { kind ... on Text { text } ... on Number { number } }")
        }
        interface Data { kind: String }
        type Text implements Data { kind: String @external text: String @external }
        type Number implements Data { kind: String @external number: Int @external }
    "#,
    );
}

#[test]
fn provided_fields_are_there_only_where_they_are_provided() {
    let text = r#"
        # a
        type Query { provided: Thing @provides(fields: "size") REST }
        type Thing @key(fields: "id", resolvable: false) { id: ID! size: Int @external }
        # b
        type Query { things: [Thing] }
        type Thing { id: ID! @shareable size: Int @shareable }
    "#;
    accepts(&text.replace("REST", ""));
    refuses(&text.replace("REST", "bare: Thing"), &["SATISFIABILITY_ERROR"]);
}

#[test]
fn shared_roots_reach_a_value_type_in_several_subgraphs() {
    accepts(
        r#"
        # a
        type Query { settings: Settings @shareable }
        type Settings { color: String }
        # b
        type Query { settings: Settings @shareable }
        type Settings { size: Int }
    "#,
    );
    refuses(
        r#"
        # a
        type Query { settings: Settings }
        type Settings { color: String }
        # b
        type Query { other: Settings }
        type Settings { size: Int }
    "#,
        &["SATISFIABILITY_ERROR"],
    );
}

#[test]
fn each_member_of_an_abstract_type_must_be_complete() {
    let text = r#"
        # a
        type Query { media: [Media] }
        interface Media { title: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String }
        type Film implements Media { id: ID! @shareable title: String }
        # b
        type Query { film: Film }
        type Film KEY { id: ID! @shareable length: Int }
    "#;
    let keyed = text
        .replace("KEY", "@key(fields: \"id\")")
        .replace("type Film implements Media {", "type Film implements Media @key(fields: \"id\") {");
    accepts(&keyed);
    refuses(&text.replace("KEY", ""), &["SATISFIABILITY_ERROR"]);
}

#[test]
fn interface_objects_supply_their_implementations() {
    accepts(
        r#"
        # a
        type Query { nodes: [Node] }
        interface Node @key(fields: "id") { id: ID! }
        type User implements Node @key(fields: "id") { id: ID! name: String }
        type Group implements Node @key(fields: "id") { id: ID! size: Int }
        # b
        type Query { latest: [Node] }
        type Node @key(fields: "id") @interfaceObject { id: ID! score: Int }
    "#,
    );
}

#[test]
fn an_interface_object_alone_does_not_know_the_concrete_type() {
    refuses(
        r#"
        # a
        type Query { nodes: [Node] }
        interface Node @key(fields: "id", resolvable: false) { id: ID! }
        type User implements Node @key(fields: "id") { id: ID! name: String }
        # b
        type Query { latest: [Node] }
        type Node @key(fields: "id") @interfaceObject { id: ID! score: Int }
    "#,
        &["SATISFIABILITY_ERROR"],
    );
}

/// `thing` is given in two subgraphs, but whoever asks one of them has only what that one has.
#[test]
fn a_key_is_resolved_on_one_way() {
    let text = r#"
        # a
        type Query { thing: Thing @shareable }
        type Thing @key(fields: "id") { id: ID! name: String @shareable MORE }
        # b
        type Query { thing: Thing @shareable }
        type Thing { part: Part name: String @shareable }
        type Part { code: ID! @shareable }
        # c
        type Thing @key(fields: "id part { code }") { id: ID! part: Part @external color: String }
        type Part { code: ID! @external }
    "#;
    refuses(&text.replace("MORE", ""), &["SATISFIABILITY_ERROR"]);
    let shared = text.replace("{ part: Part name", "{ part: Part @shareable name");
    let shared = shared.replace("MORE }", "part: Part @shareable }\n type Part { code: ID! @shareable }");
    accepts(&shared);
}

#[test]
fn what_is_required_is_resolved_on_one_way() {
    let text = r#"
        # a
        type Query { thing: Thing @shareable }
        type Thing @key(fields: "id") { id: ID! weight: Int @external price: Int @requires(fields: "weight") }
        # b
        type Query { thing: Thing @shareable }
        type Thing KEY { MORE weight: Int }
    "#;
    refuses(&text.replace("KEY", "").replace("MORE", ""), &["SATISFIABILITY_ERROR"]);
    refuses(
        &text.replace("KEY", "@key(fields: \"sku\")").replace("MORE", "sku: ID!"),
        &["SATISFIABILITY_ERROR"],
    );
    accepts(&text.replace("KEY", "@key(fields: \"id\")").replace("MORE", "id: ID!"));
}

/// Below a condition as below a query, fields of one value type may come from several subgraphs.
#[test]
fn fields_of_a_condition_may_come_from_several_places_on_one_way() {
    accepts(
        r#"
        # a
        type Query { thing: Thing }
        type Thing @key(fields: "id") { id: ID! part: Part @shareable }
        type Part { width: Int }
        # b
        type Thing @key(fields: "id") { id: ID! part: Part @shareable }
        type Part { height: Int }
        # c
        type Thing @key(fields: "id") {
          id: ID!
          part: Part @external
          area: Int @requires(fields: "part { width height }")
        }
        type Part { width: Int @external height: Int @external }
    "#,
    );
}

/// Ten subgraphs that all know a type with forty shareable fields, eight levels deep: few states, not 10^8 paths.
#[test]
fn many_ways_are_few_states() {
    let mut text = String::new();
    for graph in 0..10 {
        text.push_str(&format!("# g{graph}\ntype Query {{ top: L0 @shareable }}\n"));
        for level in 0..8 {
            text.push_str(&format!("type L{level} @shareable @key(fields: \"id\") {{ id: ID!\n"));
            for field in 0..40 {
                text.push_str(&format!("f{field}: Int\n"));
            }
            if level < 7 {
                text.push_str(&format!("next: L{}\nagain: [L{}]\n", level + 1, level + 1));
            }
            text.push_str("}\n");
        }
    }
    accepts(&text);
}
