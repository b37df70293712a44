//! For how long what a fetch brings may be kept, and which events end that.

use insta::assert_snapshot;
use tributary_federation::Plan;
use tributary_federation::plan::{Cacheable, FetchCaching};

use super::{graph, try_plan};

const DIRECTIVE: &str = "
directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
enum CacheControlScope { PUBLIC PRIVATE }
";

fn planned(subgraphs: &str, query: &str) -> Plan {
    // After each subgraph's name.
    let text: Vec<String> = subgraphs
        .lines()
        .map(
            |line| {
                if line.trim().starts_with("# ") { format!("{line}\n{DIRECTIVE}") } else { line.to_owned() }
            },
        )
        .collect();
    try_plan(&graph(&text.join("\n")), query).unwrap()
}

/// What may be kept of each fetch, as text.
fn kept(subgraphs: &str, query: &str) -> String {
    let plan = planned(subgraphs, query);
    let Some(caching) = &plan.caching else { return "nothing".to_owned() };
    let one = |kept: &Option<Cacheable>| {
        let Some(kept) = kept else { return "nothing".to_owned() };
        let mut text = format!("{} s", kept.max_age);
        text += if kept.private { ", private" } else { "" };
        let dependencies = &kept.dependencies;
        for (what, names) in [("types", &dependencies.types), ("own types", &dependencies.own_types)] {
            if !names.is_empty() {
                text += &format!(", {what} {}", names.join(" "));
            }
        }
        text += if dependencies.subgraph { ", any" } else { "" };
        for entity in &dependencies.entities {
            let key = entity.key.as_deref().unwrap_or("?");
            text += &format!(", {} by {key} as {}", entity.typename, entity.names.join(" "));
        }
        text
    };
    let fetch = |fetch: &FetchCaching| match fetch {
        FetchCaching::Root(root) => one(root),
        FetchCaching::Entities(lookups) => lookups.iter().map(one).collect::<Vec<_>>().join(" + "),
    };
    caching.fetches.iter().map(fetch).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_lowest_age_of_all_that_is_selected_counts() {
    let graph = "
    # a
    type Query { none: Int  leaf: Int @cacheControl(maxAge: 50)  t: T  own: T @cacheControl(maxAge: 7)  v: V @cacheControl(maxAge: 70)
      inherits: Int @cacheControl(inheritMaxAge: true)  negative: Int @cacheControl(maxAge: -1)  hidden: Int @cacheControl(scope: PRIVATE) }
    type T @cacheControl(maxAge: 60) { leaf: Int  low: Int @cacheControl(maxAge: 5)  zero: Int @cacheControl(maxAge: 0)
      secret: Int @cacheControl(scope: PRIVATE)  v: V  inherited: V @cacheControl(inheritMaxAge: true)  again: T  private: T @cacheControl(scope: PRIVATE) }
    type V { x: Int }
    ";
    for (query, expected) in [
        ("{ none }", "nothing"),
        ("{ leaf }", "50 s, any"),
        ("{ leaf none }", "nothing"),
        ("{ t { leaf } }", "60 s, any"),
        ("{ t { leaf } leaf }", "50 s, any"),
        ("{ own { leaf } }", "7 s, any"),
        ("{ t { leaf low } }", "5 s, any"),
        ("{ t { leaf zero } }", "nothing"),
        ("{ t { leaf secret } }", "60 s, private, any"),
        ("{ t { v { x } } }", "nothing"),
        ("{ t { inherited { x } } }", "60 s, any"),
        ("{ t { again { again { low } } } }", "5 s, any"),
        ("{ t { private { leaf } } }", "60 s, private, any"),
        ("{ v { x } }", "70 s, any"),
        ("{ inherits }", "nothing"),
        ("{ negative }", "nothing"),
        ("{ hidden }", "nothing"),
        ("{ t { __typename } }", "60 s, any"),
    ] {
        assert_eq!(kept(graph, query), expected, "{query}");
    }
}

const ENTITIES: &str = r#"
# a
type Query { p: P @cacheControl(maxAge: 10)  ps: [P!]! @cacheControl(maxAge: 10)  page: Page @cacheControl(maxAge: 10)  m: [M] @cacheControl(maxAge: 10) }
type Page @cacheControl(maxAge: 10) { count: Int  next: Page  edges: [Edge] @cacheControl(maxAge: 10) }
type Edge @cacheControl(maxAge: 10) { node: P @cacheControl(maxAge: 10) }
type P @key(fields: "id") { id: ID! name: String  seller: S @cacheControl(maxAge: 10) }
type S @key(fields: "id") { id: ID! }
interface M { id: ID! }
type B implements M @key(fields: "id") { id: ID! }
type F implements M @key(fields: "id") { id: ID! }
# b
type P @key(fields: "id") @cacheControl(maxAge: 60) { id: ID! price: Int  money: Money @cacheControl(inheritMaxAge: true)  others: [P] @cacheControl(maxAge: 60)  sold: [O] @cacheControl(maxAge: 60) }
type Money { amount: Int }
type O @key(fields: "id") { id: ID! size: Int }
type S @key(fields: "id") @key(fields: "code") { id: ID! code: ID! stars: Int }
type B @key(fields: "id") @cacheControl(maxAge: 60) { id: ID! pages: Int }
type F @key(fields: "id") { id: ID! length: Int }
"#;

#[test]
fn an_entity_counts_by_its_types_age_and_by_its_id() {
    assert_snapshot!(kept(ENTITIES, "{ p { price money { amount } } }"), @r"
    10 s, own types P
    60 s, P by id as P
    ");
    assert_snapshot!(kept(ENTITIES, "{ p { name others { price } } }"), @r"
    10 s, types P
    60 s, types P, P by id as P
    ");
    assert_snapshot!(kept(ENTITIES, "{ p { name sold { id } } }"), @r"
    10 s, types P
    60 s, own types O, P by id as P
    ");
    assert_snapshot!(kept(ENTITIES, "{ p { name sold { size } } }"), @r"
    10 s, types P
    60 s, types O, P by id as P
    ");
}

#[test]
fn what_has_no_hint_is_looked_up_each_time() {
    assert_snapshot!(kept(ENTITIES, "{ p { seller { stars } } }"), @r"
    10 s, types P, own types S
    nothing
    ");
    // Both types are looked up at once, and one of them may not be kept.
    assert_snapshot!(kept(ENTITIES, "{ m { ... on B { pages } ... on F { length } } }"), @r"
    10 s, own types B F M
    nothing
    ");
    assert_snapshot!(kept(ENTITIES, "{ m { ... on B { pages } } }"), @r"
    10 s, own types B F M
    60 s, B by id as B M
    ");
}

/// A page of a list changes with what is in it, whatever of it is selected.
#[test]
fn what_can_be_reached_without_a_key_counts() {
    for query in ["{ page { count } }", "{ page { next { count } } }", "{ page { edges { node { name } } } }"]
    {
        assert_eq!(kept(ENTITIES, query), "10 s, types P", "{query}");
    }
}

#[test]
fn ids_of_several_keys_cannot_be_told() {
    let graph = r#"
    # a
    type Query { s: S t: T u: U }
    type S @key(fields: "id") { id: ID! }
    type T @key(fields: "id at") { id: ID! at: Int! }
    type U @key(fields: "v { id }") { v: V! }
    type V @shareable { id: ID! }
    # b
    type S @key(fields: "id") @key(fields: "code", resolvable: false) @cacheControl(maxAge: 60) { id: ID! code: ID! x: Int }
    type T @key(fields: "id at") @cacheControl(maxAge: 60) { id: ID! at: Int! x: Int }
    type U @key(fields: "v { id }") @cacheControl(maxAge: 60) { v: V! x: Int }
    type V @shareable { id: ID! }
    "#;
    assert_snapshot!(kept(graph, "{ s { x } }"), @r"
    nothing
    60 s, S by ? as S
    ");
    assert_snapshot!(kept(graph, "{ t { x } u { x } }"), @r"
    nothing
    60 s, T by ? as T + 60 s, U by ? as U
    ");
}

#[test]
fn objects_by_an_interfaces_name_go_by_their_own_too() {
    let graph = r#"
    # a
    type Query { m: [M] }
    interface M @key(fields: "id") { id: ID! }
    type B implements M @key(fields: "id") { id: ID! }
    # b
    type M @key(fields: "id") @interfaceObject @cacheControl(maxAge: 60) { id: ID! x: Int }
    "#;
    assert_snapshot!(kept(graph, "{ m { x } }"), @r"
    nothing
    60 s, M by id as B M
    ");
}

#[test]
fn mutations_and_graphs_without_hints_have_no_table() {
    let graph = "
    # a
    type Query { leaf: Int @cacheControl(maxAge: 50) }
    type Mutation { leaf: Int @cacheControl(maxAge: 50) }
    type Subscription { leaf: Int @cacheControl(maxAge: 50) }
    ";
    assert_eq!(kept(graph, "mutation { leaf }"), "nothing");
    assert_eq!(kept(graph, "subscription { leaf }"), "nothing");
    assert_eq!(kept("# a\ntype Query { leaf: Int }", "{ leaf }"), "nothing");
}

#[test]
fn a_plan_says_what_of_it_is_kept() {
    let shown = |query: &str| {
        let sdls = ENTITIES
            .replace("# a", &format!("# a\n{DIRECTIVE}"))
            .replace("# b", &format!("# b\n{DIRECTIVE}"));
        let supergraph = graph(&sdls);
        try_plan(&supergraph, query).unwrap().display(&supergraph).to_string()
    };
    assert_snapshot!(shown("{ p { price seller { stars } } }"), @r"
    0 a, kept 10 s
        {p{seller{id}id}}
    1 b after 0
        at p.seller by S { id }
        at p by P { id }, kept 60 s
        query($_r0:[_Any!]!,$_r1:[_Any!]!){_e0:_entities(representations:$_r0){...on S{stars}} _e1:_entities(representations:$_r1){...on P{price}}}
    ");
}

#[test]
fn a_lookups_text_is_its_selection() {
    let plan = planned(ENTITIES, "{ p { price seller { stars } } }");
    let FetchCaching::Entities(lookups) = &plan.caching.as_ref().unwrap().fetches[1] else {
        panic!("no lookup")
    };
    let texts: Vec<_> = lookups.iter().flatten().map(|kept| &*kept.selection).collect();
    assert_eq!(texts, ["{...on P{price}}"]);
}
