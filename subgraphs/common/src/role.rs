//! Who calls, and what they may do. The gateway verified the token; what a role allows is decided in the services.

use async_graphql::{Context, Enum};
use serde::{Deserialize, Serialize};
use tributary_subgraph::Identity;

use crate::Refusal;

/// What a user may do; each role may do all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys.
    Customer,
    /// Manages products and orders.
    Staff,
    /// Manages staff, too.
    Admin,
}

impl Role {
    /// As it stands in the token's claim `role`.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Staff => "staff",
            Role::Admin => "admin",
        }
    }

    /// What stands in the token's claim `scope`: a list, since the conditions of an `@event` look into lists.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Role::Customer => &[],
            Role::Staff | Role::Admin => &[STAFF_SCOPE],
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Role> {
        [Role::Customer, Role::Staff, Role::Admin].into_iter().find(|role| role.as_str() == name)
    }
}

/// The scope of who manages the shop, for what the gateway decides without asking a service: subscriptions that events feed.
pub const STAFF_SCOPE: &str = "shop:staff";

/// A logged-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user's id, the token's `sub`.
    pub id: String,
    /// What they may do.
    pub role: Role,
}

impl Caller {
    /// Staff and admins manage the shop.
    pub fn is_staff(&self) -> bool {
        self.role >= Role::Staff
    }

    fn from_identity(identity: &Identity) -> Option<Caller> {
        let id = identity.sub()?.to_owned();
        // A role that we don't know is one that we can't grant anything for.
        let role = identity.role().and_then(Role::parse).unwrap_or(Role::Customer);
        Some(Caller { id, role })
    }
}

/// Who is logged in, if anyone is.
pub fn caller(ctx: &Context<'_>) -> Option<Caller> {
    ctx.data_opt::<Identity>().and_then(Caller::from_identity)
}

/// The logged-in user, or `UNAUTHENTICATED`.
pub fn require_user(ctx: &Context<'_>) -> Result<Caller, Refusal> {
    caller(ctx).ok_or_else(Refusal::unauthenticated)
}

/// The logged-in user if they are staff or admin; else `UNAUTHENTICATED` or `FORBIDDEN`.
pub fn require_staff(ctx: &Context<'_>) -> Result<Caller, Refusal> {
    require(ctx, Role::Staff)
}

/// The logged-in user if they are an admin; else `UNAUTHENTICATED` or `FORBIDDEN`.
pub fn require_admin(ctx: &Context<'_>) -> Result<Caller, Refusal> {
    require(ctx, Role::Admin)
}

fn require(ctx: &Context<'_>, least: Role) -> Result<Caller, Refusal> {
    let caller = require_user(ctx)?;
    if caller.role < least {
        return Err(Refusal::forbidden(format!("this is for {} only", least.as_str())));
    }
    Ok(caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for role in [Role::Customer, Role::Staff, Role::Admin] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!(Role::parse("Admin"), None);
    }

    #[test]
    fn each_role_may_do_what_the_one_before_may() {
        assert!(Role::Customer < Role::Staff && Role::Staff < Role::Admin);
    }
}
