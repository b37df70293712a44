//! Random graphs, dealt out over random subgraphs, asked random questions: the gateway's answer must be the one
//! that the same data gives in a single schema, to the letter.

mod data;
// One source of chance for the tests of both crates.
#[path = "../../federation/tests/it/dice.rs"]
mod dice;
mod failures;
mod parts;
mod question;
mod serve;
mod world;

use dice::Dice;
use serve::Served;
use world::World;

/// What the random cases contained, so that none of them can quietly be missing.
#[derive(Debug, Default)]
struct Counters {
    worlds: usize,
    refused_worlds: usize,
    questions: usize,
    invalid: usize,
    fetches: usize,
    entity_fetches: usize,
    with_requires: usize,
    with_provides: usize,
    with_shareable: usize,
    with_stubs: usize,
    with_several_keys: usize,
    with_compound_keys: usize,
    with_nested_keys: usize,
    with_aliases: usize,
    with_arguments: usize,
    with_conditions: usize,
    with_variables: usize,
    with_fragments: usize,
    with_interfaces: usize,
    with_unions: usize,
    with_interface_objects: usize,
    with_contexts: usize,
    with_weak_types: usize,
    nulls: usize,
    deferred: usize,
    later_parts: usize,
    deferred_fetches: usize,
    failures: usize,
    exact_failures: usize,
    explained_nulls: usize,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Other amounts: `TRIBUTARY_RANDOM_WORLDS`, `TRIBUTARY_RANDOM_QUESTIONS`; one world: `TRIBUTARY_RANDOM_SEED`.
#[tokio::test]
async fn answers_like_a_single_schema() {
    let worlds = setting("TRIBUTARY_RANDOM_WORLDS", 120);
    let questions = setting("TRIBUTARY_RANDOM_QUESTIONS", 25);
    let first = setting("TRIBUTARY_RANDOM_SEED", 0);
    let worlds = if std::env::var_os("TRIBUTARY_RANDOM_SEED").is_some() { 1 } else { worlds };
    let mut counters = Counters::default();
    let mut wrong = Vec::new();
    for seed in first..first + worlds {
        let world = World::new(&mut Dice::new(seed));
        let served = match Served::new(&world) {
            Ok(served) => served,
            Err(errors) => {
                // The dealer doesn't see to it that each field can be reached; nothing else may be wrong.
                let reach = errors.iter().all(|error| error.starts_with("SATISFIABILITY_ERROR"));
                assert!(reach, "seed {seed}: {errors:#?}\n{}", world.sdls());
                counters.refused_worlds += 1;
                continue;
            }
        };
        counters.worlds += 1;
        for number in 0..questions {
            let mut dice = Dice::new(seed * 1_000_003 + number + 1);
            if let Err(difference) = served.check(&mut dice, &mut counters).await {
                wrong.push(format!("seed {seed}, question {number}\n{difference}"));
            }
        }
    }
    println!("{counters:#?}");
    if std::env::var_os("TRIBUTARY_RANDOM_ALL").is_some() {
        println!("{}", wrong.join("\n\n"));
    }
    assert!(wrong.is_empty(), "{} of {} differ; the first:\n{}", wrong.len(), counters.questions, wrong[0]);
    if worlds >= 100 {
        let seen = format!("{counters:?}");
        assert!(!seen.contains(": 0,") && !seen.contains(": 0 }"), "something never came up: {seen}");
    }
}
