//! Random graphs, dealt out over random subgraphs, asked random questions: the gateway's answer must be the one
//! that the same data gives in a single schema, to the letter.

mod data;
// One source of chance for the tests of both crates.
#[path = "../../federation/tests/it/dice.rs"]
mod dice;
mod failures;
mod kept;
mod parts;
mod question;
mod serve;
mod shrink;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

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
    with_required_objects: usize,
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

/// Other amounts: `TRIBUTARY_RANDOM_WORLDS`, `TRIBUTARY_RANDOM_QUESTIONS`; from another world on:
/// `TRIBUTARY_RANDOM_SEED`, and that one alone if no amount is given.
#[test]
fn answers_like_a_single_schema() {
    let alone = std::env::var_os("TRIBUTARY_RANDOM_SEED").is_some();
    let worlds = setting("TRIBUTARY_RANDOM_WORLDS", if alone { 1 } else { 280 });
    let questions = setting("TRIBUTARY_RANDOM_QUESTIONS", 25);
    let first = setting("TRIBUTARY_RANDOM_SEED", 0);
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
            let mut dice = Dice::new(question_seed(seed, number));
            if let Err(difference) = check(&served, &mut dice, &mut counters) {
                wrong.push((seed, number, difference));
            }
        }
    }
    println!("seeds {first} to {}, {questions} questions each\n{counters:#?}", first + worlds - 1);
    if std::env::var_os("TRIBUTARY_RANDOM_ALL").is_some() {
        wrong.iter().for_each(|(seed, number, difference)| {
            println!("seed {seed}, question {number}\n{difference}\n")
        });
    }
    if let Some((seed, number, _)) = wrong.first() {
        let (count, smallest) = (wrong.len(), smallest(*seed, *number));
        panic!(
            "{count} of {} differ; the first, seed {seed}, question {number}, made smaller:\n{smallest}",
            counters.questions
        );
    }
    if worlds >= 280 {
        let seen = format!("{counters:?}");
        assert!(!seen.contains(": 0,") && !seen.contains(": 0 }"), "something never came up: {seen}");
        assert!(counters.questions >= 2_000, "only {} questions", counters.questions);
    }
}

fn question_seed(world: u64, number: u64) -> u64 {
    world * 1_000_003 + number + 1
}

/// Nothing in it waits for anything.
fn check(served: &Served<'_>, dice: &mut Dice, counters: &mut Counters) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let check = AssertUnwindSafe(|| runtime.block_on(served.check(dice, counters)));
    // Which question panics is told, and it is made smaller like any other.
    catch_unwind(check).unwrap_or_else(|_| Err(format!("a panic\n{}", served.world.sdls())))
}

/// A smaller world and question that differ as well.
fn smallest(seed: u64, number: u64) -> String {
    let mut dice = Dice::new(seed);
    let world = World::new(&mut dice);
    let served = Served::new(&world).unwrap();
    let mut asked = Dice::new(question_seed(seed, number));
    let _ = check(&served, &mut asked, &mut Counters::default());
    shrink::smallest((dice.thrown(), asked.thrown()), |(world, question)| {
        let world = World::new(&mut Dice::again(world.clone()));
        let served = Served::new(&world).ok()?;
        check(&served, &mut Dice::again(question.clone()), &mut Counters::default()).err()
    })
}
