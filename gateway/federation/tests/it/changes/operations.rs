//! Known operations on a supergraph that changed.

use apollo_compiler::ast::Document;
use tributary_federation::Supergraph;
use tributary_federation::changes::operation_problems;

use crate::support::supergraph;

const OLD: &str = r#"
# products
type Query { product: Product }
type Product @key(fields: "id") { id: ID! name: String price: Int }
# stock
type Product @key(fields: "id") { id: ID! stock: Int }
"#;

fn graph(subgraphs: &str) -> Supergraph {
    Supergraph::parse(&supergraph(subgraphs)).unwrap()
}

fn problems(supergraph: &Supergraph, document: &str) -> Vec<String> {
    let document = Document::parse(document, "document.graphql").unwrap();
    let shown = |problem: tributary_federation::changes::OperationProblem| {
        let place = problem.place.map(|(line, column)| format!(" at {line}:{column}")).unwrap_or_default();
        format!("{}{place} {}", problem.operation.as_deref().unwrap_or("-"), problem)
    };
    operation_problems(supergraph, &document).into_iter().map(shown).collect()
}

#[test]
fn an_operation_breaks_with_the_field_that_it_asks_for() {
    let new = graph(&OLD.replace("price: Int", "cost: Int"));
    let old = graph(OLD);
    let (stays, breaks) = ("{ product { name stock } }", "query Price {\n  product { id price }\n}");
    assert_eq!(problems(&old, breaks), [""; 0]);
    assert_eq!(problems(&new, stays), [""; 0]);
    let found = problems(&new, breaks);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("- at 2:16 GRAPHQL_VALIDATION_FAILED: "), "{found:?}");
    assert!(found[0].contains("price"), "{found:?}");
}

/// A supergraph that somebody else composed can have fields that nobody can be asked for.
#[test]
fn an_operation_that_has_no_plan_any_more() {
    let cut = supergraph(OLD).replace(
        "@join__type(graph: STOCK, key: \"id\")",
        "@join__type(graph: STOCK, key: \"id\", resolvable: false)",
    );
    let cut = Supergraph::parse(&cut).unwrap();
    let document = "query Name { product { name } } query Stock { product { stock } }";
    let found = problems(&cut, document);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("Stock PLAN_UNREACHABLE: ") && found[0].contains("stock"), "{found:?}");
}

/// What is withheld from some is planned for those who may see it.
#[test]
fn a_field_behind_a_scope_is_planned_too() {
    let guarded = OLD.replace("stock: Int", "stock: Int @authenticated");
    assert_eq!(problems(&graph(&guarded), "{ product { stock } }"), [""; 0]);
    let cut = supergraph(&guarded).replace(
        "@join__type(graph: STOCK, key: \"id\")",
        "@join__type(graph: STOCK, key: \"id\", resolvable: false)",
    );
    let found = problems(&Supergraph::parse(&cut).unwrap(), "{ product { stock } }");
    assert!(found.len() == 1 && found[0].contains("PLAN_UNREACHABLE"), "{found:?}");
}

/// Both outcomes of a label are planned, since either can be.
#[test]
fn labels_are_planned_on_and_off() {
    let text = r#"
# a
type Query { item: Item }
type Item @key(fields: "id") { id: ID! size: Int }
# b
type Item @key(fields: "id") { id: ID! size: Int @override(from: "a", label: "percent(50)") }
"#;
    let whole = supergraph(text);
    assert_eq!(problems(&Supergraph::parse(&whole).unwrap(), "{ item { size } }"), [""; 0]);
    let cut = whole.replace(
        "@join__type(graph: B, key: \"id\")",
        "@join__type(graph: B, key: \"id\", resolvable: false)",
    );
    assert_ne!(cut, whole);
    let found = problems(&Supergraph::parse(&cut).unwrap(), "{ item { size } }");
    assert!(found.len() == 1 && found[0].contains("PLAN_UNREACHABLE"), "{found:?}");
}

#[test]
fn a_document_with_a_thousand_mistakes() {
    let fields: String = (0..1000).map(|at| format!("f{at} ")).collect();
    let found = problems(&graph(OLD), &format!("{{ {fields} }}"));
    assert!(!found.is_empty() && found.len() <= 20, "{}", found.len());
}

/// Thirty fragments that each spread the next twice are a thousand million fields to whoever expands them.
#[test]
fn a_document_whose_fragments_spread_fragments() {
    let chain: String =
        (0..30).map(|at| format!("fragment F{at} on Product {{ ...F{n} ...F{n} }} ", n = at + 1)).collect();
    let document = format!("{{ product {{ ...F0 }} }} {chain} fragment F30 on Product {{ name stock }}");
    assert_eq!(problems(&graph(OLD), &document), [""; 0]);
}
