//! What can be done.

use async_graphql::{Context, Object};
use shop::{Refusal, require_staff, require_user};
use tributary_subgraph::IdempotencyKey;

use super::input::{self, AddressInput, OrderItemInput, PlaceOrderInput};
use crate::orders::Orders;
use crate::status::Status;
use crate::store::Order;

/// What can be done.
pub struct Mutation;

#[Object]
impl Mutation {
    /// Places an order for the caller. With an `Idempotency-Key` header the same request again gets the same order.
    ///
    /// Codes: `UNAUTHENTICATED`, `BAD_USER_INPUT`, `TOO_MANY_LINES`, `BAD_QUANTITY`, `REPEATED_PRODUCT`,
    /// `UNKNOWN_PRODUCT`, `ARCHIVED_PRODUCT`, `MIXED_CURRENCIES`, `AMOUNT_TOO_LARGE`, `IDEMPOTENCY_KEY_REUSED`,
    /// `SERVICE_UNAVAILABLE`.
    async fn place_order(&self, ctx: &Context<'_>, input: PlaceOrderInput) -> Result<Order, Refusal> {
        let caller = require_user(ctx)?;
        let (lines, address) = (input::lines(input.items)?, input.address.check("input.address")?);
        Ok(orders(ctx).place(&caller, &lines, &address, attempt_key(ctx)?).await?)
    }

    /// Sends an order elsewhere, while it is `PENDING`. Codes: `NOT_FOUND`, `NOT_PENDING`, `BAD_USER_INPUT`, `CONFLICT`.
    async fn change_address(
        &self,
        ctx: &Context<'_>,
        number: String,
        address: AddressInput,
    ) -> Result<Order, Refusal> {
        let caller = require_user(ctx)?;
        Ok(orders(ctx).change_address(&caller, &number, &address.check("address")?).await?)
    }

    /// Gives an order other lines, while it is `PENDING`; all of them get today's prices.
    /// Codes: as of `placeOrder`, and `NOT_FOUND`, `NOT_PENDING`, `CONFLICT`.
    async fn change_lines(
        &self,
        ctx: &Context<'_>,
        number: String,
        items: Vec<OrderItemInput>,
    ) -> Result<Order, Refusal> {
        let caller = require_user(ctx)?;
        Ok(orders(ctx).change_lines(&caller, &number, &input::lines(items)?).await?)
    }

    /// Calls an order off: customers while it is `PENDING`, staff also when it is `CONFIRMED`.
    /// Codes: `NOT_FOUND`, `FORBIDDEN`, `NO_SUCH_STEP`, `BAD_USER_INPUT`, `CONFLICT`.
    async fn cancel_order(
        &self,
        ctx: &Context<'_>,
        number: String,
        reason: String,
    ) -> Result<Order, Refusal> {
        let caller = require_user(ctx)?;
        Ok(orders(ctx).cancel(&caller, &number, &input::reason(&reason)?).await?)
    }

    /// Moves an order on: `PENDING` → `CONFIRMED` → `SHIPPED` → `DELIVERED`. For staff.
    /// Codes: `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `NO_SUCH_STEP`, `CONFLICT`.
    async fn advance_order(
        &self,
        ctx: &Context<'_>,
        number: String,
        to: Status,
        note: Option<String>,
    ) -> Result<Order, Refusal> {
        let staff = require_staff(ctx)?;
        Ok(orders(ctx).advance(&staff, &number, to, input::note(note)?.as_deref()).await?)
    }
}

fn orders<'a>(ctx: &Context<'a>) -> &'a Orders {
    ctx.data_unchecked()
}

/// The idempotency key of this field: the request's, and the field's name in the response, since one request may place
/// several orders.
fn attempt_key(ctx: &Context<'_>) -> Result<Option<String>, Refusal> {
    let Some(IdempotencyKey(key)) = ctx.data_opt() else { return Ok(None) };
    let field = ctx.item.node.response_key().node.as_str();
    if key.len() > 255 {
        return Err(Refusal::bad_input("an Idempotency-Key has at most 255 characters"));
    }
    Ok(Some(format!("{field}:{key}")))
}
