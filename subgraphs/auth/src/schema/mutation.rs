//! What can be done.

use async_graphql::{Context, ID, Object};
use shop::{Refusal, Role, require_admin};
use tributary_subgraph::{ClientInfo, Identity};
use uuid::Uuid;

use super::user::{SessionObject, UserObject};
use crate::accounts::{Accounts, Origin};
use crate::error::Error;

/// What can be done.
pub struct Mutation;

#[Object]
impl Mutation {
    /// Registers a customer and logs them in. Codes: `EMAIL_TAKEN`, `INVALID_EMAIL`, `WEAK_PASSWORD`,
    /// `TOO_MANY_ATTEMPTS`.
    async fn register(
        &self,
        ctx: &Context<'_>,
        email: String,
        password: String,
    ) -> Result<SessionObject, Refusal> {
        Ok(accounts(ctx).register(&email, &password, origin(ctx)).await?.into())
    }

    /// Logs in. Codes: `INVALID_CREDENTIALS`, `TOO_MANY_ATTEMPTS`.
    async fn login(
        &self,
        ctx: &Context<'_>,
        email: String,
        password: String,
    ) -> Result<SessionObject, Refusal> {
        Ok(accounts(ctx).login(&email, &password, origin(ctx)).await?.into())
    }

    /// Continues a session with new tokens. A refresh token works once: using one twice ends its
    /// session. Code: `INVALID_REFRESH_TOKEN`.
    async fn refresh(&self, ctx: &Context<'_>, refresh_token: String) -> Result<SessionObject, Refusal> {
        Ok(accounts(ctx).refresh(&refresh_token).await?.into())
    }

    /// Ends the caller's session, so that it can't be continued. With a refresh token it ends that
    /// one's session, too, for which nobody needs to be logged in. Codes: `UNAUTHENTICATED`, `INVALID_REFRESH_TOKEN`.
    async fn logout(&self, ctx: &Context<'_>, refresh_token: Option<String>) -> Result<bool, Refusal> {
        let identity = ctx.data_opt::<Identity>();
        let session: Option<Uuid> =
            identity.and_then(|identity| identity.claim("sid")?.as_str()?.parse().ok());
        if session.is_none() && refresh_token.is_none() {
            return Err(Refusal::unauthenticated());
        }
        accounts(ctx).logout(session, refresh_token.as_deref()).await?;
        Ok(true)
    }

    /// Gives somebody else another role; for admins. Codes: `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.
    async fn set_role(&self, ctx: &Context<'_>, user_id: ID, role: Role) -> Result<UserObject, Refusal> {
        let admin = shop::input::id(&require_admin(ctx)?.id).ok_or_else(Refusal::unauthenticated)?;
        let user = shop::input::id(&user_id).ok_or(Error::UserNotFound)?;
        Ok(UserObject::new(accounts(ctx).set_role(admin, user, role).await?))
    }
}

fn accounts<'a>(ctx: &Context<'a>) -> &'a Accounts {
    ctx.data_unchecked()
}

fn origin(ctx: &Context<'_>) -> Origin {
    let ClientInfo { address, agent } = ctx.data_opt::<ClientInfo>().cloned().unwrap_or_default();
    Origin { address, agent }
}
