//! For how long an answer may be kept by whoever gets it.

use std::time::Duration;

/// What all that an answer is made of comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freshness {
    /// The shortest that any of it still counts.
    remaining: Option<Duration>,
    /// The age of the oldest of it that was kept here.
    age: Option<Duration>,
    private: bool,
    refused: bool,
}

impl Freshness {
    /// Something of it may not be kept at all.
    pub fn refuse(&mut self) {
        self.refused = true;
    }

    /// It is for who asked alone.
    pub fn make_private(&mut self) {
        self.private = true;
    }

    /// Something of it was asked for just now, and counts for that long.
    pub fn fresh(&mut self, max_age: Duration, private: bool) {
        self.remaining = Some(self.remaining.map_or(max_age, |known| known.min(max_age)));
        self.private |= private;
    }

    /// Something of it was kept: for how long it still counts, and how old it is.
    pub fn kept(&mut self, remaining: Duration, age: Duration, private: bool) {
        self.fresh(remaining, private);
        self.age = Some(self.age.map_or(age, |known| known.max(age)));
    }

    /// The header `Cache-Control`, and `Age` where something was kept here.
    ///
    /// Whoever reads them takes the age off `max-age` (RFC 9111, section 4.2): what is left is the shortest that any
    /// part still counts.
    pub fn headers(&self) -> (String, Option<u64>) {
        let Some(remaining) = self.remaining.filter(|_| !self.refused) else {
            return ("no-store".to_owned(), None);
        };
        let age = self.age.map(|age| age.as_secs());
        let max_age = remaining.as_secs() + age.unwrap_or_default();
        let scope = if self.private { "private" } else { "public" };
        (format!("max-age={max_age}, {scope}"), age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_that_is_left_and_the_oldest_age_are_told() {
        let seconds = Duration::from_secs;
        let mut freshness = Freshness::default();
        assert_eq!(freshness.headers(), ("no-store".to_owned(), None), "nothing was fetched");
        freshness.fresh(seconds(60), false);
        assert_eq!(freshness.headers(), ("max-age=60, public".to_owned(), None));
        freshness.kept(seconds(20), seconds(7), false);
        freshness.kept(seconds(90), seconds(30), true);
        assert_eq!(freshness.headers(), ("max-age=50, private".to_owned(), Some(30)), "20 seconds are left");
        freshness.refuse();
        assert_eq!(freshness.headers(), ("no-store".to_owned(), None));
    }
}
