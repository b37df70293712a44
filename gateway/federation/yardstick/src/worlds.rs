//! Sets of subgraphs as large as one likes, for measuring composition. The same size is the same text, always.
//!
//! They aren't random: what a graph of many teams is made of stands in each subgraph in fixed shares. Seven of ten
//! types are entities, some with two keys; they refer to each other within the subgraph, to stubs of other
//! subgraphs' entities, and some of those get fields here. An enum, an input, and an interface or union take the
//! rest; value types are shared by all.

/// How large a set is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How many subgraphs.
    pub subgraphs: usize,
    /// Types that each of them defines and no other does.
    pub types: usize,
}

/// 20 subgraphs of 30 types each.
pub const MEDIUM: Size = Size { subgraphs: 20, types: 30 };

/// 50 subgraphs that together define 2,000 types.
pub const LARGE: Size = Size { subgraphs: 50, types: 40 };

/// The reference shop's own four subgraphs.
pub const SHOP: [(&str, &str); 4] = [
    ("auth", include_str!("../../../../schema/subgraphs/auth.graphql")),
    ("details", include_str!("../../../../schema/subgraphs/details.graphql")),
    ("orders", include_str!("../../../../schema/subgraphs/orders.graphql")),
    ("products", include_str!("../../../../schema/subgraphs/products.graphql")),
];

/// The subgraphs as name and SDL.
pub fn subgraphs(size: Size) -> Vec<(String, String)> {
    (0..size.subgraphs)
        .map(|at| (format!("team{at}"), Team { size, at, sdl: String::new() }.write()))
        .collect()
}

const HEAD: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@requires",
    "@provides", "@external", "@shareable", "@override", "@inaccessible", "@tag"])

scalar DateTime

"#;

const SHARED: &str = r#"
enum Currency { EUR USD GBP }

"An amount of money"
type Money @shareable { amount: Int! currency: Currency! }

type PageInfo @shareable { hasNextPage: Boolean! endCursor: String }
"#;

/// What a subgraph's types are, again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Entity,
    Enum,
    Input,
    Abstract,
}

const KINDS: [Kind; 10] = [
    Kind::Entity,
    Kind::Entity,
    Kind::Enum,
    Kind::Entity,
    Kind::Entity,
    Kind::Input,
    Kind::Entity,
    Kind::Entity,
    Kind::Entity,
    Kind::Abstract,
];

struct Team {
    size: Size,
    at: usize,
    sdl: String,
}

impl Team {
    fn write(mut self) -> String {
        self.sdl += HEAD;
        for number in 0..self.size.types {
            match KINDS[number % KINDS.len()] {
                Kind::Entity => self.entity(number),
                Kind::Enum => self.enumeration(number),
                Kind::Input => self.input(number),
                Kind::Abstract => self.interface_or_union(number),
            }
        }
        self.extensions();
        self.query();
        self.mutation();
        self.sdl += SHARED;
        self.sdl
    }

    fn name(&self, kind: &str, number: usize) -> String {
        name(kind, self.at, number)
    }

    /// The nearest type of that kind, counted from a number on.
    fn near(&self, kind: Kind, from: usize) -> usize {
        let all = (from..).map(|number| number % self.size.types).take(self.size.types);
        all.into_iter().find(|number| KINDS[number % KINDS.len()] == kind).unwrap_or(0)
    }

    fn entity(&mut self, number: usize) {
        let own = self.name("Entity", number);
        let second = if number.is_multiple_of(3) { r#" @key(fields: "code region")"# } else { "" };
        let has = if self.interface_of(number).is_some() { " implements " } else { "" };
        let interface = self.interface_of(number).unwrap_or_default();
        let friend = self.name("Entity", self.near(Kind::Entity, number + 1));
        let status = self.name("Status", self.near(Kind::Enum, number));
        let filter = self.name("Filter", self.near(Kind::Input, number));
        let (there, stub) = self.stub(number);
        self.sdl += &format!(
            r#"
"""What team {at} knows of it"""
type {own}{has}{interface} @key(fields: "id"){second} {{
  id: ID!
  code: String!
  region: String! @tag(name: "internal")
  title(language: String = "en", length: Int): String!
  status: {status}!
  price: Money
  createdAt: DateTime!
  related(filter: {filter}, first: Int = 10): [{friend}!]!
  owner: {there}
}}
{stub}"#,
            at = self.at,
        );
    }

    /// Every fifth entity refers to one of another subgraph, of which it has the key; others to their own.
    fn stub(&self, number: usize) -> (String, String) {
        if !number.is_multiple_of(5) || self.size.subgraphs < 2 {
            return (self.name("Entity", self.near(Kind::Entity, number + 2)), String::new());
        }
        let there = name("Entity", (self.at + self.size.subgraphs / 2) % self.size.subgraphs, number);
        let stub = format!("\ntype {there} @key(fields: \"id\", resolvable: false) {{ id: ID! }}\n");
        (there, stub)
    }

    /// Numbers of the entities of the next subgraph that get fields here: none of which there are stubs.
    fn extended(&self) -> Vec<usize> {
        match self.size.subgraphs {
            0..=2 => Vec::new(),
            _ => (0..self.size.types).filter(|number| number % 10 == 3).collect(),
        }
    }

    fn extensions(&mut self) {
        for number in self.extended() {
            let next = name("Entity", (self.at + 1) % self.size.subgraphs, number);
            let at = self.at;
            self.sdl += &format!(
                r#"
type {next} @key(fields: "id") {{
  id: ID!
  title(language: String = "en", length: Int): String! @external
  score{at}(scale: Int! = 5): Float
  note{at}: String @requires(fields: "title")
}}
"#
            );
        }
    }

    fn enumeration(&mut self, number: usize) {
        let own = self.name("Status", number);
        self.sdl += &format!("\nenum {own} {{ NEW ACTIVE PAUSED CLOSED @deprecated(reason: \"ended\") }}\n");
    }

    fn input(&mut self, number: usize) {
        let own = self.name("Filter", number);
        let status = self.name("Status", self.near(Kind::Enum, number));
        self.sdl += &format!(
            "\ninput {own} {{\n  text: String\n  statuses: [{status}!] = [ACTIVE]\n  since: DateTime\n  not: {own}\n}}\n"
        );
    }

    fn interface_or_union(&mut self, number: usize) {
        if number % 20 == 9 {
            let own = self.name("Node", number);
            self.sdl += &format!("\ninterface {own} {{ id: ID! createdAt: DateTime! }}\n");
            return;
        }
        let own = self.name("Result", number);
        let members: Vec<_> =
            [0, 3].map(|back| self.name("Entity", self.near(Kind::Entity, number + 1 + back))).into();
        self.sdl += &format!("\nunion {own} = {}\n", members.join(" | "));
    }

    /// The interface in whose ten the entity stands, if it is one of the first five of them.
    fn interface_of(&self, number: usize) -> Option<String> {
        let interface = number / 10 * 10 + 9;
        let is_one = interface % 20 == 9 && interface < self.size.types && number % 10 < 5;
        is_one.then(|| self.name("Node", interface))
    }

    fn query(&mut self) {
        let mut fields = String::new();
        for number in 0..self.size.types {
            let at = self.at;
            let field = match KINDS[number % KINDS.len()] {
                Kind::Entity if number.is_multiple_of(2) => {
                    format!("  entity{at}x{number}(id: ID!): {}\n", self.name("Entity", number))
                }
                Kind::Abstract if number % 20 == 9 => {
                    format!("  nodes{at}x{number}: [{}!]!\n", self.name("Node", number))
                }
                Kind::Abstract => format!("  search{at}x{number}: {}\n", self.name("Result", number)),
                _ => continue,
            };
            fields += &field;
        }
        self.sdl += &format!("\ntype Query {{\n{fields}  page: PageInfo @shareable\n}}\n");
    }

    fn mutation(&mut self) {
        let (at, entity) = (self.at, self.name("Entity", 0));
        self.sdl += &format!("\ntype Mutation {{\n  change{at}(id: ID!, title: String!): {entity}!\n}}\n");
    }
}

fn name(kind: &str, team: usize, number: usize) -> String {
    format!("{kind}{team}x{number}")
}
