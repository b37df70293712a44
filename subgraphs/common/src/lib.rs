//! What the shop's services share, and nothing that only one of them needs.
//!
//! | module | what is in it |
//! |---|---|
//! | [`money`] | [`Money`], [`MinorUnits`], [`MoneyInput`]: 64-bit minor units, checked arithmetic |
//! | [`currency`] | [`Currency`]: the ISO 4217 codes and how many decimals each has |
//! | [`page`] | [`Page`]: the Relay arguments `first after last before`, opaque cursors, connections |
//! | [`role`] | [`Role`], [`require_user`], [`require_staff`], [`require_admin`] |
//! | [`refusal`] | [`Refusal`]: an error that a client may read, with a stable code |
//! | [`batch`] | [`Batch`]: many lookups, one query; [`PerRequest`]: loaders that live for one request |
//! | [`input`] | checks of ids and text that name the field |
//! | [`quote`], [`check`] | what products answers on `internal.products.quote` and `internal.products.check` |
//! | [`startup`] | the command line and the log of a service |
//! | `events` | (feature `postgres`) how the services' events are kept |
//! | `postgres` | (feature `postgres`) a pool with its migrations run; constraint names |
//! | `testing` | (feature `testing`) people who ask, statements counted, the SDL's file, a gateway's side of NATS |
//!
//! Start at [`refusal`]: every resolver returns `Result<_, Refusal>`. Types that several subgraphs declare
//! (`Money`, `PageInfo`) are `@shareable` and come from here, so that they can't differ.

pub mod batch;
pub mod check;
pub mod currency;
#[cfg(feature = "postgres")]
pub mod events;
pub mod input;
pub mod money;
pub mod page;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod quote;
pub mod refusal;
pub mod role;
pub mod startup;
#[cfg(feature = "testing")]
pub mod testing;

pub use batch::{Batch, PerRequest};
pub use currency::Currency;
pub use money::{MinorUnits, Money, MoneyError, MoneyInput};
pub use page::{Page, PageArgs};
pub use refusal::{Refusal, code};
pub use role::{Caller, Role, STAFF_SCOPE, caller, require_admin, require_staff, require_user};
