//! Texts with parts left out and words exchanged.

use proptest::prelude::*;
use proptest::sample::Index;

/// One change of a text.
#[derive(Clone, Debug)]
pub enum Change {
    /// Bytes from here on are left out, so many.
    Cut(Index, usize),
    /// A word is replaced by another of the same corpus.
    Word(Index, Index),
    /// A word stands twice.
    Twice(Index),
}

/// A text of the corpus with up to so many changes.
pub fn mutated(corpus: Vec<String>, most: usize) -> impl Strategy<Value = String> {
    let change = prop_oneof![
        (any::<Index>(), 1usize..60).prop_map(|(at, length)| Change::Cut(at, length)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, by)| Change::Word(at, by)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, by)| Change::Word(at, by)),
        any::<Index>().prop_map(Change::Twice),
    ];
    let words: Vec<String> = corpus.iter().flat_map(|text| split(text)).collect();
    (proptest::sample::select(corpus), proptest::collection::vec(change, 0..=most)).prop_map(
        move |(text, changes)| changes.iter().fold(text, |text, change| change.apply(&text, &words)),
    )
}

impl Change {
    fn apply(&self, text: &str, words: &[String]) -> String {
        if text.is_empty() {
            return words[0].clone();
        }
        match self {
            Self::Cut(at, length) => {
                let at = at.index(text.len());
                let end = (at + length).min(text.len());
                text.char_indices().filter(|(here, _)| !(at..end).contains(here)).map(|(_, c)| c).collect()
            }
            Self::Word(at, by) => {
                let mut own = split(text);
                let at = at.index(own.len());
                own[at] = by.get(words).clone();
                own.concat()
            }
            Self::Twice(at) => {
                let mut own = split(text);
                let at = at.index(own.len());
                own.insert(at, own[at].clone());
                own.concat()
            }
        }
    }
}

/// Words and what is between them.
fn split(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut last = None;
    for c in text.chars() {
        let is_word = c.is_alphanumeric() || c == '_';
        match (parts.last_mut(), last == Some(true) && is_word) {
            (Some(part), true) => part.push(c),
            _ => parts.push(c.to_string()),
        }
        last = Some(is_word);
    }
    parts
}
