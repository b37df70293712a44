//! The check that every fetch is needed, itself checked: on plans that make needless ones.

use tributary_federation::plan::{ConditionId, FetchSource, OutputValue};

use super::{graph, try_plan};
use tributary_checks::faults;

const SHOP: &str = r#"
# products
type Query { top: [Product!] media: Media }
type Product @key(fields: "id") { id: ID! name: String weight: Int }
interface Media @key(fields: "id") { id: ID! }
type Book implements Media @key(fields: "id") { id: ID! }
type Film implements Media @key(fields: "id") { id: ID! minutes: Int }
# reviews
type Product @key(fields: "id") { id: ID! reviews: [Review!] weight: Int @external cost: Int @requires(fields: "weight") }
type Review { text: String }
type Book @key(fields: "id") { id: ID! pages: Int }
# ratings
type Query { worst: Media }
type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int }
"#;

const REVIEWS: &str = "{ top { name reviews { text } cost } }";

#[test]
fn a_fetch_made_twice_is_faults() {
    let supergraph = graph(SHOP);
    let (mut plan, again) =
        (try_plan(&supergraph, REVIEWS).unwrap(), try_plan(&supergraph, REVIEWS).unwrap());
    let count = plan.fetches.len();
    plan.fetches.push(again.fetches.into_iter().last().unwrap());
    let twice = [count - 1, count].map(|fetch| format!("needless: fetch {fetch}, selection 0"));
    assert_eq!(faults(&supergraph, &plan), twice);
}

#[test]
fn a_fetch_for_what_nobody_selects_is_faults() {
    let supergraph = graph(SHOP);
    let mut plan = try_plan(&supergraph, "{ top { name reviews { text } } }").unwrap();
    for output in &mut plan.outputs {
        output.fields.retain(|field| &*field.key != "reviews");
    }
    assert_eq!(faults(&supergraph, &plan), ["needless: fetch 1, selection 0"]);
}

#[test]
fn what_only_a_requirement_needs_is_needed_as_long_as_something_has_it() {
    let supergraph = graph(SHOP);
    let mut plan = try_plan(&supergraph, "{ top { cost } }").unwrap();
    for output in &mut plan.outputs {
        output.fields.retain(|field| &*field.key != "cost");
    }
    assert_eq!(
        faults(&supergraph, &plan),
        ["needless: fetch 1, selection 0"],
        "{}",
        plan.display(&supergraph)
    );
}

#[test]
fn a_fetch_that_is_missing_is_told() {
    let supergraph = graph(SHOP);
    let mut plan = try_plan(&supergraph, "{ top { name reviews { text } } }").unwrap();
    plan.fetches.pop();
    let faults = faults(&supergraph, &plan);
    assert!(faults.len() == 1 && faults[0].starts_with("nothing brings"), "{faults:?}");
}

#[test]
fn a_fetch_that_is_sent_only_where_its_field_is_not_selected_is_told() {
    let supergraph = graph(SHOP);
    let query = "query($a: Boolean!) { top { name reviews @include(if: $a) { text } } }";
    let mut plan = try_plan(&supergraph, query).unwrap();
    let mut opposite = plan.conditions[0].clone();
    opposite.any.iter_mut().flatten().for_each(|literal| literal.expected = !literal.expected);
    plan.conditions.push(opposite);
    plan.fetches[1].condition = Some(ConditionId(1));
    let faults = faults(&supergraph, &plan);
    assert!(faults.iter().any(|fault| fault.starts_with("nothing brings")), "{faults:?}");
}

#[test]
fn the_fetch_that_finds_out_a_type_is_needed_only_where_the_type_matters() {
    let supergraph = graph(SHOP);
    let mut plan = try_plan(&supergraph, "{ worst { __typename stars } }").unwrap();
    assert!(matches!(plan.fetches[1].source, FetchSource::Entities(_)), "{}", plan.display(&supergraph));
    let media = plan.type_names.id("Media").unwrap();
    for output in &mut plan.outputs {
        output.fields.retain(|field| field.value != OutputValue::Typename);
        output.types.insert(media);
    }
    assert_eq!(
        faults(&supergraph, &plan),
        ["needless: fetch 1, selection 0"],
        "{}",
        plan.display(&supergraph)
    );
}

#[test]
fn each_of_several_lookups_in_one_request_is_looked_at() {
    let supergraph = graph(SHOP);
    let query = "{ top { reviews { text } } media { ... on Book { pages } } }";
    let mut plan = try_plan(&supergraph, query).unwrap();
    let FetchSource::Entities(lookups) = &plan.fetches[1].source else { panic!() };
    assert_eq!(lookups.len(), 2);
    for output in &mut plan.outputs {
        output.fields.retain(|field| &*field.key != "pages");
    }
    assert_eq!(faults(&supergraph, &plan).len(), 1, "{}", plan.display(&supergraph));
}

/// The plan's own conditions don't name the variable of a field that is selected in any case.
#[test]
fn conditions_that_only_requests_have_are_seen() {
    let supergraph = graph(SHOP);
    let query =
        "query($yes: Boolean!) { top { ... @include(if: $yes) { reviews { text } } reviews { text } } }";
    let mut plan = try_plan(&supergraph, query).unwrap();
    assert_eq!(faults(&supergraph, &plan), [""; 0]);
    let text = plan.fetches[1].query.replace("reviews{", "reviews@include(if:$yes){");
    plan.fetches[1].query = text.into();
    plan.conditions.clear();
    let faults = faults(&supergraph, &plan);
    assert!(faults.iter().any(|fault| fault.starts_with("nothing brings")), "{faults:?}");
}
