//! What entries are found by.

use sha2::{Digest, Sha256};
use tributary_federation::SubgraphId;

/// What all keys of one lookup, or of one root selection, have in common: a digest that nobody can find another text
/// for, since other people's data would be under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope([u8; LENGTH]);

const LENGTH: usize = 32;

/// The key of an entry: its scope, then the representation as it is sent; for a root selection the scope alone.
pub type Key = Box<[u8]>;

impl Scope {
    /// Of a question: to which subgraph of which supergraph, on whose behalf, and what is asked.
    pub fn of(generation: u64, subgraph: SubgraphId, asker: &[u8], asked: [&[u8]; 2]) -> Self {
        let mut digest = Sha256::new();
        digest.update(generation.to_le_bytes());
        digest.update(subgraph.0.to_le_bytes());
        for part in [asker, asked[0], asked[1]] {
            // With its length, so that no two parts can be mistaken for two others.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// The key of what is asked by that representation.
    pub fn key(&self, representation: &[u8]) -> Key {
        [&self.0, representation].concat().into()
    }
}
