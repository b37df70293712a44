//! Section 7: the bucket of revoked sessions.

use crate::event::encode_token;

/// The bucket's name, where nobody says otherwise.
pub const BUCKET: &str = "AUTH_REVOKED";

/// The stream behind a bucket.
#[must_use]
pub fn stream(bucket: &str) -> String {
    format!("KV_{bucket}")
}

/// What a bucket's entries are published on.
#[must_use]
pub fn subjects(bucket: &str) -> String {
    format!("$KV.{bucket}.*")
}

/// The key of a session, of its `sid`. An empty text has none.
#[must_use]
pub fn key(sid: &str) -> Option<String> {
    encode_token(sid)
}

/// What the entry of a key is published on.
#[must_use]
pub fn subject(bucket: &str, key: &str) -> String {
    format!("$KV.{bucket}.{key}")
}

/// The key that a subject of the bucket has.
#[must_use]
pub fn key_of<'s>(bucket: &str, subject: &'s str) -> Option<&'s str> {
    let key = subject.strip_prefix("$KV.")?.strip_prefix(bucket)?.strip_prefix('.')?;
    (!key.is_empty() && !key.contains('.')).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_the_key_that_it_was_made_of() {
        let sid = "0192-a.b *";
        let key = key(sid).unwrap();
        assert_eq!(key, "0192-a%2Eb%20%2A");
        let subject = subject(BUCKET, &key);
        assert_eq!(subject, "$KV.AUTH_REVOKED.0192-a%2Eb%20%2A");
        assert_eq!(key_of(BUCKET, &subject), Some(&*key));
    }

    #[test]
    fn other_subjects_have_no_key() {
        for subject in ["$KV.AUTH_REVOKED.", "$KV.AUTH_REVOKED.a.b", "$KV.AUTH_REVOKED2.a", "events.a", ""] {
            assert_eq!(key_of(BUCKET, subject), None, "{subject}");
        }
        assert_eq!(key(""), None);
    }
}
