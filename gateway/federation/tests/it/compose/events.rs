//! `@event`: kept for the gateway, and checked, since no subgraph ever runs it.

use super::codes::{accepts, refuses};
use crate::support::supergraph;

/// A subgraph with one event, written as in the protocol.
fn declared(on: &str, event: &str) -> String {
    format!(
        r#"
        # orders extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"]) @link(url: "https://tributary.dev/events/v1.0", import: ["@event"])
        directive @event(subject: String!, where: EventFilter, slow: SlowConsumer = ALL, version: String) on FIELD_DEFINITION
        enum SlowConsumer {{ ALL LATEST }}
        input EventFilter {{ field: String eq: String ne: String lt: String lte: String gt: String gte: String in: [String!] and: [EventFilter!] or: [EventFilter!] not: EventFilter }}
        type Query {{ order(id: ID!): Order }}
        type Order @key(fields: "id") {{ id: ID! customerId: ID! total: Int! paid: Boolean status: Status! items: [String!]! version: Int! owner: Order }}
        enum Status {{ OPEN DONE }}
        input Range {{ from: Int }}
        type Subscription {{ {on} @event({event}) }}
    "#
    )
}

const CHANGED: &str = "changed(id: ID, ids: [ID!], total: Int, deep: [[ID]], range: Range): Order";
const SUBJECT: &str = "subject: \"events.orders.Order.{args.id}.>\"";

#[track_caller]
fn subject(subject: &str, codes: &[&str]) {
    let text = declared(CHANGED, &format!("subject: \"{subject}\""));
    if codes.is_empty() { accepts(&text) } else { refuses(&text, codes) }
}

#[track_caller]
fn filter(filter: &str, codes: &[&str]) {
    let text = declared(CHANGED, &format!("{SUBJECT}, where: {filter}"));
    if codes.is_empty() { accepts(&text) } else { refuses(&text, codes) }
}

#[test]
fn an_event_is_kept_and_its_types_are_not() {
    let event = "subject: \"events.orders.Order.{args.id}.>\", where: { field: \"customerId\", eq: \"{claims.sub}\" }, slow: LATEST";
    let sdl = supergraph(&declared(CHANGED, event));
    assert!(
        sdl.contains("@join__directive(graphs: [ORDERS], name: \"event\", args: {subject: \"events.orders.Order.{args.id}.>\", where: {field: \"customerId\", eq: \"{claims.sub}\"}, slow: LATEST})"),
        "{sdl}"
    );
    for gone in ["EventFilter", "SlowConsumer", "directive @event"] {
        assert!(!sdl.contains(gone), "{gone} in\n{sdl}");
    }
    assert!(sdl.contains("input Range"), "{sdl}");
}

#[test]
fn only_subscriptions_to_objects_are_events() {
    let usage = &["EVENT_USAGE_INVALID"];
    refuses(&declared("changed(id: ID): Int", SUBJECT), usage);
    refuses(&declared("changed(id: ID): [Order]", SUBJECT), usage);
    refuses(
        &declared("changed(id: ID): Order", SUBJECT).replace("type Subscription", "extend type Query"),
        usage,
    );
    accepts(&declared("changed(id: ID): Order", SUBJECT));
}

#[test]
fn subjects() {
    let bad = &["EVENT_SUBJECT_INVALID"];
    subject("events.orders.Order.{args.ids}.paid", &[]);
    subject("events.orders.Order.{claims.sub}.*", &[]);
    subject("orders.Order.{args.id}", bad);
    subject("events.orders", bad);
    subject("events.*.Order.>", bad);
    subject("events.orders..paid", bad);
    subject("events.orders.>.paid", bad);
    subject("events.orders.Order.x{args.id}", bad);
    subject("events.orders.Order.{id}", bad);
    subject("events.orders.Order.{args.other}", bad);
    subject("events.orders.Order.{args.range}", bad);
    subject("events.orders.Order.{args.deep}", bad);
}

#[test]
fn filters() {
    let bad = &["EVENT_FILTER_INVALID"];
    filter("{ field: \"total\", gt: \"5\", lte: \"{args.total}\" }", &[]);
    filter("{ field: \"status\", in: [\"OPEN\", \"DONE\"] }", &[]);
    filter("{ field: \"id\", in: \"{args.ids}\" }", &[]);
    filter(
        "{ and: [{ field: \"paid\", eq: \"true\" }, { not: { field: \"id\", eq: \"{claims.sub}\" } }] }",
        &[],
    );
    filter("{ field: null, eq: null }", &[]);
    filter("{ field: \"missing\", eq: \"1\" }", bad);
    filter("{ field: \"items\", eq: \"1\" }", bad);
    filter("{ field: \"owner\", eq: \"1\" }", bad);
    filter("{ field: \"total\" }", bad);
    filter("{ eq: \"1\" }", bad);
    filter("{ field: \"total\", eq: \"many\" }", bad);
    filter("{ field: \"paid\", gt: \"true\" }", bad);
    filter("{ field: \"status\", eq: \"GONE\" }", bad);
    filter("{ field: \"status\", lt: \"OPEN\" }", bad);
    filter("{ field: \"total\", eq: \"{args.id}\" }", bad);
    filter("{ field: \"total\", eq: \"{args.other}\" }", bad);
    filter("{ field: \"id\", eq: \"{args.ids}\" }", bad);
    filter("{ field: \"id\", eq: \"x{args.id}\" }", bad);
    filter("{ or: [{ not: { field: \"missing\", eq: \"1\" } }] }", bad);
}

#[test]
fn versions() {
    let version = |name: &str| declared(CHANGED, &format!("{SUBJECT}, version: \"{name}\""));
    accepts(&version("version"));
    refuses(&version("missing"), &["EVENT_VERSION_INVALID"]);
    refuses(&version("items"), &["EVENT_VERSION_INVALID"]);
}
