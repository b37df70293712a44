//! Random operations: the federated answer must be what one server with all the data answers.

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Value as Json, json};

use super::graph::Answer;
use super::{Graph, SubgraphCase};

/// As many as are quick; `RANDOM_OPERATIONS` and `FIRST_SEED` try others.
const OPERATIONS: usize = 100;

/// What all of them send along.
fn variables() -> Json {
    json!({"yes": true, "no": false})
}

#[tokio::test]
async fn a_federated_answer_is_the_answer_of_one_server() {
    let graph = everything();
    let one = graph.as_one();
    for (seed, query, document) in operations(&graph, OPERATIONS) {
        let expected = one.answer(&json!({"query": query, "variables": variables()}));
        let expected = Answer::new(expected, Vec::new());
        let answer = graph.answer(&document, &variables()).await;
        let context = || format!("seed {seed}\n{query}\n{:#?}", answer.requests);
        assert_eq!(answer.errors(), expected.errors(), "{}", context());
        assert_eq!(answer.data(), expected.data(), "{}", context());
        // A field that stands twice, the first time under a condition, takes its place from the first.
        if !query.contains("@skip") && query.matches("@include").count() == 2 {
            assert_eq!(answer.data().to_string(), expected.data().to_string(), "{}", context());
        }
    }
}

#[tokio::test]
async fn an_answer_without_a_subgraph_is_a_part_of_the_whole() {
    let graph = everything();
    for down in ["accounts", "products", "reviews", "shipping"] {
        let lame = everything().without(down);
        for (seed, query, document) in operations(&graph, OPERATIONS / 4) {
            let whole = graph.answer(&document, &variables()).await;
            let part = lame.answer(&document, &variables()).await;
            let context = || format!("seed {seed} without {down}\n{query}\n{}\n{}", whole.text, part.text);
            assert!(is_part(part.data(), whole.data()), "{}", context());
            assert_eq!(
                part.errors().is_empty(),
                part.data() == whole.data() && !part.missed(down),
                "{}",
                context()
            );
            let mut paths: Vec<_> = part.errors();
            paths.sort();
            paths.dedup();
            assert_eq!(paths.len(), part.errors().len(), "no null has two errors: {}", context());
        }
    }
}

/// Whether nothing is there that isn't in the whole; nulls are nothing.
fn is_part(part: &Json, whole: &Json) -> bool {
    match (part, whole) {
        (Json::Null, _) => true,
        (Json::Object(part), Json::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|whole| is_part(value, whole)))
        }
        (Json::Array(part), Json::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        _ => part == whole,
    }
}

/// Random operations that are valid: fields that can't merge occur too.
fn operations(
    graph: &Graph,
    most: usize,
) -> impl Iterator<Item = (u64, String, Valid<ExecutableDocument>)> + '_ {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let most = setting("RANDOM_OPERATIONS").map_or(most, |most| most as usize);
    let valid = |seed| {
        let query = Maker { schema: graph.api(), seed, names: 0 }.operation();
        let document = ExecutableDocument::parse_and_validate(graph.api(), &query, "random.graphql").ok()?;
        Some((seed, query, document))
    };
    (setting("FIRST_SEED").unwrap_or(1)..).filter_map(valid).take(most)
}

/// Writes operations. The same seed writes the same.
struct Maker<'a> {
    schema: &'a Schema,
    seed: u64,
    names: u32,
}

impl Maker<'_> {
    fn operation(&mut self) -> String {
        // Small seeds would begin alike.
        self.seed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let selections = self.selections("Query", 4);
        format!(
            "query($yes: Boolean!, $no: Boolean!) {{ {selections} y: __typename @include(if: $yes) n: __typename @include(if: $no) }}"
        )
    }

    fn selections(&mut self, type_name: &str, depth: u32) -> String {
        let count = 1 + self.below(4);
        let parts: Vec<_> = (0..count).map(|_| self.selection(type_name, depth)).collect();
        parts.join(" ")
    }

    fn selection(&mut self, type_name: &str, depth: u32) -> String {
        let possible = self.possible(type_name);
        let directive = [
            "",
            "",
            "",
            "",
            "",
            "",
            " @include(if: $yes)",
            " @skip(if: $yes)",
            " @include(if: $no)",
            " @skip(if: $no)",
        ];
        let directive = directive[self.below(10)];
        match self.below(12) {
            0 => format!("__typename{directive}"),
            1 | 2 => {
                let inner = &possible[self.below(possible.len())];
                format!("... on {inner}{directive} {{ {} }}", self.selections(inner, depth))
            }
            3 => format!("...{directive} {{ {} }}", self.selections(type_name, depth)),
            _ => self.field(type_name, depth, directive).unwrap_or_else(|| {
                let inner = &possible[self.below(possible.len())];
                format!(
                    "... on {inner} {{ __typename {} }}",
                    self.field(inner, depth, directive).unwrap_or_default()
                )
            }),
        }
    }

    fn field(&mut self, type_name: &str, depth: u32, directive: &str) -> Option<String> {
        let fields: Vec<_> = match self.schema.types.get(type_name)? {
            ExtendedType::Object(object) => object.fields.values().collect(),
            ExtendedType::Interface(interface) => interface.fields.values().collect(),
            _ => return None,
        };
        let is_composite = |name: &str| self.schema.types.get(name).is_some_and(|ty| !ty.is_leaf());
        let fields: Vec<_> = fields
            .into_iter()
            .filter(|field| depth > 0 || !is_composite(field.ty.inner_named_type()))
            .collect();
        let field = *fields.get(self.below(fields.len().max(1)))?;
        let inner = field.ty.inner_named_type().as_str();
        let composite = is_composite(inner);
        let arguments: Vec<_> = field
            .arguments
            .iter()
            .filter_map(|argument| {
                if !argument.is_required() && self.below(2) == 1 {
                    return None;
                }
                let value = match argument.name.as_str() {
                    "id" => ["\"u1\"", "\"p1\"", "\"404\""][self.below(3)],
                    "first" => "1",
                    _ => "\"long\"",
                };
                Some(format!("{}: {value}", argument.name))
            })
            .collect();
        let alias = match self.below(4) {
            _ if !arguments.is_empty() => Some(format!("a{}", self.name())),
            0 => Some(["id", "name", "label", "__typename2"][self.below(4)].to_owned()),
            1 => Some(format!("a{}", self.name())),
            _ => None,
        };
        let alias = alias.map(|alias| format!("{alias}: ")).unwrap_or_default();
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let selections =
            if composite { format!(" {{ {} }}", self.selections(inner, depth - 1)) } else { String::new() };
        Some(format!("{alias}{}{arguments}{directive}{selections}", field.name))
    }

    /// The object types that an object there can be of, and the type itself.
    fn possible(&self, type_name: &str) -> Vec<String> {
        let mut possible = vec![type_name.to_owned()];
        match self.schema.types.get(type_name) {
            Some(ExtendedType::Union(union)) => {
                possible.extend(union.members.iter().map(ToString::to_string))
            }
            Some(ExtendedType::Interface(_)) => {
                let implementers = self.schema.implementers_map();
                possible.extend(implementers[type_name].objects.iter().map(ToString::to_string));
            }
            _ => {}
        }
        possible
    }

    fn name(&mut self) -> u32 {
        self.names += 1;
        self.names
    }

    fn below(&mut self, end: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 33) as usize % end
    }
}

fn everything() -> Graph {
    Graph::new(vec![accounts(), products(), reviews(), shipping()])
}

fn accounts() -> SubgraphCase {
    SubgraphCase {
        name: "accounts",
        sdl: r#"
            type Query { me: User  users: [User!]!  search(text: String): [Hit!]!  node(id: ID!): Node  nodes: [Node] }
            interface Node { id: ID! }
            union Hit = User | Product
            type User implements Node @key(fields: "id") {
                id: ID! name: String  nick(style: String): String  friends: [User!]  address: Address
            }
            type Address { city: String  zip: String }
            type Product implements Node @key(fields: "id", resolvable: false) { id: ID! }
        "#,
        data: json!({
            "Query": {
                "me": {"$ref": "User:u1"},
                "users": [{"$ref": "User:u1"}, {"$ref": "User:u2"}, {"$ref": "User:u3"}],
                "search": [{"$ref": "Product:p1"}, {"$ref": "User:u2"}, {"$ref": "Product:p2"}, {"$ref": "Product:p1"}],
                "node({\"id\":\"u1\"})": {"$ref": "User:u1"},
                "node({\"id\":\"p1\"})": {"$ref": "Product:p1"},
                "nodes": [{"$ref": "Product:p2"}, null, {"$ref": "User:u3"}],
            },
            "User": [
                {
                    "id": "u1", "name": "Ann", "nick": "A", "nick({\"style\":\"long\"})": "Annie",
                    "friends": [{"$ref": "User:u2"}, {"$ref": "User:u3"}], "address": {"city": "Ulm", "zip": "1"},
                },
                {"id": "u2", "name": null, "nick": "B", "friends": null, "address": null},
                {"id": "u3", "name": "Cid", "friends": [], "address": {"city": null, "zip": "3"}},
            ],
            "Product": [{"id": "p1"}, {"id": "p2"}],
        }),
    }
}

fn products() -> SubgraphCase {
    SubgraphCase {
        name: "products",
        sdl: r#"
            type Query { products: [Product]  top: Product }
            interface Node { id: ID! }
            type Product implements Node @key(fields: "id") @key(fields: "sku region") {
                id: ID! sku: String  region: String  name: String  price: Int  size: Size
                variants: [[Variant!]]  owner: User
            }
            type Size { w: Int  h: Int }
            type Variant { code: String  color: Color }
            enum Color { RED GREEN }
            type User @key(fields: "id") { id: ID! owned: [Product!] }
        "#,
        data: json!({
            "Query": {
                "products": [{"$ref": "Product:p1"}, null, {"$ref": "Product:p2"}, {"$ref": "Product:p3"}],
                "top": {"$ref": "Product:p1"},
            },
            "Product": [
                {
                    "id": "p1", "sku": "s1", "region": "eu", "name": "Pen", "price": 5, "size": {"w": 1, "h": 2},
                    "variants": [[{"code": "a", "color": "RED"}], null, [], [{"code": null, "color": "GREEN"}, {"code": "b", "color": null}]],
                    "owner": {"$ref": "User:u2"},
                },
                {"id": "p2", "sku": "s2", "region": "us", "name": "Cup", "price": null, "size": {"w": null, "h": 3}, "owner": {"$ref": "User:u1"}},
                {"id": "p3", "sku": "s3", "region": "eu", "name": null, "price": 7, "size": {"w": 3, "h": 4}, "variants": [], "owner": null},
            ],
            "User": [
                {"id": "u1", "owned": [{"$ref": "Product:p2"}]},
                {"id": "u2", "owned": [{"$ref": "Product:p1"}]},
                {"id": "u3", "owned": null},
            ],
        }),
    }
}

fn reviews() -> SubgraphCase {
    SubgraphCase {
        name: "reviews",
        sdl: r#"
            type Query { latest: Review }
            type User @key(fields: "id") { id: ID! reviews(first: Int): [Review!]!  score: Int }
            type Product @key(fields: "id") { id: ID! reviews: [Review]  rating: Float }
            type Review @key(fields: "id") { id: ID! text: String!  author: User  product: Product }
        "#,
        data: json!({
            "Query": {"latest": {"$ref": "Review:r2"}},
            "Review": [
                {"id": "r1", "text": "good", "author": {"$ref": "User:u1"}, "product": {"$ref": "Product:p1"}},
                {"id": "r2", "text": "bad", "author": {"$ref": "User:u2"}, "product": {"$ref": "Product:p2"}},
                {"id": "r3", "text": "odd", "author": null, "product": {"$ref": "Product:p1"}},
            ],
            "User": [
                {
                    "id": "u1", "score": 3, "reviews": [{"$ref": "Review:r1"}, {"$ref": "Review:r2"}],
                    "reviews({\"first\":1})": [{"$ref": "Review:r1"}],
                },
                {"id": "u2", "score": null, "reviews": [{"$ref": "Review:r2"}]},
                {"id": "u3", "score": 0, "reviews": []},
            ],
            "Product": [
                {"id": "p1", "rating": 4.5, "reviews": [{"$ref": "Review:r1"}, null, {"$ref": "Review:r3"}]},
                {"id": "p2", "rating": null, "reviews": [{"$ref": "Review:r2"}]},
                {"id": "p3", "rating": 1.0, "reviews": null},
            ],
        }),
    }
}

fn shipping() -> SubgraphCase {
    SubgraphCase {
        name: "shipping",
        sdl: r#"
            type Product @key(fields: "sku region") {
                sku: String  region: String
                price: Int @external
                size: Size @external
                label: String @requires(fields: "price size { w h }")
                weight: Int
            }
            type Size { w: Int @external  h: Int @external }
        "#,
        data: json!({
            "Product": [
                {"id": "p1", "sku": "s1", "region": "eu", "weight": 10, "label": {"$join": ["price", "size"]}},
                {"id": "p2", "sku": "s2", "region": "us", "weight": null, "label": {"$join": ["price", "size"]}},
                {"id": "p3", "sku": "s3", "region": "eu", "weight": 30, "label": {"$join": ["price", "size"]}},
            ],
        }),
    }
}
