//! Server programs: those on this machine if they serve, else pinned packages, installed into `.tributary/tools`.
//!
//! Each kind has one file with the same two functions: `locate` only looks, `provide` also installs.

pub mod chromium;
pub mod mongodb;
pub mod nats;
pub mod node;
pub mod oha;
mod package;
pub mod postgres;
pub mod search;

pub use package::Package;

/// Where a server's programs come from.
#[derive(Debug, Clone)]
pub enum Origin<P> {
    /// They are on this machine.
    Present(P),
    /// They come in a package, which may have to be installed first.
    Packaged(Package),
}
