//! Names that become one token of a subject, and are therefore checked before they do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a string is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("a {kind} can't be empty")]
    Empty {
        /// What the name would have named.
        kind: &'static str,
    },
    /// A character would change the subject's shape, or the name starts with one that may not start it.
    #[error("{name:?} is no {kind}: {rule}")]
    Malformed {
        /// What the name would have named.
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// The name has another meaning in the protocol.
    #[error("{name:?} is reserved and can't be a {kind}")]
    Reserved {
        /// What the name would have named.
        kind: &'static str,
        /// The name that was given.
        name: String,
    },
}

const LETTER_FIRST: &str = "it starts with a letter and has only A-Z a-z 0-9 _ -";
const ANY_OF_SET: &str = "it has only A-Z a-z 0-9 _ -";

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn check(kind: &'static str, name: &str, letter_first: bool) -> Result<(), NameError> {
    let Some(first) = name.bytes().next() else {
        return Err(NameError::Empty { kind });
    };
    let rule = if letter_first { LETTER_FIRST } else { ANY_OF_SET };
    if !name.bytes().all(is_name_byte) || (letter_first && !first.is_ascii_alphabetic()) {
        return Err(NameError::Malformed { kind, name: name.to_owned(), rule });
    }
    Ok(())
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, letter_first: $letter_first:literal, reserved: $reserved:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the name.
            ///
            /// # Errors
            /// When it is empty, has a character that a subject's token can't have, or is reserved.
            pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
                let name = name.into();
                check($kind, &name, $letter_first)?;
                let reserved: &[&str] = $reserved;
                if reserved.contains(&name.as_str()) {
                    return Err(NameError::Reserved { kind: $kind, name });
                }
                Ok(Self(name))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(name: &str) -> Result<Self, NameError> {
                Self::new(name)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(name: String) -> Result<Self, NameError> {
                Self::new(name)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name_type!(
    /// A subgraph's name: `[A-Za-z][A-Za-z0-9_-]*`. `announce` is the subject of announcements, and replies to nobody
    /// in particular go to `_GQL.any.…`, so neither names a subgraph.
    SubgraphName, "subgraph name", letter_first: true, reserved: &["announce", "any"]
);
name_type!(
    /// Who calls or serves an `internal.…` subject: a subgraph's name or a gateway's id.
    ServiceName, "service name", letter_first: false, reserved: &[]
);
name_type!(
    /// A gateway's id, which its credential binds. `_` is where subgraphs publish what nobody shall hear.
    GatewayId, "gateway id", letter_first: false, reserved: &["_"]
);
name_type!(
    /// A random token, an instance's id, or a verb: one token of a subject.
    Token, "token", letter_first: false, reserved: &[]
);

impl From<SubgraphName> for ServiceName {
    fn from(name: SubgraphName) -> Self {
        Self(name.0)
    }
}

impl From<GatewayId> for ServiceName {
    fn from(id: GatewayId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn good_names() {
        for name in ["products", "A", "a-b_c9", "ctl"] {
            assert_eq!(SubgraphName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn bad_names() {
        for name in ["", "9lives", "-a", "_a", "a.b", "a b", "a*", ">", "é", "a\r\nb", "announce", "any"] {
            assert!(SubgraphName::new(name).is_err(), "{name:?} was taken");
        }
        assert!(GatewayId::new("_").is_err());
        assert!(Token::new("9lives").is_ok());
    }

    proptest! {
        #[test]
        fn a_name_is_always_one_token(name in ".*") {
            if let Ok(name) = SubgraphName::new(name) {
                let one_token = !name.as_str().contains(['.', '*', '>', ' ', '\t', '\r', '\n']);
                prop_assert!(one_token && !name.as_str().is_empty());
            }
        }

        #[test]
        fn the_rule_is_the_documented_one(name in "[A-Za-z][A-Za-z0-9_-]{0,40}") {
            prop_assume!(name != "announce" && name != "any");
            prop_assert!(SubgraphName::new(name).is_ok());
        }
    }
}
