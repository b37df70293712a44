//! Makes a case that differs smaller: the throws that led to it are taken away and set to nought, as long as it differs.

use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

/// The throws of a world and of a question.
pub type Case = (Vec<u64>, Vec<u64>);

/// The smallest case that is found for which `differs` says something, and what it says.
pub fn smallest(case: Case, differs: impl Fn(&Case) -> Option<String>) -> String {
    let config = Config { max_shrink_iters: 4_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let result = runner.run_one(Both { world: Throws::new(case.0), question: Throws::new(case.1) }, |case| {
        differs(&case).map_or(Ok(()), |difference| Err(TestCaseError::fail(difference)))
    });
    match result {
        Err(TestError::Fail(difference, _)) => difference.to_string(),
        other => panic!("the case doesn't differ any more: {other:?}"),
    }
}

/// Throws with the next attempt to do with fewer or smaller ones: pieces of half the length, then of a quarter, and so
/// on, are first taken away, then set to 0.
#[derive(Debug)]
struct Throws {
    throws: Vec<u64>,
    before: Option<Vec<u64>>,
    size: usize,
    at: usize,
    noughts: bool,
}

impl Throws {
    fn new(throws: Vec<u64>) -> Self {
        let size = throws.len().div_ceil(2);
        Self { throws, before: None, size, at: 0, noughts: false }
    }

    /// The next attempt; false when there is none.
    fn attempt(&mut self) -> bool {
        loop {
            if self.at >= self.throws.len() {
                match self.size {
                    0 | 1 if self.noughts => return false,
                    0 | 1 => (self.noughts, self.size) = (true, self.throws.len().div_ceil(2)),
                    size => self.size = size / 2,
                }
                self.at = 0;
                if self.throws.is_empty() {
                    return false;
                }
                continue;
            }
            let piece = self.at..(self.at + self.size).min(self.throws.len());
            if self.noughts && self.throws[piece.clone()].iter().all(|&throw| throw == 0) {
                self.at += self.size;
                continue;
            }
            self.before = Some(self.throws.clone());
            match self.noughts {
                true => self.throws[piece].fill(0),
                false => drop(self.throws.drain(piece)),
            }
            return true;
        }
    }
}

impl Throws {
    /// The last attempt did: goes on from there.
    fn succeeded(&mut self) -> bool {
        if self.before.take().is_some() && self.noughts {
            self.at += self.size;
        }
        self.attempt()
    }

    /// The last attempt, if there was one, didn't: takes it back and goes on.
    fn failed(&mut self) -> bool {
        let Some(before) = self.before.take() else { return false };
        self.throws = before;
        self.at += self.size;
        self.attempt()
    }
}

/// First the world gets smaller, then the question.
#[derive(Debug)]
struct Both {
    world: Throws,
    question: Throws,
}

impl ValueTree for Both {
    type Value = Case;

    fn current(&self) -> Case {
        (self.world.throws.clone(), self.question.throws.clone())
    }

    fn simplify(&mut self) -> bool {
        self.world.succeeded() || self.question.succeeded()
    }

    fn complicate(&mut self) -> bool {
        match self.world.before {
            Some(_) => self.world.failed() || self.question.attempt(),
            None => self.question.failed(),
        }
    }
}

#[test]
fn a_case_is_made_as_small_as_it_gets() {
    let throws: Vec<u64> = (1..200).collect();
    let differs = |case: &Case| {
        let text = format!("{case:?}");
        (case.0.contains(&77) && case.0.contains(&150) && case.1.iter().sum::<u64>() >= 30).then_some(text)
    };
    let smallest = smallest((throws.clone(), throws), differs);
    assert!(smallest.starts_with("([77, 150], ["), "{smallest}");
    assert!(smallest.matches(',').count() <= 4, "{smallest}");
}
