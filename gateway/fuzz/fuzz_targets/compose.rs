//! See [`tributary_fuzz::compose`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| tributary_fuzz::compose(input));
