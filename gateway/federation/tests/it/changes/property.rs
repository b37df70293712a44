//! What no change breaks stays valid: random schemas, changed at random, and an operation that asks for everything.

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tributary_federation::changes::{Severity, compare};

/// Numbers that a schema is made of; each stands for one thing, so a change of one is one change.
const GENES: usize = 90;

struct Genes<'g>(&'g [u32]);

impl Genes<'_> {
    fn ty(&self, at: usize, named: &[&str]) -> String {
        let gene = self.0[at] as usize;
        let named = named[gene / 5 % named.len()];
        match gene % 5 {
            0 => named.to_owned(),
            1 => format!("{named}!"),
            2 => format!("[{named}]"),
            3 => format!("[{named}!]!"),
            _ => format!("[[{named}]!]"),
        }
    }

    fn is(&self, at: usize) -> bool {
        self.0[at].is_multiple_of(2)
    }

    fn input(&self, at: usize, name: &str, named: &[&str]) -> String {
        let ty = self.ty(at, named);
        let default = match self.0[at + 1] % 3 {
            0 => "",
            1 if ty.starts_with("Int") => " = 1",
            _ if ty.starts_with("Int") => " = 2",
            _ => "",
        };
        format!("{name}: {ty}{default}")
    }

    /// Three fields, each of four genes; the first is always there.
    fn fields(&self, at: usize, prefix: &str) -> String {
        let mut text = String::new();
        for field in 0..3 {
            let at = at + field * 5;
            if field > 0 && self.0[at].is_multiple_of(4) {
                continue;
            }
            let ty = self.ty(at + 1, &["Int", "String", "E", "A", "B", "U", "I"]);
            let argument = self.input(at + 3, "x", &["Int", "String", "E", "N"]);
            let argument = if self.is(at + 2) { format!("({argument})") } else { String::new() };
            text.push_str(&format!("{prefix}{field}{argument}: {ty} "));
        }
        text
    }

    fn schema(&self) -> Valid<Schema> {
        let own = self.fields(45, "i");
        let implements = |at| if self.is(at) { ("implements I", &*own) } else { ("", "") };
        let ((a, of_a), (b, of_b)) = (implements(60), implements(61));
        let when = |at, text| if self.is(at) { text } else { "" };
        let scalars = ["Int", "String", "E"];
        let (x, y, z) =
            (self.input(67, "a", &scalars), self.input(69, "b", &scalars), self.input(71, "c", &scalars));
        let sdl = format!(
            "type Query {{ {} }} type A {a} {{ {} {of_a} }} type B {b} {{ {} {of_b} }} interface I {{ {own} }}
             enum E {{ X {} {} }} union U = A {} input N {{ {x} {} {} }}",
            self.fields(0, "q"),
            self.fields(15, "a"),
            self.fields(30, "b"),
            when(62, "Y"),
            when(63, "Z"),
            when(64, "| B"),
            when(65, &y),
            when(66, &z),
        );
        match Schema::parse_and_validate(&sdl, "schema.graphql") {
            Ok(schema) => schema,
            Err(error) => panic!("{sdl}\n{}", error.errors),
        }
    }
}

/// Writes an operation that asks for all that there is, in several ways.
struct Writer<'s> {
    schema: &'s Schema,
    count: usize,
    variables: Vec<String>,
}

impl Writer<'_> {
    fn operation(mut self) -> String {
        let selections = self.selections("Query", 3);
        match &self.variables[..] {
            [] => selections,
            variables => format!("query ({}) {selections}", variables.join(", ")),
        }
    }

    fn selections(&mut self, name: &str, depth: usize) -> String {
        let mut text = String::from("{ __typename ");
        let schema = self.schema;
        let fields = match &schema.types[name] {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            _ => &Default::default(),
        };
        for field in fields.values() {
            self.count += 1;
            let (alias, arguments) = (self.count, self.arguments(&field.arguments));
            let inner = field.ty.inner_named_type();
            let below = match &schema.types[inner] {
                ty if ty.is_leaf() => String::new(),
                _ if depth == 0 => "{ __typename }".to_owned(),
                _ => self.selections(inner, depth - 1),
            };
            text.push_str(&format!("k{alias}: {}{arguments} {below} ", field.name));
        }
        if schema.types[name].is_interface() || schema.types[name].is_union() {
            let objects = ["A", "B"].into_iter().filter(|object| schema.is_subtype(name, object));
            for object in objects.collect::<Vec<_>>() {
                let below = self.selections(object, depth.saturating_sub(2));
                text.push_str(&format!("... on {object} {below} "));
            }
        }
        text + "}"
    }

    fn arguments(
        &mut self,
        defined: &[apollo_compiler::Node<apollo_compiler::ast::InputValueDefinition>],
    ) -> String {
        let mut given = Vec::new();
        for argument in defined {
            self.count += 1;
            let value = match self.count % 4 {
                0 if !argument.is_required() => continue,
                1 => {
                    let name = format!("$v{}", self.count);
                    self.variables.push(format!("{name}: {}", argument.ty));
                    name
                }
                _ => self.literal(&argument.ty),
            };
            given.push(format!("{}: {value}", argument.name));
        }
        if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
    }

    fn literal(&mut self, ty: &Type) -> String {
        self.count += 1;
        if !ty.is_non_null() && self.count.is_multiple_of(3) {
            return Value::Null.to_string();
        }
        if ty.is_list() {
            return format!("[{}]", self.literal(ty.item_type()));
        }
        match &self.schema.types[ty.inner_named_type()] {
            ExtendedType::Enum(values) => values.values[self.count % values.values.len()].value.to_string(),
            ExtendedType::InputObject(input) => {
                let mut fields = Vec::new();
                for field in input.fields.values() {
                    self.count += 1;
                    if field.is_required() || !self.count.is_multiple_of(3) {
                        fields.push(format!("{}: {}", field.name, self.literal(&field.ty)));
                    }
                }
                format!("{{{}}}", fields.join(", "))
            }
            scalar if scalar.name() == "Int" => "7".to_owned(),
            _ => "\"s\"".to_owned(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_nothing_breaks_stays_valid(
        genes in prop::collection::vec(0u32..70, GENES),
        changes in prop::collection::vec((0..GENES, 0u32..70), 1..4),
    ) {
        let mut changed = genes.clone();
        changes.iter().for_each(|(at, gene)| changed[*at] = *gene);
        let (old, new) = (Genes(&genes).schema(), Genes(&changed).schema());
        let operation = Writer { schema: &old, count: 0, variables: Vec::new() }.operation();
        if let Err(error) = ExecutableDocument::parse_and_validate(&old, &operation, "q.graphql") {
            panic!("{operation}\n{old}\n{}", error.errors);
        }
        let found = compare(&old, &new);
        prop_assert_eq!(found.is_empty(), old.to_string() == new.to_string());
        if found.iter().all(|change| change.severity() != Severity::Breaking) {
            let still = ExecutableDocument::parse_and_validate(&new, &operation, "q.graphql");
            prop_assert!(still.is_ok(), "{operation}\n{old}\n{new}\n{found:#?}\n{}", still.unwrap_err().errors);
        }
    }
}
