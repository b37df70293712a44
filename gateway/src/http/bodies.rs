//! Bodies that came before, read.

use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};

use super::read::{self, Parameters};
use crate::error::GraphqlError;

/// What bodies say that came before, so that JSON's escapes in a long query are read once. Only those without
/// variables are kept: with them, a body rarely comes again.
///
/// Two bodies that say the same in other bytes are two entries; the bytes themselves are compared.
#[derive(Debug)]
pub struct Bodies {
    read: Cache<Box<[u8]>, Parameters, ByBytes>,
}

/// Longer ones are read each time: few are, and they would drive out many.
const LONGEST: usize = 16 * 1024;

/// A body with what was read of it, as it is in practice; the cache sizes its tables by it.
const TYPICAL_BYTES: u64 = 2 * 1024;

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Box<[u8]>, Parameters> for ByBytes {
    fn weight(&self, body: &Box<[u8]>, read: &Parameters) -> u64 {
        (body.len() + read.query.len() + size_of::<Parameters>()) as u64
    }
}

impl Bodies {
    /// Keeps so many bytes at most.
    pub fn new(bytes: u64) -> Self {
        Self { read: Cache::with_weighter((bytes / TYPICAL_BYTES).max(16) as usize, bytes, ByBytes) }
    }

    /// The parameters in a POST's body.
    ///
    /// # Errors
    /// Where it isn't a GraphQL request in JSON.
    pub fn read(&self, body: &Bytes) -> Result<Parameters, GraphqlError> {
        if body.len() > LONGEST {
            return read::post(body);
        }
        if let Some(known) = self.read.get(&**body) {
            return Ok(known);
        }
        let read = read::post(body)?;
        if read.variables.is_none() {
            self.read.insert(Box::from(&**body), read.clone());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }

    #[test]
    fn a_body_is_kept_that_may_come_again() {
        let bodies = Bodies::new(1 << 20);
        let both = [r#"{"query":"{\n  a\n}","operationName":"N"}"#, r#"{"query":"{\n  a\n}"}"#];
        for text in both {
            let first = bodies.read(&body(text)).unwrap();
            assert_eq!(bodies.read(&body(text)).unwrap(), first);
            assert_eq!(read::post(&body(text)).unwrap(), first);
        }
        assert_eq!(bodies.read.len(), 2);
        for text in [r#"{"query":"{a}","variables":{"n":1}}"#, &format!(r#"{{"query":"{{a}}{:20000}"}}"#, "")]
        {
            assert_eq!(bodies.read(&body(text)).unwrap().query.trim(), "{a}");
        }
        assert!(bodies.read(&body("{}")).is_err());
        assert_eq!(bodies.read.len(), 2, "neither variables, nor what is long, nor what is wrong");
    }

    #[test]
    fn memory_is_bounded() {
        let bodies = Bodies::new(64 * 1024);
        for n in 0..1000 {
            bodies.read(&body(&format!(r#"{{"query":"{{f{n}}}{:1000}"}}"#, ""))).unwrap();
        }
        assert!(bodies.read.weight() <= 64 * 1024 && bodies.read.len() > 10, "{}", bodies.read.len());
    }
}
