//! What a change of the API schema means for clients.

mod operations;
mod property;
mod rules;
mod uses;

use std::collections::HashSet;

use tributary_federation::changes::{Code, Severity};

#[test]
fn codes_are_distinct_and_stable_in_form() {
    let names: HashSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')));
    assert!(Severity::Breaking < Severity::Dangerous && Severity::Dangerous < Severity::Safe);
}
