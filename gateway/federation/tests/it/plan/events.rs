//! Subscriptions that are fed by events: what an event has is taken from it, the rest is fetched by its key.

use apollo_compiler::ExecutableDocument;
use insta::assert_snapshot;
use tributary_checks::faults;
use tributary_federation::event::{
    Comparison, EventFilter, LeafKind, Operand, PayloadShape, SlowConsumer, SubjectToken,
};
use tributary_federation::{PlanOptions, Supergraph, plan_operation};

use super::graph;

const SHOP: &str = r#"
# orders extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@shareable"]) @link(url: "https://tributary.dev/events/v1.0", import: ["@event"])
directive @event(subject: String!, where: EventFilter, slow: SlowConsumer = ALL, version: String) on FIELD_DEFINITION
enum SlowConsumer { ALL LATEST }
input EventFilter { field: String eq: String ne: String lt: String lte: String gt: String gte: String in: [String!] and: [EventFilter!] or: [EventFilter!] not: EventFilter }
type Query { order(id: ID!): Order }
type Order @key(fields: "id") @key(fields: "number") {
  id: ID! number: Int! status: Status! total(currency: String): Int version: Int! lines: [Line!]! buyer: User owner: Owner
  weight: Int @external
  fee: Int @requires(fields: "weight")
}
enum Status { OPEN PAID }
type Line { count: Int! product: Product! }
type Product @key(fields: "id") { id: ID! }
type User @key(fields: "id") { id: ID! }
type Shop @key(fields: "id") { id: ID! }
union Owner = User | Shop
type Subscription {
  orderUpdated(id: ID!): Order! @event(subject: "events.orders.Order.{args.id}.>", where: { field: "number", gt: "{claims.sub}", not: { field: "status", in: ["OPEN", "PAID"] } }, slow: LATEST, version: "version")
  anyOwner: Owner @event(subject: "events.orders.*.{claims.org}.changed")
  served: Order
}
# products
type Product @key(fields: "id") { id: ID! name: String price: Int }
type Query { products: [Product] }
# store
type Order @key(fields: "id") { id: ID! weight: Int }
type User @key(fields: "id") { id: ID! name: String }
type Shop @key(fields: "id") { id: ID! name: String }
"#;

/// `Order { id lines { count } }` as a shape. Only the outermost type is told.
fn shape(text: &str) -> PayloadShape {
    fn fields(words: &mut std::iter::Peekable<std::str::SplitWhitespace>, shape: &mut PayloadShape) {
        while let Some(word) = words.next().filter(|word| *word != "}") {
            let below = words.next_if_eq(&"{").map(|_| {
                let mut below = PayloadShape::default();
                fields(words, &mut below);
                below
            });
            shape.fields.insert(word.into(), below);
        }
    }
    let mut words = text.split_whitespace().peekable();
    let mut shape = PayloadShape { typename: words.next().map(Box::from), ..PayloadShape::default() };
    assert_eq!(words.next(), Some("{"));
    fields(&mut words, &mut shape);
    shape
}

fn plan(supergraph: &Supergraph, payload: &str, query: &str) -> String {
    let document = ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "q").unwrap();
    let payload = shape(payload);
    let options = PlanOptions { payload: Some(&payload), ..PlanOptions::default() };
    match plan_operation(supergraph, &document, None, &options) {
        Ok(plan) => {
            assert_eq!(faults(supergraph, &plan), [""; 0], "{query}\n{}", plan.display(supergraph));
            plan.display(supergraph).to_string()
        }
        Err(error) => format!("{}: {error}", error.code()),
    }
}

#[test]
fn declarations_are_read_from_the_supergraph() {
    let graph = graph(SHOP);
    let names: Vec<&str> = graph.events().map(|(name, _)| name).collect();
    assert_eq!(names, ["anyOwner", "orderUpdated"]);
    assert!(graph.event("served").is_none());
    let event = graph.event("orderUpdated").unwrap();
    assert_eq!(graph.subgraph_name(event.subgraph), "orders");
    assert_eq!(event.pattern(), "events.orders.Order.*.>");
    assert_eq!(
        event.subject[3..],
        [SubjectToken::Filled(Operand::Argument("id".into())), SubjectToken::Rest]
    );
    assert_eq!((event.slow, event.version.as_deref()), (SlowConsumer::Latest, Some("version")));
    assert_eq!(event.arguments().collect::<Vec<_>>(), ["id"]);
    assert_eq!(event.claims().collect::<Vec<_>>(), ["sub"]);
    let literal = |text: &str| Operand::Literal(text.into());
    let expected = EventFilter::And(vec![
        EventFilter::Compare {
            field: "number".into(),
            kind: LeafKind::Number,
            by: Comparison::Greater,
            with: vec![Operand::Claim("sub".into())],
        },
        EventFilter::Not(Box::new(EventFilter::Compare {
            field: "status".into(),
            kind: LeafKind::Text,
            by: Comparison::In,
            with: vec![literal("OPEN"), literal("PAID")],
        })),
    ]);
    assert_eq!(event.filter.as_ref(), Some(&expected));
    let event = graph.event("anyOwner").unwrap();
    assert_eq!(event.pattern(), "events.orders.*.*.changed");
    assert_eq!((event.slow, &event.filter, &event.version), (SlowConsumer::All, &None, &None));
}

#[test]
fn an_event_with_everything_needs_no_fetch() {
    let query =
        "subscription($id: ID!) { o: orderUpdated(id: $id) { i: id s: status lines { count } __typename } }";
    assert_snapshot!(plan(&graph(SHOP), "Order { id status lines { count } }", query), @r"
    0 orders
        subscription($id:ID!){o:orderUpdated(id: $id){i:id s:status lines{count}}}
    ");
}

#[test]
fn what_an_event_lacks_is_fetched_by_its_key() {
    let graph = graph(SHOP);
    let query = "subscription { orderUpdated(id: 1) { id status number lines { count product { name } } } }";
    assert_snapshot!(plan(&graph, "Order { id }", query), @r"
    0 orders
        subscription{orderUpdated(id: 1){id}}
    1 orders after 0
        at orderUpdated by Order { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Order{status number lines{count product{id}}}}}
    2 products after 1
        at orderUpdated.lines.product by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{name}}}
    ");
    assert_snapshot!(plan(&graph, "Order { number status lines { count product { id } } }", query), @r"
    0 orders
        subscription{orderUpdated(id: 1){status number lines{count product{id}}}}
    1 products after 0
        at orderUpdated.lines.product by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{name}}}
    2 orders after 0
        at orderUpdated by Order { number }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Order{id}}}
    ");
    assert_snapshot!(plan(&graph, "Order { number status lines { product { id } } }", query), @r"
    0 orders
        subscription{orderUpdated(id: 1){status number}}
    1 orders after 0
        at orderUpdated by Order { number }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Order{id lines{count product{id}}}}}
    2 products after 1
        at orderUpdated.lines.product by Product { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Product{name}}}
    ");
}

#[test]
fn what_only_the_subgraph_can_tell_is_not_taken_from_an_event() {
    let graph = graph(SHOP);
    // A field with an argument, one of another subgraph, and an object whose type nobody is sure of.
    let query = "subscription { orderUpdated(id: 1) { total(currency: \"EUR\") fee owner { __typename ... on Shop { name } } } }";
    assert_snapshot!(plan(&graph, "Order { id total weight owner { id } nonsense }", query), @r#"
    0 orders
        subscription{orderUpdated(id: 1){id}}
    1 orders after 0
        at orderUpdated by Order { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Order{total(currency: "EUR") owner{__typename ...on Shop{id}}}}}
    2 store after 0
        at orderUpdated by Order { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Order{weight}}}
    3 store after 1
        at orderUpdated.owner by Shop { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Shop{name}}}
    4 orders after 2
        at orderUpdated by Order { id weight }
        query($representations:[_Any!]!){_entities(representations:$representations){...on Order{fee}}}
    "#);
    let query = "subscription { orderUpdated(id: 1) { fee } }";
    assert_snapshot!(plan(&graph, "Order { id fee }", query), @r"
    0 orders
        subscription{orderUpdated(id: 1){fee}}
    ");
}

#[test]
fn the_payload_says_of_what_type_it_is() {
    let graph = graph(SHOP);
    let query = "subscription { anyOwner { __typename ... on User { id name } ... on Shop { shop: id } } }";
    assert_snapshot!(plan(&graph, "User { id }", query), @r"
    0 orders
        subscription{anyOwner{__typename ...on User{id}}}
    1 store after 0
        at anyOwner by User { id }
        query($representations:[_Any!]!){_entities(representations:$representations){...on User{name}}}
    ");
    assert_snapshot!(plan(&graph, "Shop { id }", query), @r"
    0 orders
        subscription{anyOwner{__typename ...on Shop{shop:id}}}
    ");
}

#[test]
fn a_payload_that_answers_nothing_is_refused() {
    let graph = graph(SHOP);
    let query = "subscription { orderUpdated(id: 1) { status } }";
    assert_snapshot!(plan(&graph, "Order { total }", query), @r"
    PLAN_UNREACHABLE: no subgraph can be asked for orderUpdated.status: from Subscription, none of orders, products, store resolves it or can be entered with a key that is known there
    ");
    assert_snapshot!(plan(&graph, "Nothing { id }", query), @r#"
    EVENT_PAYLOAD_INVALID: the payload has the __typename "Nothing", which is no object type of orders
    "#);
    assert_snapshot!(plan(&graph, "Status { id }", query), @r#"
    EVENT_PAYLOAD_INVALID: the payload has the __typename "Status", which is no object type of orders
    "#);
    assert_snapshot!(plan(&graph, "Order { id }", "subscription { served { id } }"), @r"
    EVENT_PAYLOAD_INVALID: the payload belongs to a field that no event feeds
    ");
}
