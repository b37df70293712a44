//! Which SDL an instance serves.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::Token;

/// The SHA-256 of an SDL's UTF-8, as it comes from `{ _service { sdl } }`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SdlHash([u8; 32]);

/// The text is no SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} isn't 64 lower-case hexadecimal digits")]
pub struct SdlHashError(String);

/// How many digits of the hash are part of the subject.
const SHORT_DIGITS: usize = 16;

impl SdlHash {
    /// Hashes an SDL.
    #[must_use]
    pub fn of(sdl: &str) -> Self {
        Self(Sha256::digest(sdl.as_bytes()).into())
    }

    /// The first 16 digits: the kit's token in `graphql.<name>.<token>`.
    #[must_use]
    pub fn short(&self) -> Token {
        let mut digits = self.to_string();
        digits.truncate(SHORT_DIGITS);
        Token::new(digits).expect("hexadecimal digits are a token")
    }
}

impl fmt::Display for SdlHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SdlHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SdlHash({self})")
    }
}

impl FromStr for SdlHash {
    type Err = SdlHashError;

    fn from_str(hex: &str) -> Result<Self, SdlHashError> {
        let bad = || SdlHashError(hex.to_owned());
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(bad()),
        };
        if hex.len() != 64 {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_sha256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(SdlHash::of("").to_string(), empty);
        assert_eq!(SdlHash::of("").short().as_str(), &empty[..16]);
    }

    proptest! {
        #[test]
        fn hashes_survive(sdl in ".*") {
            let hash = SdlHash::of(&sdl);
            prop_assert_eq!(hash.to_string().parse::<SdlHash>().unwrap(), hash);
        }

        #[test]
        fn nothing_else_is_taken(text in ".*") {
            prop_assume!(text.len() != 64 || !text.bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
            prop_assert!(text.parse::<SdlHash>().is_err());
        }
    }
}
