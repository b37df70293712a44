//! Our composition beside another one, npm's `@theguild/federation-composition`: the same verdict on the same sets.
//!
//! Sets are generated from seeds, which the tests print. Where the two differ and ours is right, `purpose` says why.

mod api;
mod defects;
mod faults;
pub mod oracle;
mod order;
mod purpose;
mod sdl;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use crate::dice::Dice;
use crate::support::{Subgraphs, compose_all, errors};
use oracle::{Oracle, Verdict};
use sdl::Set;

/// Differences that are shown at most: one is enough to see what is wrong.
const MAX_SHOWN: usize = 8;

/// How many seeds a test takes; `TRIBUTARY_SEEDS=20` takes twenty times as many as usual.
fn seeds(usual: u64) -> u64 {
    let factor = std::env::var("TRIBUTARY_SEEDS").ok().and_then(|text| text.parse().ok());
    usual * factor.unwrap_or(1)
}

impl Dice {
    /// Some of the items, at least one, in their order.
    fn some<T: Copy>(&mut self, items: &[T], percent: usize) -> Vec<T> {
        let picked: Vec<T> = items.iter().copied().filter(|_| self.chance(percent)).collect();
        if picked.is_empty() { vec![*self.pick(items)] } else { picked }
    }
}

/// Both verdicts on one set.
struct Difference<'a> {
    set: &'a Subgraphs,
    ours: BTreeSet<String>,
    theirs: BTreeSet<String>,
    /// Messages of ours, or where only the API schemas differ, their lines.
    text: String,
}

/// What differs between the two verdicts, if anything.
fn difference<'a>(set: &'a Subgraphs, verdict: &Verdict) -> Option<Difference<'a>> {
    let composition = compose_all(set);
    let ours: BTreeSet<String> = composition.errors().map(|error| error.code.as_str().to_owned()).collect();
    let theirs: BTreeSet<String> = verdict.codes.iter().cloned().collect();
    let text = if ours != theirs {
        format!("ours: {:#?}\ntheirs: {:#?}", errors(&composition), verdict.messages)
    } else if let (Some(supergraph), Some(api)) = (&composition.supergraph, &verdict.api) {
        let theirs = verdict.supergraph.as_deref().unwrap_or_default();
        api::difference(&api::of_supergraph(supergraph), &api::canonical(api))
            .or_else(|| api::difference(&api::marks(supergraph), &api::marks(theirs)))?
    } else {
        return None;
    };
    Some(Difference { set, ours, theirs, text })
}

/// What came of many sets.
#[derive(Default)]
struct Tally {
    equal: usize,
    composed: usize,
    /// How often each purpose was met.
    on_purpose: BTreeMap<&'static str, usize>,
    shown: Vec<String>,
    different: usize,
}

impl Tally {
    /// Compares one set; `ours` is why it should differ.
    fn compare(
        &mut self,
        oracle: &mut Oracle,
        what: &str,
        set: &Subgraphs,
        ours: Option<&'static str>,
    ) -> Verdict {
        let verdict = oracle.compose(set);
        self.composed += usize::from(verdict.codes.is_empty());
        match difference(set, &verdict) {
            None => self.equal += 1,
            Some(found) => match ours.or_else(|| purpose::of(&found)) {
                Some(why) => *self.on_purpose.entry(why).or_default() += 1,
                None => self.show(what, &found),
            },
        }
        verdict
    }

    #[allow(clippy::print_stdout, reason = "all differences in short, a few of them in full")]
    fn show(&mut self, what: &str, found: &Difference<'_>) {
        self.different += 1;
        let (ours, theirs, text) = (&found.ours, &found.theirs, &found.text);
        println!("{what}: ours {ours:?}, theirs {theirs:?}");
        if self.shown.len() < MAX_SHOWN {
            let sdl: String = found.set.iter().map(|(name, sdl)| format!("# {name}\n{sdl}\n")).collect();
            self.shown.push(format!("{what}: ours {ours:?}, theirs {theirs:?}\n{text}\n{sdl}"));
        }
    }

    #[allow(clippy::print_stdout, reason = "seeds and counters are the record of a run")]
    fn finish(self, seeds: &str) {
        let Tally { equal, composed, on_purpose, shown, different } = self;
        println!("{seeds}: {equal} verdicts are equal, {composed} sets compose there, {different} differ");
        for (why, count) in on_purpose {
            println!("  ours on purpose, {count} times: {why}");
        }
        assert!(shown.is_empty(), "{different} sets differ, such as\n{}", shown.join("\n\n"));
    }
}

/// A set that composes, with the dice to go on with.
fn good(seed: u64) -> (Set, Dice) {
    let mut dice = Dice::new(seed);
    loop {
        let set = world::world(&mut dice);
        if compose_all(&set.print()).supergraph.is_some() {
            return (set, dice);
        }
    }
}

#[test]
fn random_sets_compose_alike() {
    let count = seeds(500);
    let (mut oracle, mut tally) = (Oracle::start(), Tally::default());
    for seed in 0..count {
        let set = world::world(&mut Dice::new(seed)).print();
        tally.compare(&mut oracle, &format!("seed {seed}"), &set, None);
    }
    let composed = tally.composed;
    tally.finish(&format!("seeds 0 to {count}"));
    assert!(
        composed as u64 > count / 2,
        "only {composed} of {count} sets compose: the generator makes too few good ones"
    );
}

/// That many sets with the fault in them: not every set can have each.
fn faulty(number: usize, fault: &faults::Fault, count: u64) -> Vec<(u64, Subgraphs)> {
    let sets = (0..count * 40).filter_map(|seed| {
        let (mut set, mut dice) = good(seed * 1000 + number as u64);
        fault.inject(&mut set, &mut dice).then(|| (seed, set.print()))
    });
    let sets: Vec<_> = sets.take(count as usize).collect();
    assert_eq!(sets.len() as u64, count, "fault {number}, {}, finds too few sets", fault.code);
    sets
}

#[test]
fn one_fault_is_told_by_the_same_codes() {
    let count = seeds(2);
    let (mut oracle, mut tally) = (Oracle::start(), Tally::default());
    for (number, fault) in faults::TABLE.iter().enumerate() {
        for (seed, set) in faulty(number, fault, count) {
            let what = format!("fault {number}, {}, seed {seed}", fault.code);
            tally.compare(&mut oracle, &what, &set, fault.ours);
            let ours = compose_all(&set);
            let is_it = ours.errors().all(|error| error.code.as_str() == fault.code);
            assert!(is_it && ours.supergraph.is_none(), "{what}: {:#?}", errors(&ours));
        }
    }
    tally.finish(&format!("{} faults, {count} seeds each", faults::TABLE.len()));
}

#[test]
fn changed_sets_compose_alike() {
    let count = seeds(22);
    let (mut oracle, mut tally) = (Oracle::start(), Tally::default());
    for (number, (name, change)) in faults::CHANGES.iter().enumerate() {
        for seed in 0..count {
            let (mut set, mut dice) = good(seed * 1000 + 500 + number as u64);
            if change(&mut set, &mut dice) {
                let what = format!("{name}, seed {seed}");
                tally.compare(&mut oracle, &what, &set.print(), None);
            }
        }
    }
    tally.finish(&format!("{} changes, {count} seeds each", faults::CHANGES.len()));
}

#[test]
fn several_faults_are_refused_by_both() {
    let count = seeds(80);
    let mut oracle = Oracle::start();
    let told: Vec<&faults::Fault> = faults::TABLE.iter().filter(|fault| fault.ours.is_none()).collect();
    for seed in 0..count {
        let (mut set, mut dice) = good(seed);
        for _ in 0..dice.between(2, 3) {
            dice.pick(&told).inject(&mut set, &mut dice);
        }
        let set = set.print();
        let broken = set.iter().any(|(_, sdl)| sdl.contains("Bad") || sdl.contains("bad"));
        let refused = (compose_all(&set).supergraph.is_none(), !oracle.compose(&set).codes.is_empty());
        assert_eq!(refused.0, refused.1, "seed {seed}: {set:?}");
        assert!(refused.0 || !broken, "seed {seed}: {set:?}");
    }
}
