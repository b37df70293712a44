//! Parse and compose.

use proptest::prelude::*;

use crate::{corpus, mutate::mutated};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_subgraph_sends(text in mutated(corpus::texts("compose"), 4)) {
        tributary_fuzz::compose(&text);
    }
}
