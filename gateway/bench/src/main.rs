//! See the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tributary_bench::main()
}
