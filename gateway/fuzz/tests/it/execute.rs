//! Execute.

use proptest::prelude::*;

use crate::{corpus, mutate::mutated};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn replies_that_are_nearly_right(text in mutated(corpus::texts("execute"), 5)) {
        tributary_fuzz::execute(text.as_bytes());
    }

    #[test]
    fn any_bytes(operation in 0u8..10, bits in 0u8..8, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let head = [b'a' + operation, b'0' + bits, b'\n'];
        tributary_fuzz::execute(&[&head[..], &bytes].concat());
    }
}
