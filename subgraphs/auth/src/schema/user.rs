//! Users as the graph shows them.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use shop::{Role, caller};

use crate::accounts::Grant;
use crate::store::User;

/// A user, and whether the one who asks has just proved to be them.
pub struct UserObject {
    user: User,
    proved: bool,
}

impl UserObject {
    /// Shown as far as the request's identity allows.
    pub fn new(user: User) -> Self {
        Self { user, proved: false }
    }
}

/// Somebody who is registered.
#[Object(name = "User")]
impl UserObject {
    /// Never changes.
    async fn id(&self) -> ID {
        self.user.id.to_string().into()
    }

    /// For the user and for staff; null for everybody else.
    async fn email(&self, ctx: &Context<'_>) -> Option<&str> {
        let may_see =
            || caller(ctx).is_some_and(|caller| caller.is_staff() || caller.id == self.user.id.to_string());
        (self.proved || may_see()).then_some(self.user.email.as_str())
    }

    /// What they may do.
    async fn role(&self) -> Role {
        self.user.role
    }

    /// When they registered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.user.created_at
    }
}

/// What continues a login: tokens, and who it is.
#[derive(SimpleObject)]
#[graphql(name = "Session")]
pub struct SessionObject {
    /// Goes into `Authorization: Bearer …`.
    access_token: String,
    /// Goes into `refresh`, once; a second use ends the session.
    refresh_token: String,
    /// When the access token expires.
    expires_at: DateTime<Utc>,
    /// Who logged in.
    user: UserObject,
}

impl From<Grant> for SessionObject {
    fn from(grant: Grant) -> Self {
        Self {
            access_token: grant.access_token,
            refresh_token: grant.refresh_token,
            expires_at: grant.expires_at,
            user: UserObject { user: grant.user, proved: true },
        }
    }
}
