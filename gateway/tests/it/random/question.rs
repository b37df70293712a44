//! Random questions that a schema allows, for the most part.

use std::fmt::Write;

use apollo_compiler::Schema;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use serde_json::{Value as Json, json};

use super::dice::Dice;

pub struct Question {
    pub text: String,
    /// The same with some of its fragments deferred; `None` where none is.
    pub deferred: Option<String>,
    pub variables: Json,
}

struct Writer<'s, 'd> {
    schema: &'s Schema,
    dice: &'d mut Dice,
    fragments: Vec<String>,
    uses: [bool; 4],
    /// How many fields there may still be.
    left: usize,
}

/// `$n` is an integer, `$m` one with a default, `$yes` and `$no` are conditions.
const VARIABLES: [&str; 4] = ["$n: Int", "$m: Int = 5", "$yes: Boolean!", "$no: Boolean! = false"];

pub fn ask(schema: &Schema, dice: &mut Dice) -> Question {
    let left = dice.between(4, 60);
    let mut writer = Writer { schema, dice, fragments: Vec::new(), uses: [false; 4], left };
    let selection = writer.selection("Query", 0);
    let mut variables = json!({});
    let mut declared = Vec::new();
    for (at, text) in VARIABLES.iter().enumerate() {
        if writer.uses[at] {
            declared.push(*text);
        }
    }
    if writer.uses[0] && writer.dice.chance(70) {
        variables["n"] = json!(writer.dice.up_to(9));
    }
    if writer.uses[1] && writer.dice.chance(50) {
        variables["m"] = json!(writer.dice.up_to(9));
    }
    if writer.uses[2] {
        variables["yes"] = json!(writer.dice.chance(50));
    }
    if writer.uses[3] && writer.dice.chance(50) {
        variables["no"] = json!(writer.dice.chance(50));
    }
    let head = if declared.is_empty() { String::new() } else { format!("({})", declared.join(", ")) };
    let text = format!("query{head} {selection}\n{}", writer.fragments.join("\n"));
    let deferred = text.contains(DEFER).then(|| {
        let mut parts = text.split(DEFER).enumerate();
        let first = parts.next().map(|(_, part)| part.to_owned()).unwrap_or_default();
        parts.fold(first, |text, (at, part)| format!("{text} @defer(label: \"d{at}\"){part}"))
    });
    Question { text: text.replace(DEFER, ""), deferred, variables }
}

/// Stands where a fragment is deferred.
const DEFER: char = '\u{1}';

impl Writer<'_, '_> {
    fn selection(&mut self, type_name: &str, depth: usize) -> String {
        let mut out = String::from("{ ");
        let before = out.len();
        for _ in 0..self.dice.between(1, if depth == 0 { 4 } else { 5 }) {
            if self.left == 0 {
                break;
            }
            match self.dice.up_to(20) {
                0 => {
                    let alias = if self.dice.chance(30) { "t: " } else { "" };
                    let _ = write!(out, "{alias}__typename ");
                }
                1 | 2 => self.inline(&mut out, type_name, depth),
                3 => self.spread(&mut out, type_name, depth),
                _ => self.field(&mut out, type_name, depth),
            }
        }
        if self.is_abstract(type_name) && self.dice.chance(70) {
            self.inline(&mut out, type_name, depth);
        }
        if self.is_abstract(type_name) && self.dice.chance(20) {
            self.one_key(&mut out, type_name);
        }
        if out.len() == before {
            out.push_str("__typename ");
        }
        out.push('}');
        out
    }

    fn is_abstract(&self, type_name: &str) -> bool {
        matches!(self.schema.types[type_name], ExtendedType::Interface(_) | ExtendedType::Union(_))
    }

    fn conditions(&mut self) -> String {
        if !self.dice.chance(12) {
            return String::new();
        }
        let (directive, value) = match self.dice.up_to(5) {
            0 => ("include", "$yes"),
            1 => ("skip", "$yes"),
            2 => ("include", "$no"),
            3 => ("skip", "$no"),
            _ => {
                return if self.dice.chance(50) {
                    " @skip(if: false)".into()
                } else {
                    " @include(if: true)".into()
                };
            }
        };
        self.uses[if value == "$yes" { 2 } else { 3 }] = true;
        format!(" @{directive}(if: {value})")
    }

    /// A type that the selection can be narrowed (or widened) to.
    fn narrower(&mut self, type_name: &str) -> String {
        let own = type_name.to_owned();
        let mut others = vec![own];
        for (name, ty) in &self.schema.types {
            let fits = self.schema.is_subtype(type_name, name) || self.schema.is_subtype(name, type_name);
            if fits && !ty.is_built_in() {
                others.push(name.to_string());
            }
        }
        self.dice.pick(&others).clone()
    }

    fn defer(&mut self) -> String {
        if self.dice.chance(25) { DEFER.to_string() } else { String::new() }
    }

    fn inline(&mut self, out: &mut String, type_name: &str, depth: usize) {
        let narrow = self.narrower(type_name);
        let conditions = self.defer() + &self.conditions();
        let head =
            if narrow == type_name && self.dice.chance(30) { String::new() } else { format!(" on {narrow}") };
        let selection = self.selection(&narrow, depth + 1);
        let _ = write!(out, "...{head}{conditions} {selection} ");
    }

    /// Different fields of different objects under one key.
    fn one_key(&mut self, out: &mut String, type_name: &str) {
        let (objects, schema) = (self.schema.implementers_map(), self.schema);
        let members: Vec<&str> = match &schema.types[type_name] {
            ExtendedType::Union(union) => union.members.iter().map(|member| member.as_str()).collect(),
            _ => {
                objects.get(type_name).into_iter().flat_map(|it| &it.objects).map(|it| it.as_str()).collect()
            }
        };
        let ty = *self.dice.pick(&["String", "Int", "String!", "ID", "Boolean", "Int!"]);
        let mut members = members;
        members.sort_unstable();
        for member in members {
            let Some(object) = schema.get_object(member) else { continue };
            let fields = object.fields.values().filter(|field| field.ty.to_string() == ty);
            let names: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
            if !names.is_empty() && self.dice.chance(80) {
                let _ = write!(out, "... on {member} {{ k: {} }} ", self.dice.pick(&names));
            }
        }
    }

    fn spread(&mut self, out: &mut String, type_name: &str, depth: usize) {
        let narrow = self.narrower(type_name);
        let conditions = self.defer() + &self.conditions();
        let selection = self.selection(&narrow, depth + 1);
        let name = format!("F{}", self.fragments.len());
        self.fragments.push(format!("fragment {name} on {narrow} {selection}"));
        let _ = write!(out, "...{name}{conditions} ");
        if self.dice.chance(20) {
            let _ = write!(out, "...{name} ");
        }
    }

    fn field(&mut self, out: &mut String, type_name: &str, depth: usize) {
        let fields: Vec<FieldDefinition> = match &self.schema.types[type_name] {
            ExtendedType::Object(object) => object.fields.values().map(|field| (***field).clone()).collect(),
            ExtendedType::Interface(interface) => {
                interface.fields.values().map(|field| (***field).clone()).collect()
            }
            _ => Vec::new(),
        };
        if fields.is_empty() {
            return;
        }
        let field = self.dice.pick(&fields).clone();
        let inner = field.ty.inner_named_type();
        let composite = self.schema.types[inner].is_object() || self.is_abstract(inner);
        if composite && depth > 6 {
            return;
        }
        self.left = self.left.saturating_sub(1);
        let alias = match self.dice.up_to(12) {
            // Shadows a key, or what the planner would like to call its own.
            0 => *self.dice.pick(&["id: ", "sku: ", "ref: ", "__typename: ", "f0: ", "_1_id: "]),
            1 => *self.dice.pick(&["a: ", "b: ", "c: "]),
            _ => "",
        };
        let argument = if field.arguments.is_empty() || self.dice.chance(40) {
            String::new()
        } else {
            match self.dice.up_to(3) {
                0 => {
                    self.uses[0] = true;
                    "(n: $n)".to_owned()
                }
                1 => {
                    self.uses[1] = true;
                    "(n: $m)".to_owned()
                }
                _ => format!("(n: {})", self.dice.up_to(9)),
            }
        };
        let conditions = self.conditions();
        let _ = write!(out, "{alias}{}{argument}{conditions} ", field.name);
        if composite {
            let selection = self.selection(inner, depth + 1);
            let _ = write!(out, "{selection} ");
        }
    }
}
