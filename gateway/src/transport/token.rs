//! The last token of a reply subject.

use std::fmt;

/// Names one send: the slot that waits for it, which of the slot's users it is, and a secret.
///
/// The index finds the slot without hashing. The generation tells a late reply from one that the
/// slot's next user waits for. The secret is what nobody but the asked subgraph has seen, so a
/// subgraph can't answer what was sent to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) index: u32,
    pub(super) generation: u32,
    pub(super) secret: u64,
}

/// Two hex digits for each byte of index, generation and secret.
const LENGTH: usize = 32;

impl Token {
    /// Reads what [`fmt::Display`] writes, and nothing else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // `from_str_radix` would take a sign; a reply subject with one isn't ours.
        if text.len() != LENGTH || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        Some(Self {
            index: u32::from_str_radix(&text[..8], 16).ok()?,
            generation: u32::from_str_radix(&text[8..16], 16).ok()?,
            secret: u64::from_str_radix(&text[16..], 16).ok()?,
        })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}{:08x}{:016x}", self.index, self.generation, self.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for token in [
            Token { index: 0, generation: 0, secret: 0 },
            Token { index: 7, generation: u32::MAX, secret: 0xdead_beef },
            Token { index: u32::MAX, generation: 1, secret: u64::MAX },
        ] {
            assert_eq!(Token::parse(&token.to_string()), Some(token));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let good = Token { index: 1, generation: 2, secret: 3 }.to_string();
        for text in
            ["", "0", &good[1..], &format!("{good}0"), &good.replace('1', "+"), &good.replace('1', "A")]
        {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }
}
