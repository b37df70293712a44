//! Changes of what a set has. Which rule they break, if any, depends on the set.

use super::super::sdl::{Field, Set};
use crate::dice::Dice;

/// A change, and whether there was something to change.
pub type Change = fn(&mut Set, &mut Dice) -> bool;

pub const CHANGES: &[(&str, Change)] = &[
    ("a directive left out", drop_directive),
    ("a field left out", drop_field),
    ("another type", other_type),
    ("another argument", other_argument),
    ("a type left out", drop_type),
    ("an enum value left out", drop_value),
    ("something inaccessible", hide),
    ("a key that can't be resolved", unresolvable),
    ("another key", other_key),
    ("a name twice", same_name),
    ("a name that can't be", no_name),
    ("an unknown version", unknown_version),
    ("no queries", no_queries),
    ("a second query root", second_root),
    ("a directive under two names", two_names),
];

/// A random field of a random type that isn't a root.
fn any_field<'s>(
    set: &'s mut Set,
    dice: &mut Dice,
    fits: impl Fn(&str, &Field) -> bool,
) -> Option<&'s mut Field> {
    let mut all: Vec<&mut Field> = set
        .subgraphs
        .iter_mut()
        .flat_map(|subgraph| &mut subgraph.types)
        .flat_map(|ty| {
            let name = ty.name.clone();
            ty.fields.iter_mut().filter(|field| fits(&name, field)).collect::<Vec<_>>()
        })
        .collect();
    if all.is_empty() {
        return None;
    }
    let at = dice.up_to(all.len());
    Some(all.swap_remove(at))
}

fn drop_directive(set: &mut Set, dice: &mut Dice) -> bool {
    let marked = |_: &str, field: &Field| {
        ["@shareable", "@external", "@override", "@requires"].iter().any(|it| field.directives.contains(it))
    };
    any_field(set, dice, marked).map(|field| field.directives.clear()).is_some()
}

fn drop_field(set: &mut Set, dice: &mut Dice) -> bool {
    let subgraph = dice.up_to(set.subgraphs.len());
    let types = &mut set.subgraphs[subgraph].types;
    let ty = dice.up_to(types.len());
    if types[ty].fields.len() < 2 {
        return false;
    }
    let at = dice.up_to(types[ty].fields.len());
    types[ty].fields.remove(at);
    true
}

fn other_type(set: &mut Set, dice: &mut Dice) -> bool {
    let ty = *dice.pick(&["Int", "String!", "[Int]", "[[ID!]!]"]);
    any_field(set, dice, |_, field| field.ty != ty).map(|field| field.ty = ty.to_owned()).is_some()
}

fn other_argument(set: &mut Set, dice: &mut Dice) -> bool {
    let argument = *dice.pick(&["first: Int!", "first: String", "first: Int = 3", "more: Boolean!"]);
    any_field(set, dice, |_, field| field.name != "least" && field.name != "text" && field.name != "most")
        .map(|field| field.arguments = vec![argument.to_owned()])
        .is_some()
}

fn drop_type(set: &mut Set, dice: &mut Dice) -> bool {
    let subgraph = dice.up_to(set.subgraphs.len());
    let types = &mut set.subgraphs[subgraph].types;
    let at = dice.up_to(types.len());
    types.remove(at);
    true
}

fn drop_value(set: &mut Set, dice: &mut Dice) -> bool {
    let types = set.subgraphs.iter_mut().flat_map(|subgraph| &mut subgraph.types);
    let mut enums: Vec<_> = types.filter(|ty| ty.keyword == "enum" && ty.items.len() > 1).collect();
    if enums.is_empty() {
        return false;
    }
    let at = dice.up_to(enums.len());
    enums[at].items.pop();
    true
}

fn hide(set: &mut Set, dice: &mut Dice) -> bool {
    if set.subgraphs.iter().any(|subgraph| subgraph.minor.is_none()) {
        return false;
    }
    if dice.chance(50) {
        let own = |_: &str, field: &Field| !field.directives.contains("@external");
        return any_field(set, dice, own).map(|field| field.directives.push_str(" @inaccessible")).is_some();
    }
    let subgraph = dice.up_to(set.subgraphs.len());
    let types = &mut set.subgraphs[subgraph].types;
    let at = dice.up_to(types.len());
    types[at].directives.push_str(" @inaccessible");
    true
}

fn unresolvable(set: &mut Set, dice: &mut Dice) -> bool {
    replace_in_key(set, dice, "@key(fields: \"id\")", "@key(fields: \"id\", resolvable: false)")
}

fn other_key(set: &mut Set, dice: &mut Dice) -> bool {
    replace_in_key(set, dice, "fields: \"id\"", "fields: \"sku\"")
}

fn replace_in_key(set: &mut Set, dice: &mut Dice, from: &str, to: &str) -> bool {
    let types = set.subgraphs.iter_mut().flat_map(|subgraph| &mut subgraph.types);
    let mut keyed: Vec<_> = types.filter(|ty| ty.directives.contains(from)).collect();
    if keyed.is_empty() {
        return false;
    }
    let at = dice.up_to(keyed.len());
    keyed[at].directives = keyed[at].directives.replace(from, to);
    true
}

fn same_name(set: &mut Set, _: &mut Dice) -> bool {
    set.subgraphs[1].name = set.subgraphs[0].name.clone();
    true
}

fn no_name(set: &mut Set, dice: &mut Dice) -> bool {
    let at = dice.up_to(set.subgraphs.len());
    set.subgraphs[at].name = "_".to_owned();
    true
}

fn unknown_version(set: &mut Set, dice: &mut Dice) -> bool {
    let at = dice.up_to(set.subgraphs.len());
    let minor = &mut set.subgraphs[at].minor;
    minor.replace(99).is_some()
}

fn no_queries(set: &mut Set, _: &mut Dice) -> bool {
    for subgraph in &mut set.subgraphs {
        subgraph.types.retain(|ty| ty.name != "Query");
    }
    true
}

fn second_root(set: &mut Set, dice: &mut Dice) -> bool {
    let at = dice.up_to(set.subgraphs.len());
    set.subgraphs[at].extra.push_str("schema { query: Root } type Root { root: Int }");
    true
}

fn two_names(set: &mut Set, _: &mut Dice) -> bool {
    if set.subgraphs[0].minor.is_none() {
        return false;
    }
    for subgraph in &mut set.subgraphs[..2] {
        subgraph.minor = Some(9);
    }
    let other = &mut set.subgraphs[1];
    other.renamed = Some(("@cost", "@price"));
    true
}
