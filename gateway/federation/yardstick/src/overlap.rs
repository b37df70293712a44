//! Subgraphs that can all answer everything: where a planner that tries every combination doesn't come back.

use std::fmt::Write;

/// Subgraphs, as name and SDL, that all have the same type with so many fields, and each a key to it.
pub fn subgraphs(count: usize, fields: usize) -> Vec<(String, String)> {
    let fields: String = (0..fields).map(|at| format!("f{at}: Int ")).collect();
    let sdl = format!(
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\", \"@shareable\"])\n\
        type Query {{ root: T @shareable }}\n\
        type T @key(fields: \"id\") @shareable {{ id: ID! {fields} next: T }}\n"
    );
    (0..count).map(|at| (format!("s{at}"), sdl.clone())).collect()
}

/// All the fields, so many levels deep.
pub fn query(fields: usize, levels: usize) -> String {
    let fields: String = (0..fields).map(|at| format!("f{at} ")).collect();
    let mut query = String::from("{ root ");
    for _ in 0..levels {
        let _ = write!(query, "{{ {fields} next ");
    }
    query + "{ id }" + &" }".repeat(levels + 1)
}

#[cfg(test)]
mod tests {
    use apollo_compiler::ExecutableDocument;
    use tributary_federation::compose::{SubgraphSdl, compose};
    use tributary_federation::{PlanOptions, Supergraph, plan_operation};

    fn work(subgraphs: usize, fields: usize, levels: usize) -> u64 {
        let sdls = super::subgraphs(subgraphs, fields);
        let inputs: Vec<SubgraphSdl<'_>> =
            sdls.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
        let supergraph = Supergraph::parse(&compose(&inputs).supergraph.expect("they agree")).expect("ours");
        let query = super::query(fields, levels);
        let document = ExecutableDocument::parse_and_validate(supergraph.api_schema(), query, "q.graphql");
        let document = document.expect("each field is there");
        let plan = plan_operation(&supergraph, &document, None, &PlanOptions::default()).expect("planned");
        assert_eq!(plan.fetches.len(), 1);
        plan.work
    }

    #[test]
    fn ten_subgraphs_forty_fields_eight_levels() {
        let work = work(10, 40, 8);
        assert!(work < 5_000, "{work} steps");
    }

    #[test]
    fn work_grows_with_the_query_and_not_with_the_combinations() {
        let (few, many) = (work(3, 40, 8), work(12, 40, 8));
        assert!(many < few * 8, "{few} steps for 3 subgraphs, {many} for 12");
        let (shallow, deep) = (work(10, 40, 4), work(10, 40, 16));
        assert!(deep < shallow * 8, "{shallow} steps for 4 levels, {deep} for 16");
    }
}
