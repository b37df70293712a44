//! Constant values: whether two of them mean the same.

use apollo_compiler::ast::Value;

/// Numbers by what they say, objects in any order, everything else as written.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.iter().any(|(key, found)| key == name && equal(value, found)))
        }
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            one == other || one.to_f64() == other.to_f64()
        }
        _ => one == other,
    }
}
