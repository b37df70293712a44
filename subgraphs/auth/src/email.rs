//! E-mail addresses as people type them, and the form in which they are compared.

/// An address that could be delivered to, with the key under which it is unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: String,
}

/// The text isn't an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Accepts what mail servers in practice accept; it doesn't try to be RFC 5322, whose quoted
    /// local parts and comments nobody registers with.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let typed = text.trim();
        let (local, domain) = typed.rsplit_once('@').ok_or(InvalidEmail)?;
        if typed.len() > 254 || !is_local(local) || !is_domain(domain) {
            return Err(InvalidEmail);
        }
        Ok(Self { typed: typed.to_owned(), key: typed.to_lowercase() })
    }

    /// As it was typed, for people to read.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form under which it is unique: two addresses that differ in case only are one.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What stands before the `@`, in the form that is compared.
    pub fn local_key(&self) -> &str {
        self.key.rsplit_once('@').map_or(self.key.as_str(), |(local, _)| local)
    }
}

fn is_local(local: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    (1..=64).contains(&local.len())
        && local.split('.').all(|atom| !atom.is_empty())
        && local.chars().all(plain)
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.split('.').count() >= 2 && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_addresses_and_keeps_them_as_typed() {
        let email = Email::parse("  Ada.Lovelace+shop@Example.COM ").unwrap();
        assert_eq!(email.as_str(), "Ada.Lovelace+shop@Example.COM");
        assert_eq!(email.key(), "ada.lovelace+shop@example.com");
        assert_eq!(email.local_key(), "ada.lovelace+shop");
    }

    #[test]
    fn compares_without_case_beyond_ascii() {
        assert_eq!(
            Email::parse("JÖRG@example.org").unwrap().key(),
            Email::parse("jörg@example.org").unwrap().key()
        );
    }

    #[test]
    fn refuses_what_is_no_address() {
        let long = format!("{}@example.org", "a".repeat(65));
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "a..b@example.org",
            "a b@example.org",
            "ada@-x.org",
            "ada@x..org",
            "a\n@x.org",
            &long,
        ] {
            assert_eq!(Email::parse(text), Err(InvalidEmail), "{text:?}");
        }
    }
}
