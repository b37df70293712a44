//! Chance that repeats itself. The gateway's tests use this file as well.

/// SplitMix64: the same seed gives the same throws on every machine.
pub struct Dice {
    state: u64,
    /// Throws that are given, for a case that is to be made smaller; 0 once they are used up.
    given: Option<std::vec::IntoIter<u64>>,
    thrown: Vec<u64>,
}

/// A number that has nothing to do with the one before.
pub fn mix(mut state: u64) -> u64 {
    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self { state: mix(seed), given: None, thrown: Vec::new() }
    }

    /// Throws that were thrown before. Smaller numbers make for simpler cases.
    #[allow(dead_code, reason = "used where cases are made smaller")]
    pub fn again(throws: Vec<u64>) -> Self {
        Self { state: 0, given: Some(throws.into_iter()), thrown: Vec::new() }
    }

    /// All throws so far.
    #[allow(dead_code, reason = "used where cases are made smaller")]
    pub fn thrown(self) -> Vec<u64> {
        self.thrown
    }

    pub fn throw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let throw = match &mut self.given {
            Some(given) => given.next().unwrap_or_default(),
            None => mix(self.state),
        };
        self.thrown.push(throw);
        throw
    }

    /// 0 up to, not including, `sides`.
    pub fn up_to(&mut self, sides: usize) -> usize {
        (self.throw() % sides as u64) as usize
    }

    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.up_to(high - low + 1)
    }

    /// Not with a throw of 0.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.up_to(100) >= 100 - percent
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.up_to(items.len())]
    }
}
