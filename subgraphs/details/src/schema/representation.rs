//! What the gateway hands over of an order's items. Input types, but no part of the graph: nobody passes them as
//! arguments, and what a representation has besides (`__typename`) is ignored.

use async_graphql::{ID, InputObject};
use shop::{Money, MoneyInput, Refusal};

use crate::order::Line;

/// An item of an order, as `@requires` on `Order.details` selects it.
#[derive(InputObject)]
pub struct ItemRepresentation {
    quantity: i32,
    unit_price: MoneyInput,
    product: ProductRepresentation,
}

/// A reference to a product.
#[derive(InputObject)]
pub struct ProductRepresentation {
    id: ID,
}

impl ItemRepresentation {
    pub fn line(self) -> Result<Line, Refusal> {
        let unit_price = Money::try_from(self.unit_price)?;
        Ok(Line { product_id: self.product.id.0, quantity: self.quantity, unit_price })
    }
}
