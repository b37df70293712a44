//! The `where` of an `@event`, with the values that it compares with.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};
use tributary_federation::event::{Comparison, EventFilter, LeafKind, Operand};

use super::wanted::{Claims, Refusal, text_of};

/// Conditions on a payload, ready to be looked at for each event.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions(Condition);

#[derive(Clone, Debug, PartialEq)]
enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare { field: Box<str>, kind: LeafKind, by: Comparison, with: Vec<Leaf> },
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq)]
enum Leaf {
    Number(Number),
    Boolean(bool),
    Text(Box<str>),
}

impl Conditions {
    /// The filter with the values of arguments and claims. What compares with an absent argument is taken out; `None`:
    /// nothing is left.
    ///
    /// # Errors
    /// Where a claim is absent, or is no value of the field's type.
    pub fn new(
        filter: &EventFilter,
        arguments: &Map<String, Value>,
        claims: &Claims,
    ) -> Result<Option<Self>, Refusal> {
        Ok(Filling { arguments, claims }.fill(filter)?.map(Self))
    }

    /// Whether the payload is meant.
    pub fn hold(&self, payload: &Map<String, Value>) -> bool {
        self.0.holds(payload) == Some(true)
    }
}

struct Filling<'a> {
    arguments: &'a Map<String, Value>,
    claims: &'a Claims,
}

impl Filling<'_> {
    fn fill(&self, filter: &EventFilter) -> Result<Option<Condition>, Refusal> {
        let all = |parts: &[EventFilter]| -> Result<Vec<Condition>, Refusal> {
            parts.iter().filter_map(|part| self.fill(part).transpose()).collect()
        };
        Ok(match filter {
            // All of nothing is so. Of alternatives that were all taken out, none is asked for.
            EventFilter::And(parts) => Some(Condition::And(all(parts)?)),
            EventFilter::Or(parts) => {
                let left = all(parts)?;
                (!left.is_empty() || parts.is_empty()).then_some(Condition::Or(left))
            }
            EventFilter::Not(inner) => self.fill(inner)?.map(|inner| Condition::Not(Box::new(inner))),
            EventFilter::Compare { field, kind, by, with } => {
                let mut values = Vec::with_capacity(with.len());
                for operand in with {
                    values.extend(self.operand(operand, *kind, *by)?);
                }
                let absent = values.iter().any(Option::is_none);
                let with: Vec<Leaf> = values.into_iter().flatten().collect();
                let gone = absent && with.is_empty();
                (!gone).then(|| Condition::Compare { field: field.clone(), kind: *kind, by: *by, with })
            }
        })
    }

    /// The operand's values: several for a list; `None` for an argument that is absent.
    ///
    /// What can't be compared is refused rather than left out: without a condition more would be seen.
    fn operand(
        &self,
        operand: &Operand,
        kind: LeafKind,
        by: Comparison,
    ) -> Result<Vec<Option<Leaf>>, Refusal> {
        match operand {
            Operand::Literal(text) => {
                let leaf = Leaf::of(&Value::String(text.to_string()), kind);
                Ok(vec![Some(leaf.ok_or_else(|| Refusal::Literal(text.clone()))?)])
            }
            Operand::Argument(name) => match self.arguments.get(&**name) {
                None | Some(Value::Null) => Ok(vec![None]),
                // A null in a list equals nothing.
                Some(Value::Array(items)) if by == Comparison::In => {
                    Ok(items.iter().filter_map(|item| Leaf::of(item, kind)).map(Some).collect())
                }
                Some(value) => {
                    let why = "can't be compared with the event's field";
                    let wrong = || Refusal::Argument { name: name.clone(), why };
                    Ok(vec![Some(Leaf::of(value, kind).ok_or_else(wrong)?)])
                }
            },
            Operand::Claim(name) => {
                let value = self.claims.get(&**name).filter(|value| !value.is_null());
                let value = value.ok_or_else(|| Refusal::NoClaim(name.clone()))?;
                let leaf =
                    |value| Leaf::of(value, kind).ok_or_else(|| Refusal::Claim(name.clone())).map(Some);
                match value {
                    Value::Array(items) if by == Comparison::In => items.iter().map(leaf).collect(),
                    value => Ok(vec![leaf(value)?]),
                }
            }
        }
    }
}

impl Condition {
    /// `None`: the payload lacks a field on which it depends. That never matches, not even under `not`.
    fn holds(&self, payload: &Map<String, Value>) -> Option<bool> {
        match self {
            Self::And(all) => {
                let mut unknown = false;
                for one in all {
                    match one.holds(payload) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => unknown = true,
                    }
                }
                (!unknown).then_some(true)
            }
            Self::Or(any) => {
                let mut unknown = false;
                for one in any {
                    match one.holds(payload) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => unknown = true,
                    }
                }
                (!unknown).then_some(false)
            }
            Self::Not(inner) => inner.holds(payload).map(|holds| !holds),
            Self::Compare { field, kind, by, with } => {
                let value = payload.get(&**field)?;
                Some(compare(Leaf::of(value, *kind).as_ref(), *by, with))
            }
        }
    }
}

/// Null, and what is no value of the field's type, equals nothing and has no order.
fn compare(value: Option<&Leaf>, by: Comparison, with: &[Leaf]) -> bool {
    let any = |holds: fn(Ordering) -> bool| {
        with.iter().any(|other| value.and_then(|value| value.order(other)).is_some_and(holds))
    };
    match by {
        Comparison::Equal | Comparison::In => any(Ordering::is_eq),
        Comparison::NotEqual => !any(Ordering::is_eq),
        Comparison::Less => any(Ordering::is_lt),
        Comparison::LessOrEqual => any(Ordering::is_le),
        Comparison::Greater => any(Ordering::is_gt),
        Comparison::GreaterOrEqual => any(Ordering::is_ge),
    }
}

impl Leaf {
    fn of(value: &Value, kind: LeafKind) -> Option<Self> {
        Some(match (kind, value) {
            (LeafKind::Number, Value::Number(number)) => Self::Number(number.clone()),
            (LeafKind::Number, Value::String(text)) => Self::Number(text.parse().ok()?),
            (LeafKind::Boolean, Value::Bool(value)) => Self::Boolean(*value),
            (LeafKind::Boolean, Value::String(text)) => Self::Boolean(text.parse().ok()?),
            (LeafKind::Text, value) => Self::Text(text_of(value)?.into()),
            _ => return None,
        })
    }

    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => match (integer(a), integer(b)) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
            },
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// Exact, where a floating-point number would be rounded.
fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("{value} is no object") };
        map
    }

    fn one(field: &str, kind: LeafKind, by: Comparison, with: &[&str]) -> EventFilter {
        let operand = |text: &&str| match text.split_once('=') {
            Some(("a", name)) => Operand::Argument(name.into()),
            Some((_, name)) => Operand::Claim(name.into()),
            None => Operand::Literal((*text).into()),
        };
        EventFilter::Compare { field: field.into(), kind, by, with: with.iter().map(operand).collect() }
    }

    fn holds(filter: &EventFilter, arguments: Value, payload: Value) -> bool {
        let claims = object(json!({"sub": "u1", "level": 3, "roles": ["a", "b"]}));
        let conditions = Conditions::new(filter, &object(arguments), &claims).unwrap();
        conditions.is_none_or(|conditions| conditions.hold(&object(payload)))
    }

    #[test]
    fn values_are_compared_as_the_fields_type() {
        use Comparison::*;
        use LeafKind::*;
        for (filter, payload, expected) in [
            (one("n", Number, Less, &["10"]), json!({"n": 9}), true),
            (one("n", Number, Less, &["10"]), json!({"n": 10}), false),
            (one("n", Number, GreaterOrEqual, &["9.5"]), json!({"n": 9.5}), true),
            (one("n", Number, Equal, &["9007199254740993"]), json!({"n": 9007199254740992_i64}), false),
            (one("n", Number, Equal, &["1"]), json!({"n": 1.0}), true),
            (one("n", Number, Greater, &["c=level"]), json!({"n": 4}), true),
            (one("b", Boolean, Equal, &["true"]), json!({"b": true}), true),
            (one("b", Boolean, NotEqual, &["true"]), json!({"b": false}), true),
            (one("id", Text, Equal, &["7"]), json!({"id": 7}), true),
            (one("s", Text, Less, &["b"]), json!({"s": "a"}), true),
            (one("s", Text, Equal, &["c=sub"]), json!({"s": "u1"}), true),
            (one("s", Text, In, &["x", "y"]), json!({"s": "y"}), true),
            (one("s", Text, In, &["c=roles"]), json!({"s": "b"}), true),
            (one("s", Text, In, &[]), json!({"s": "b"}), false),
            (one("s", Text, Equal, &["x"]), json!({"s": null}), false),
            (one("s", Text, NotEqual, &["x"]), json!({"s": null}), true),
            (one("s", Text, Less, &["x"]), json!({"s": null}), false),
        ] {
            assert_eq!(holds(&filter, json!({}), payload.clone()), expected, "{filter:?} on {payload}");
        }
    }

    #[test]
    fn a_field_that_is_not_there_never_matches() {
        let there = one("a", LeafKind::Text, Comparison::Equal, &["x"]);
        let not = EventFilter::Not(Box::new(there.clone()));
        let or = EventFilter::Or(vec![there.clone(), one("b", LeafKind::Text, Comparison::Equal, &["y"])]);
        for (filter, payload, expected) in [
            (&there, json!({}), false),
            (&not, json!({}), false),
            (&not, json!({"a": "z"}), true),
            (&or, json!({"b": "y"}), true),
            (&or, json!({"b": "z"}), false),
        ] {
            assert_eq!(holds(filter, json!({}), payload.clone()), expected, "{filter:?} on {payload}");
        }
        let neither = EventFilter::Not(Box::new(or));
        assert!(!holds(&neither, json!({}), json!({"b": "z"})), "nobody knows what a is");
    }

    #[test]
    fn what_compares_with_an_absent_argument_is_taken_out() {
        let by_argument = one("a", LeafKind::Text, Comparison::Equal, &["a=x"]);
        let other = one("b", LeafKind::Text, Comparison::Equal, &["y"]);
        let list = one("a", LeafKind::Text, Comparison::In, &["a=x"]);
        let payload = json!({"a": "1", "b": "2"});
        for (filter, arguments, expected) in [
            (by_argument.clone(), json!({}), true),
            (by_argument.clone(), json!({"x": null}), true),
            (by_argument.clone(), json!({"x": "1"}), true),
            (by_argument.clone(), json!({"x": "2"}), false),
            (EventFilter::Not(Box::new(by_argument.clone())), json!({}), true),
            (EventFilter::And(vec![by_argument.clone(), other.clone()]), json!({}), false),
            (EventFilter::Or(vec![by_argument.clone(), other.clone()]), json!({}), false),
            (EventFilter::Or(vec![by_argument.clone()]), json!({}), true),
            (list.clone(), json!({"x": ["0", "1"]}), true),
            (list.clone(), json!({"x": []}), false),
            (list, json!({}), true),
        ] {
            assert_eq!(
                holds(&filter, arguments.clone(), payload.clone()),
                expected,
                "{filter:?} with {arguments}"
            );
        }
    }

    #[test]
    fn without_the_claim_nothing_is_seen() {
        let filter = EventFilter::Or(vec![
            one("a", LeafKind::Text, Comparison::Equal, &["x"]),
            one("b", LeafKind::Text, Comparison::Equal, &["c=sub"]),
        ]);
        let refusal = |claims| Conditions::new(&filter, &Map::new(), &object(claims)).unwrap_err();
        assert_eq!(refusal(json!({})), Refusal::NoClaim("sub".into()));
        assert_eq!(refusal(json!({"sub": null})), Refusal::NoClaim("sub".into()));
        assert_eq!(refusal(json!({"sub": {}})), Refusal::Claim("sub".into()));
        let number = one("n", LeafKind::Number, Comparison::Equal, &["c=sub"]);
        let refused = Conditions::new(&number, &Map::new(), &object(json!({"sub": "u1"}))).unwrap_err();
        assert_eq!(refused, Refusal::Claim("sub".into()), "u1 is no number");
    }

    #[test]
    fn what_cannot_be_compared_is_refused_and_not_left_out() {
        let refused = |filter: &EventFilter, arguments, claims| {
            Conditions::new(filter, &object(arguments), &object(claims)).unwrap_err()
        };
        let literal = one("n", LeafKind::Number, Comparison::Equal, &["many"]);
        assert_eq!(refused(&literal, json!({}), json!({})), Refusal::Literal("many".into()));
        // Whoever has no roles at all isn't somebody of whom every role is another one.
        let not = one("role", LeafKind::Text, Comparison::NotEqual, &["c=roles"]);
        assert_eq!(refused(&not, json!({}), json!({"roles": []})), Refusal::Claim("roles".into()));
        let less = one("n", LeafKind::Number, Comparison::Less, &["a=most"]);
        let list = refused(&less, json!({"most": [1]}), json!({}));
        assert!(matches!(list, Refusal::Argument { .. }), "{list}");
    }
}
