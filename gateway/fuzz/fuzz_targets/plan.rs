//! See [`tributary_fuzz::plan`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| tributary_fuzz::plan(input));
