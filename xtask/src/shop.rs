//! The names of the shop's parts.

/// The subgraphs, each a program and a package of the same name.
pub const SUBGRAPHS: [&str; 4] = ["products", "orders", "details", "auth"];

/// The gateway's program.
pub const GATEWAY_PROGRAM: &str = "tributary";

/// The packages that hold the programs.
pub const PACKAGES: [&str; 5] = ["tributary", "products", "orders", "details", "auth"];

/// The gateway's user on NATS.
pub const GATEWAY: &str = "gateway";

/// The gateway's id, which its credential binds.
pub const GATEWAY_ID: &str = "gw1";

/// The bucket in which auth tells gateways of revoked sessions.
pub const REVOKED_BUCKET: &str = "AUTH_REVOKED";

/// The programs.
pub fn programs() -> impl Iterator<Item = &'static str> {
    SUBGRAPHS.into_iter().chain([GATEWAY_PROGRAM])
}
