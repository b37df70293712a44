//! What is said on `graphql.announce.<name>`: an empty message, whose headers say which instance came or went.

use async_nats::HeaderMap;

use crate::{Token, header};

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// This instance takes requests from now on.
    Up(Token),
    /// This instance takes no more requests; those it has are still answered.
    Down(Token),
    /// Something changed: ask `$SRV.INFO.<name>`.
    Ask,
}

impl Announcement {
    /// Reads an announcement. Whatever isn't understood means "ask", since asking is always right.
    #[must_use]
    pub fn from_headers(headers: Option<&HeaderMap>) -> Self {
        let Some(headers) = headers else {
            return Self::Ask;
        };
        let instance = header::get(headers, header::INSTANCE).and_then(|instance| Token::new(instance).ok());
        match (instance, header::get(headers, header::STATE)) {
            (Some(instance), Some("up")) => Self::Up(instance),
            (Some(instance), Some("down")) => Self::Down(instance),
            _ => Self::Ask,
        }
    }

    /// The message's headers.
    #[must_use]
    pub fn to_headers(&self) -> HeaderMap {
        let (instance, state) = match self {
            Self::Up(instance) => (instance, "up"),
            Self::Down(instance) => (instance, "down"),
            Self::Ask => return HeaderMap::new(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::INSTANCE, instance.as_str());
        headers.insert(header::STATE, state);
        headers
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_understood_means_ask() {
        assert_eq!(Announcement::from_headers(None), Announcement::Ask);
        let mut headers = Announcement::Up(Token::new("i").unwrap()).to_headers();
        headers.insert(header::STATE, "sideways");
        assert_eq!(Announcement::from_headers(Some(&headers)), Announcement::Ask);
        headers.insert(header::STATE, "up");
        headers.insert(header::INSTANCE, "a.b");
        assert_eq!(Announcement::from_headers(Some(&headers)), Announcement::Ask);
    }

    proptest! {
        #[test]
        fn announcements_survive(instance in "[A-Za-z0-9_-]{1,30}", kind in 0..3) {
            let instance = Token::new(instance).unwrap();
            let announcement = match kind {
                0 => Announcement::Up(instance),
                1 => Announcement::Down(instance),
                _ => Announcement::Ask,
            };
            prop_assert_eq!(Announcement::from_headers(Some(&announcement.to_headers())), announcement);
        }
    }
}
