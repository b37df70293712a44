//! Relay pages by keyset: a cursor holds the sort key of an item, so a page is the same whatever was inserted before it.

use async_graphql::OutputType;
use async_graphql::connection::{Connection, Edge};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Refusal;

/// How many items a page has when the client doesn't say.
pub const DEFAULT_SIZE: i32 = 20;
/// The largest page.
pub const MAX_SIZE: i32 = 100;

/// The four arguments of a Relay connection, as they came.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// So many from the start, or after `after`.
    pub first: Option<i32>,
    /// The cursor to begin after.
    pub after: Option<String>,
    /// So many from the end, or before `before`.
    pub last: Option<i32>,
    /// The cursor to end before.
    pub before: Option<String>,
}

/// Which page is wanted. `C` is what a cursor holds: the values of the sort's columns, ending with a unique one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<C> {
    /// How many items; see [`Page::fetch`] for how many rows to read.
    pub size: i32,
    /// From the end: read in the opposite order; [`Page::connection`] turns the rows round.
    pub backward: bool,
    /// Only items after this one.
    pub after: Option<C>,
    /// Only items before this one.
    pub before: Option<C>,
}

impl<C: Serialize + DeserializeOwned> Page<C> {
    /// Checks the arguments: not both `first` and `last`, sizes from 0 to [`MAX_SIZE`], cursors that we made.
    pub fn parse(args: PageArgs) -> Result<Page<C>, Refusal> {
        let (size, backward, field) = match (args.first, args.last) {
            (Some(_), Some(_)) => return Err(Refusal::bad_input("either `first` or `last`, not both")),
            (first, None) => (first.unwrap_or(DEFAULT_SIZE), false, "first"),
            (None, Some(last)) => (last, true, "last"),
        };
        if !(0..=MAX_SIZE).contains(&size) {
            return Err(Refusal::bad_input(format!("`{field}` is from 0 to {MAX_SIZE}")).field(field));
        }
        let cursor = |text: Option<String>, field: &str| {
            text.map(|text| {
                decode(&text).ok_or_else(|| Refusal::bad_input("this cursor is none of ours").field(field))
            })
            .transpose()
        };
        Ok(Page {
            size,
            backward,
            after: cursor(args.after, "after")?,
            before: cursor(args.before, "before")?,
        })
    }

    /// How many rows to read: one more than the page has, which tells whether there is another page.
    pub fn fetch(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// The connection made of the rows that were read and their places, at most [`Page::fetch`] of them, in the order of
    /// reading.
    ///
    /// On the side that wasn't read, a cursor that was given counts as an item there.
    pub fn connection<N: OutputType>(&self, rows: impl IntoIterator<Item = (C, N)>) -> Connection<String, N> {
        let mut rows: Vec<(C, N)> = rows.into_iter().collect();
        let size = self.size as usize;
        let more = rows.len() > size;
        rows.truncate(size);
        let (has_previous, has_next) = if self.backward {
            rows.reverse();
            (more, self.before.is_some())
        } else {
            (self.after.is_some(), more)
        };
        let mut connection = Connection::new(has_previous, has_next);
        connection.edges = rows.into_iter().map(|(place, node)| Edge::new(encode(&place), node)).collect();
        connection
    }
}

fn encode<C: Serialize>(cursor: &C) -> String {
    let json = serde_json::to_vec(cursor).expect("a cursor is plain data, which always serialises");
    URL_SAFE_NO_PAD.encode(json)
}

fn decode<C: DeserializeOwned>(text: &str) -> Option<C> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        first: Option<i32>,
        last: Option<i32>,
        after: Option<&str>,
    ) -> Result<Page<(String, u32)>, Refusal> {
        Page::parse(PageArgs { first, last, after: after.map(str::to_owned), before: None })
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for (first, last, after) in [
            (Some(-1), None, None),
            (Some(101), None, None),
            (None, Some(101), None),
            (Some(1), Some(1), None),
            (None, None, Some("!")),
            (None, None, Some("e30")),
        ] {
            let refusal = parse(first, last, after).unwrap_err();
            assert_eq!(refusal.code(), "BAD_USER_INPUT", "{first:?} {last:?} {after:?}");
        }
        assert_eq!(parse(None, None, None).unwrap().size, DEFAULT_SIZE);
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let cursor = ("größer".to_owned(), 7);
        assert_eq!(parse(Some(1), None, Some(&encode(&cursor))).unwrap().after, Some(cursor));
    }

    #[test]
    fn the_row_too_many_tells_of_another_page() {
        let row = |n: i32| ((String::new(), n.unsigned_abs()), n);
        let forward = parse(Some(2), None, None).unwrap().connection([1, 2, 3].map(row));
        assert_eq!(forward.edges.iter().map(|edge| edge.node).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((forward.has_previous_page, forward.has_next_page), (false, true));

        let backward = parse(None, Some(2), None).unwrap().connection([9, 8, 7].map(row));
        assert_eq!(backward.edges.iter().map(|edge| edge.node).collect::<Vec<_>>(), [8, 9]);
        assert_eq!((backward.has_previous_page, backward.has_next_page), (true, false));
    }
}
