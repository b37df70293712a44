//! SDLs as servers print them.

use std::path::Path;

use crate::support::{Subgraphs, compose_all, errors, supergraph};

/// The shop's own services, as their snapshots in the repository say.
#[test]
fn the_shop_composes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/subgraphs");
    let mut all: Subgraphs = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "graphql") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            all.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(all.len() >= 4, "the shop has four services: {}", folder.display());
    let composition = compose_all(&all);
    assert!(composition.supergraph.is_some(), "{:#?}", errors(&composition));
}

/// What async-graphql prints for `_service { sdl }`: the built-in directives defined, several `extend schema`, some
/// without commas, tabs, and no schema definition.
const ASYNC_GRAPHQL: &str = r#"
    # products v1
input By @oneOf {
	id: ID
	sku: String
}

input Filter {
	limit: Int! = 5
	status: Status
}

union Found = Stub | User

type Money @shareable {
	amount: Int!
	currency: String!
}

interface Node {
	id: ID!
}

type Product implements Node @key(fields: "id") {
	id: ID!
	price: Money!
	"""
	Its name.
	"""
	name: String!
	title: String! @deprecated(reason: "use name")
}

type Query {
	product(by: By!, filter: Filter): Product
	node: Node
	found: Found
	secret: Int! @inaccessible
	status: Status! @tag(name: "x")
}

enum Status {
	PENDING
	DONE @deprecated
}

type Stub @key(fields: "id", resolvable: false) {
	id: ID!
}

type Subscription {
	changed: Product! @event(subject: "events.products.Product.*", statuses: null)
}

extend type User @key(fields: "id") {
	id: ID! @external
	email: String! @external
	greeting: String! @requires(fields: "email")
}

"""
Marks an element of a GraphQL schema as no longer supported.
"""
directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @event(subject: String!, statuses: [String!]) on FIELD_DEFINITION
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @oneOf on INPUT_OBJECT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
extend schema @link(
	url: "https://specs.apollo.dev/federation/v2.5",
	import: ["@key", "@tag", "@shareable", "@inaccessible", "@override", "@external", "@provides", "@requires", "@composeDirective", "@interfaceObject", "@requiresScopes"]
)

extend schema @link(
	url: "https://tributary.dev/events/v1.0"
	import: ["@event"]
)
	@composeDirective(name: "@event")
    # users
type User @key(fields: "id") { id: ID! email: String! }
"#;

#[test]
fn async_graphql_composes() {
    let sdl = supergraph(ASYNC_GRAPHQL);
    for line in [
        "input By @join__type(graph: PRODUCTS) @oneOf {",
        "limit: Int! = 5",
        "title: String! @deprecated(reason: \"use name\")",
        "greeting: String! @join__field(graph: PRODUCTS, requires: \"email\")",
        "email: String! @join__field(graph: PRODUCTS, external: true) @join__field(graph: USERS)",
        "args: {subject: \"events.products.Product.*\", statuses: null})",
    ] {
        assert!(sdl.contains(line), "no {line:?} in\n{sdl}");
    }
}
