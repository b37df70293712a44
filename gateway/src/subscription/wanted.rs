//! Which events one subscription means: its field's `@event`, with the values of its arguments and of its client's token.

use std::sync::Arc;

use serde_json::{Map, Value};
use tributary_federation::event::{EventSource, Operand, SubjectToken};
use tributary_protocol::event::encode_token;

use super::Conditions;

/// What a client's token says of it; without a token nothing.
pub type Claims = Map<String, Value>;

/// The events that a subscription means.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Which subjects they come on, token by token. Shared by all who have to know it.
    pub subject: Arc<[Tokens]>,
    /// What their payloads must say; `None`: anything.
    pub conditions: Option<Conditions>,
}

/// Which tokens may stand at one place of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tokens {
    /// Any.
    Any,
    /// Anything that follows, at least one token.
    Rest,
    /// One of these, sorted and without repeats. None of them: no event is meant.
    OneOf(Vec<Box<str>>),
}

/// Why a subscription can't mean any events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The client's token doesn't say what decides which events it may have.
    #[error("the token has no claim {0:?}, on which it depends which events may be seen")]
    NoClaim(Box<str>),
    /// The claim's value can't be compared, or can't be part of a subject.
    #[error("the token's claim {0:?} has a value that can't decide which events may be seen")]
    Claim(Box<str>),
    /// The declaration compares with a text that is no value of the field's type.
    #[error("the subscription's declaration compares with {0:?}, which is no value of the event's field")]
    Literal(Box<str>),
    /// The argument's value can't decide which events are meant.
    #[error("the argument {name:?} {why}")]
    Argument {
        /// Which.
        name: Box<str>,
        /// What is wrong with its value.
        why: &'static str,
    },
}

/// A list that names more subjects than that is refused: each is looked for.
const MOST_ITEMS: usize = 200;

impl Wanted {
    /// What is meant with these arguments, as they are after coercion: those that are absent aren't there.
    ///
    /// # Errors
    /// Why nothing can be.
    pub fn new(
        source: &EventSource,
        arguments: &Map<String, Value>,
        claims: &Claims,
    ) -> Result<Self, Refusal> {
        let subject =
            source.subject.iter().map(|token| tokens(token, arguments, claims)).collect::<Result<_, _>>()?;
        let conditions = match &source.filter {
            Some(filter) => Conditions::new(filter, arguments, claims)?,
            None => None,
        };
        Ok(Self { subject, conditions })
    }

    /// Whether an event with that subject is meant, as far as the subject says.
    pub fn has_subject(&self, tokens: &[&str]) -> bool {
        Tokens::all_fit(&self.subject, tokens)
    }
}

impl Tokens {
    /// Whether these are the tokens of a subject that is meant.
    pub(super) fn all_fit(subject: &[Self], tokens: &[&str]) -> bool {
        let mut tokens = tokens.iter().copied();
        for wanted in subject {
            let fits = match (wanted, tokens.next()) {
                (Tokens::Rest, first) => return first.is_some(),
                (Tokens::Any, first) => first.is_some(),
                (Tokens::OneOf(list), Some(token)) => {
                    list.binary_search_by(|known| (**known).cmp(token)).is_ok()
                }
                (Tokens::OneOf(_), None) => false,
            };
            if !fits {
                return false;
            }
        }
        tokens.next().is_none()
    }
}

fn tokens(token: &SubjectToken, arguments: &Map<String, Value>, claims: &Claims) -> Result<Tokens, Refusal> {
    match token {
        SubjectToken::Literal(text) | SubjectToken::Filled(Operand::Literal(text)) => {
            Ok(Tokens::OneOf(vec![text.clone()]))
        }
        SubjectToken::Any => Ok(Tokens::Any),
        SubjectToken::Rest => Ok(Tokens::Rest),
        SubjectToken::Filled(Operand::Argument(name)) => {
            let wrong = |why| Refusal::Argument { name: name.clone(), why };
            let item = |value: &Value| -> Result<Box<str>, Refusal> {
                let text = text_of(value)
                    .ok_or_else(|| wrong("must be made of values that are no objects and not null"))?;
                encode_token(&text).map(Into::into).ok_or_else(|| wrong("must not be an empty text"))
            };
            match arguments.get(&**name) {
                None | Some(Value::Null) => Ok(Tokens::Any),
                Some(Value::Array(items)) => {
                    let mut list = items.iter().map(item).collect::<Result<Vec<_>, _>>()?;
                    list.sort_unstable();
                    list.dedup();
                    if list.len() > MOST_ITEMS {
                        return Err(wrong("has more than 200 items"));
                    }
                    Ok(Tokens::OneOf(list))
                }
                Some(value) => Ok(Tokens::OneOf(vec![item(value)?])),
            }
        }
        SubjectToken::Filled(Operand::Claim(name)) => {
            let value = claims.get(&**name).filter(|value| !value.is_null());
            let value = value.ok_or_else(|| Refusal::NoClaim(name.clone()))?;
            let token = text_of(value).and_then(|text| encode_token(&text));
            Ok(Tokens::OneOf(vec![token.ok_or_else(|| Refusal::Claim(name.clone()))?.into()]))
        }
    }
}

/// A value that is one text: numbers and Booleans as JSON writes them.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tributary_federation::SubgraphId;

    use super::*;

    fn source() -> EventSource {
        let token = |text: &str| match text.split_once('=') {
            Some(("a", name)) => SubjectToken::Filled(Operand::Argument(name.into())),
            Some((_, name)) => SubjectToken::Filled(Operand::Claim(name.into())),
            None => SubjectToken::Literal(text.into()),
        };
        let mut subject: Vec<SubjectToken> = "events shop a=ids c=org".split(' ').map(token).collect();
        subject.push(SubjectToken::Rest);
        EventSource {
            subgraph: SubgraphId(0),
            subject,
            filter: None,
            slow: Default::default(),
            version: None,
        }
    }

    fn wanted(arguments: Value, claims: Value) -> Result<Wanted, String> {
        let (Value::Object(arguments), Value::Object(claims)) = (arguments, claims) else {
            panic!("objects")
        };
        Wanted::new(&source(), &arguments, &claims).map_err(|refusal| refusal.to_string())
    }

    fn has(wanted: &Wanted, subject: &str) -> bool {
        wanted.has_subject(&subject.split('.').collect::<Vec<_>>())
    }

    #[test]
    fn values_fill_tokens() {
        let org = json!({"org": "o.1"});
        let list = wanted(json!({"ids": ["b", "a", 7, "b"]}), org.clone()).unwrap();
        assert_eq!(list.subject[2], Tokens::OneOf(vec!["7".into(), "a".into(), "b".into()]));
        assert!(has(&list, "events.shop.a.o%2E1.placed") && has(&list, "events.shop.7.o%2E1.x.y"));
        for other in
            ["events.shop.c.o%2E1.placed", "events.shop.a.o%2E1", "events.shop.a.o.placed", "events.shop"]
        {
            assert!(!has(&list, other), "{other}");
        }
        let one = wanted(json!({"ids": "a"}), org.clone()).unwrap();
        assert!(has(&one, "events.shop.a.o%2E1.placed") && !has(&one, "events.shop.b.o%2E1.placed"));
        for absent in [json!({}), json!({"ids": null})] {
            assert!(has(&wanted(absent, org.clone()).unwrap(), "events.shop.anything.o%2E1.placed"));
        }
        assert!(
            !has(&wanted(json!({"ids": []}), org).unwrap(), "events.shop.a.o%2E1.placed"),
            "none is meant"
        );
    }

    #[test]
    fn what_fills_no_token_is_refused() {
        let org = json!({"org": 1});
        for (arguments, claims, why) in [
            (json!({"ids": [null]}), org.clone(), "not null"),
            (json!({"ids": [{"a": 1}]}), org.clone(), "no objects"),
            (json!({"ids": ""}), org.clone(), "empty"),
            (json!({"ids": (0..201).collect::<Vec<_>>()}), org, "more than 200"),
            (json!({}), json!({}), "no claim \"org\""),
            (json!({}), json!({"org": null}), "no claim \"org\""),
            (json!({}), json!({"org": ["a"]}), "claim \"org\" has a value"),
            (json!({}), json!({"org": ""}), "claim \"org\" has a value"),
        ] {
            let refusal = wanted(arguments, claims).unwrap_err();
            assert!(refusal.contains(why), "{refusal}");
        }
    }
}
