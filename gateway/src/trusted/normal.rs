//! What a document says, whatever it looks like.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::{
    Name, Node,
    ast::{Definition, Document, FragmentDefinition, Selection},
};

/// The operations in their order, then the fragments by name, printed by apollo-compiler.
pub(super) fn normal_form(document: &Document) -> String {
    let mut definitions: Vec<&Definition> = document.definitions.iter().collect();
    // Stable, so operations stay in their order.
    definitions.sort_by_key(|definition| definition.as_fragment_definition().map(|fragment| &fragment.name));
    let printed: Vec<String> = definitions.into_iter().map(ToString::to_string).collect();
    printed.join("\n\n")
}

/// Each operation with the fragments that it uses, as a document of its own.
pub(super) fn each_operation(document: &Document) -> Vec<Document> {
    let fragments: Fragments<'_> = document
        .definitions
        .iter()
        .filter_map(|definition| definition.as_fragment_definition())
        .map(|fragment| (&fragment.name, fragment))
        .collect();
    let operations =
        document.definitions.iter().filter_map(|definition| definition.as_operation_definition());
    operations
        .map(|operation| {
            let mut one = Document::new();
            one.definitions.push(Definition::OperationDefinition(operation.clone()));
            let used = used(&operation.selection_set, &fragments);
            let used = used.into_iter().filter_map(|name| fragments.get(name));
            one.definitions.extend(used.map(|fragment| Definition::FragmentDefinition((*fragment).clone())));
            one
        })
        .collect()
}

type Fragments<'d> = BTreeMap<&'d Name, &'d Node<FragmentDefinition>>;

/// The fragments that selections spread, directly or by way of others.
fn used<'d>(selections: &'d [Selection], fragments: &Fragments<'d>) -> BTreeSet<&'d Name> {
    let (mut used, mut open) = (BTreeSet::new(), vec![selections]);
    while let Some(selections) = open.pop() {
        for selection in selections {
            match selection {
                Selection::Field(field) => open.push(&field.selection_set),
                Selection::InlineFragment(inline) => open.push(&inline.selection_set),
                Selection::FragmentSpread(spread) => {
                    if used.insert(&spread.fragment_name) {
                        let fragment = fragments.get(&spread.fragment_name);
                        open.extend(fragment.map(|fragment| &fragment.selection_set[..]));
                    }
                }
            }
        }
    }
    used
}
