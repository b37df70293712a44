//! Reading how many tests passed and failed from what a test runner prints.

use std::ops::AddAssign;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Those that passed.
    pub passed: u32,
    /// Those that didn't.
    pub failed: u32,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Count {
    /// What one line adds, if it is some runner's last word.
    pub fn of_line(line: &str) -> Self {
        let line = without_colours(line);
        let line = line.trim();
        let words: Vec<&str> =
            line.split([' ', ',', ';', '|', '(', ')']).filter(|word| !word.is_empty()).collect();
        let is_sum = line.starts_with("Summary [") && line.contains("run:")  // cargo-nextest
            || line.starts_with("test result:")                              // cargo test
            || words.first() == Some(&"Tests"); // Vitest
        match words.as_slice() {
            _ if is_sum => Self::of_words(&words),
            // Node's own runner
            ["#" | "ℹ", "pass", number] => Self { passed: number.parse().unwrap_or(0), failed: 0 },
            ["#" | "ℹ", "fail", number] => Self { passed: 0, failed: number.parse().unwrap_or(0) },
            [_, "passed", _, "failed"] => Self::of_words(&words),
            _ => Self::default(),
        }
    }

    /// Sums `3 passed`, `1 failed`, `1 timed out`, `1 exec failed`.
    fn of_words(words: &[&str]) -> Self {
        let mut count = Self::default();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u32>() else { continue };
            match pair[1] {
                "passed" => count.passed += number,
                "failed" | "timed" | "exec" => count.failed += number,
                _ => {}
            }
        }
        count
    }
}

fn without_colours(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, passed: u32, failed: u32) {
        assert_eq!(Count::of_line(line), Count { passed, failed }, "{line}");
    }

    #[test]
    fn each_runners_last_word_is_understood() {
        check(
            "     Summary [   2.538s] 23 tests run: 22 passed (1 slow, 2 leaky), 1 failed, 0 skipped",
            22,
            1,
        );
        check(
            "     Summary [   2.5s] 4/9 tests run: 1 passed, 1 failed, 1 timed out, 1 exec failed, 5 skipped",
            1,
            3,
        );
        check(
            "\u{1b}[32;1m     Summary\u{1b}[0m [   1.5s] \u{1b}[1m3\u{1b}[0m tests run: \u{1b}[1m3\u{1b}[0m passed, 0 skipped",
            3,
            0,
        );
        check(
            "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            5,
            2,
        );
        check("      Tests  1 failed | 11 passed (12)", 11, 1);
        check("      Tests  12 passed (12)", 12, 0);
        check("# pass 7", 7, 0);
        check("ℹ fail 2", 0, 2);
        check("4 passed, 1 failed", 4, 1);
    }

    #[test]
    fn other_lines_count_nothing() {
        check(" Test Files  3 passed (3)", 0, 0);
        check("        PASS [   0.005s] it lifeline::a_child", 0, 0);
        check("running 12 tests", 0, 0);
        check("the 3 passed 4 by", 0, 0);
        check("", 0, 0);
    }
}
