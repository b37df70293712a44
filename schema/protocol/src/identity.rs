//! Who asks: verified claims, carried as base64url of their JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The claims of a token that the gateway has verified.
///
/// A subgraph may trust them because only gateways have the right to publish to its subject.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Identity {
    claims: Map<String, Value>,
}

/// Why `Graphql-Identity` says nothing.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Not base64url without padding.
    #[error("the identity isn't base64url without padding: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Not a JSON object.
    #[error("the identity isn't a JSON object: {0}")]
    Json(#[from] serde_json::Error),
}

impl Identity {
    /// Wraps verified claims.
    #[must_use]
    pub fn new(claims: Map<String, Value>) -> Self {
        Self { claims }
    }

    /// Reads `Graphql-Identity`.
    ///
    /// # Errors
    /// When the value is no base64url or no JSON object.
    pub fn decode(value: &str) -> Result<Self, IdentityError> {
        let json = URL_SAFE_NO_PAD.decode(value)?;
        let mut deserializer = serde_json::Deserializer::from_slice(&json);
        let claims = Map::deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(Self { claims })
    }

    /// Writes `Graphql-Identity`.
    #[must_use]
    pub fn encode(&self) -> String {
        let json = serde_json::to_vec(&self.claims).expect("a map of JSON values has string keys only");
        URL_SAFE_NO_PAD.encode(json)
    }

    /// The subject: the user's id.
    #[must_use]
    pub fn sub(&self) -> Option<&str> {
        self.text("sub")
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.text("role")
    }

    /// Any claim.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// All claims.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn identity(claims: Value) -> Identity {
        Identity::new(claims.as_object().cloned().unwrap())
    }

    #[test]
    fn claims_are_read() {
        let identity = identity(json!({"sub": "u1", "role": "staff", "level": 3}));
        assert_eq!((identity.sub(), identity.role()), (Some("u1"), Some("staff")));
        assert_eq!(identity.claim("level"), Some(&json!(3)));
        assert_eq!(identity.claim("none"), None);
    }

    #[test]
    fn a_claim_of_another_type_is_no_text() {
        assert_eq!(identity(json!({"sub": 7})).sub(), None);
    }

    #[test]
    fn the_encoding_is_the_documented_one() {
        assert_eq!(identity(json!({"sub": "u1"})).encode(), "eyJzdWIiOiJ1MSJ9");
    }

    #[test]
    fn nothing_but_an_object_is_an_identity() {
        for json in ["", "null", "[]", "7", "\"a\"", "{", "{} {}"] {
            assert!(Identity::decode(&URL_SAFE_NO_PAD.encode(json)).is_err(), "{json:?} was taken");
        }
        for value in ["e30=", "e30 ", "+/", "é"] {
            assert!(Identity::decode(value).is_err(), "{value:?} was taken");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::hash_map(".*", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn identities_survive(claims in proptest::collection::hash_map(".*", value(), 0..8)) {
            let identity = Identity::new(claims.into_iter().collect());
            let encoded = identity.encode();
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(Identity::decode(&encoded).unwrap(), identity);
        }

        #[test]
        fn nothing_makes_decoding_panic(value in ".*") {
            let _ = Identity::decode(&value);
        }
    }
}
