//! `@cacheTag`: formats that make a tag, and those that don't.

use super::codes::{accepts, refuses};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.12\", import: [\"@key\", \"@cacheTag\", \"@interfaceObject\"])";

fn on_field(format: &str) -> String {
    format!(
        "# a {LINK}\ntype Query {{ q(id: ID, ids: [ID!], e: E, i: I): Int @cacheTag(format: \"{format}\") }} enum E {{ X }} input I {{ id: ID more: I list: [ID] }}"
    )
}

fn on_type(keys: &str, format: &str) -> String {
    format!(
        "# a {LINK}\ntype Query {{ t: T }}\ntype T {keys} @cacheTag(format: \"{format}\") {{ id: ID! sku: ID! name: String u: U! list: [U!]! }}\ntype U {{ id: ID! code: ID! }}"
    )
}

#[test]
fn root_fields_have_tags_of_their_arguments() {
    for format in ["all", "{$args.id}", "a-{$args.id}-{ $args.e }", "{$args { id }}", "{$args.i.more.id}"] {
        accepts(&on_field(format));
    }
    for format in [
        "{$args}",
        "{$args.no}",
        "{$args.i}",
        "{$args.ids}",
        "{$args.i.list}",
        "{$args.id.x}",
        "{id}",
        "{$args.id",
    ] {
        refuses(&on_field(format), &["CACHE_TAG_INVALID_FORMAT"]);
    }
    for format in ["{$key.id}", "{$this.id}", "{$args.id}-{$key}"] {
        refuses(&on_field(format), &["CACHE_TAG_INVALID_FORMAT_ARGUMENT_ON_ROOT_FIELD"]);
    }
}

#[test]
fn every_root_has_tags() {
    accepts(&format!(
        "# a {LINK}\nschema {{ query: Root mutation: Change }} type Root {{ q: Int @cacheTag(format: \"q\") }} type Change {{ m(id: ID): Int @cacheTag(format: \"{{$args.id}}\") }}"
    ));
}

#[test]
fn other_fields_have_none() {
    let code = &["CACHE_TAG_APPLIED_TO_NON_ROOT_FIELD"];
    let with = |types: &str| format!("# a {LINK}\ntype Query {{ t: T }} {types}");
    refuses(&with("type T @key(fields: \"id\") { id: ID! @cacheTag(format: \"t\") }"), code);
    refuses(&with("interface T { id: ID! @cacheTag(format: \"t\") } type O implements T { id: ID! }"), code);
}

#[test]
fn entities_have_tags_of_their_keys() {
    let (id, nested) = ("@key(fields: \"id\")", "@key(fields: \"id u { id }\")");
    for (keys, format) in [
        (id, "all"),
        (id, "t-{$key.id}"),
        (nested, "t-{$key.id}-{$key.u.id}"),
        ("@key(fields: \"... on T { id }\")", "{$key.id}"),
        ("@key(fields: \"id sku\") @key(fields: \"id name\")", "{$key.id}"),
        ("@key(fields: \"id\", resolvable: false) @key(fields: \"id sku\")", "{$key.id}"),
    ] {
        accepts(&on_type(keys, format));
    }
    for (keys, format) in [
        (id, "{$args.id}"),
        (id, "{$key.name}"),
        (nested, "{$key.u.code}"),
        ("@key(fields: \"id sku\") @key(fields: \"id name\")", "{$key.sku}"),
        ("@key(fields: \"id\", resolvable: false) @key(fields: \"id sku\")", "{$key.sku}"),
    ] {
        refuses(&on_type(keys, format), &["CACHE_TAG_INVALID_FORMAT_ARGUMENT_ON_ENTITY"]);
    }
    for (keys, format) in [(id, "{$key}"), (id, "{$key.no}"), (nested, "{$key.u}"), (id, "{$key.list.id}")] {
        refuses(&on_type(keys, format), &["CACHE_TAG_INVALID_FORMAT"]);
    }
    for keys in ["", "@key(fields: \"id\", resolvable: false)"] {
        refuses(&on_type(keys, "all"), &["CACHE_TAG_ENTITY_NOT_RESOLVABLE"]);
    }
}

/// An interface object is looked up by a key like any object; an interface has no place for a tag.
#[test]
fn interfaces_have_none() {
    let text = |tag: &str, object: &str| {
        format!(
            "# a {LINK}\ntype Query {{ i: I }} interface I @key(fields: \"id\") {tag} {{ id: ID! }} type T implements I @key(fields: \"id\") {{ id: ID! }}\n# b {LINK}\ntype I @interfaceObject @key(fields: \"id\") {object} {{ id: ID! x: Int }}"
        )
    };
    let tag = "@cacheTag(format: \"i-{$key.id}\")";
    accepts(&text("", tag));
    refuses(&text(tag, ""), &["INVALID_GRAPHQL"]);
}
