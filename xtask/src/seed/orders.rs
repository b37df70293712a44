//! What was bought, and how far each order has come.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::people::People;
use crate::http::Client;

const PLACE: &str = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { number status } }";
const ADVANCE: &str =
    "mutation ($number: String!, $to: OrderStatus!) { advanceOrder(number: $number, to: $to) { status } }";
const CANCEL: &str = "mutation ($number: String!, $reason: String!) { cancelOrder(number: $number, reason: $reason) { status } }";

/// The way of an order that isn't called off.
const WAY: [&str; 4] = ["PENDING", "CONFIRMED", "SHIPPED", "DELIVERED"];

/// An order: which customer, what (place in the catalogue, quantity), and its status.
struct Order {
    customer: usize,
    items: &'static [(usize, u32)],
    status: &'static str,
}

/// How many orders there are.
pub const COUNT: usize = ORDERS.len();

/// Oldest first.
const ORDERS: [Order; 10] = [
    Order { customer: 0, items: &[(2, 1), (3, 1), (27, 1)], status: "DELIVERED" },
    Order { customer: 0, items: &[(16, 4), (13, 1)], status: "DELIVERED" },
    Order { customer: 1, items: &[(6, 1), (8, 2), (9, 2)], status: "DELIVERED" },
    Order { customer: 1, items: &[(21, 1)], status: "CANCELLED" },
    Order { customer: 0, items: &[(24, 1), (25, 1), (26, 1)], status: "SHIPPED" },
    Order { customer: 1, items: &[(1, 1), (4, 2), (27, 2), (5, 3)], status: "SHIPPED" },
    Order { customer: 0, items: &[(20, 1), (23, 1)], status: "CONFIRMED" },
    Order { customer: 1, items: &[(18, 1), (17, 2)], status: "CONFIRMED" },
    Order { customer: 0, items: &[(11, 1), (12, 1), (22, 5)], status: "PENDING" },
    Order { customer: 1, items: &[(28, 1), (29, 1)], status: "PENDING" },
];

/// Places all orders and moves them on.
pub fn place(people: &People, products: &[String]) -> Result<()> {
    for (index, order) in ORDERS.iter().enumerate() {
        let customer = people.customers.get(order.customer).context("the seed has too few customers")?;
        let placed = place_one(customer, index, order, products).with_context(|| format!("order {index}"))?;
        let number = placed["number"].as_str().context("an order without a number")?;
        let status = placed["status"].as_str().context("an order without a status")?;
        finish(&people.staff, customer, number, status, order).with_context(|| format!("order {number}"))?;
    }
    Ok(())
}

/// With its key, an order that an earlier run placed is found instead of placed again.
fn place_one(customer: &Client, index: usize, order: &Order, products: &[String]) -> Result<Value> {
    let items = order.items.iter().map(|&(place, quantity)| {
        let product = products.get(place).context("the catalogue has fewer products")?;
        Ok(json!({ "productId": product, "quantity": quantity }))
    });
    let input = json!({ "items": items.collect::<Result<Vec<_>>>()?, "address": address(order.customer) });
    let key = format!("seed-{index}");
    let data = customer.ask_once(&key, PLACE, &json!({ "input": input }))?;
    Ok(data["placeOrder"].clone())
}

fn finish(staff: &Client, customer: &Client, number: &str, status: &str, order: &Order) -> Result<()> {
    if order.status == "CANCELLED" {
        if status != order.status {
            customer.ask(CANCEL, &json!({ "number": number, "reason": "Found an old one in the attic." }))?;
        }
        return Ok(());
    }
    let place = |wanted: &str| {
        WAY.iter().position(|step| *step == wanted).with_context(|| format!("status {wanted}"))
    };
    for to in WAY.iter().take(place(order.status)? + 1).skip(place(status)? + 1) {
        staff.ask(ADVANCE, &json!({ "number": number, "to": to }))?;
    }
    Ok(())
}

fn address(customer: usize) -> Value {
    match customer {
        0 => json!({
            "recipient": "Ada Lindqvist", "line1": "Mühlenweg 4", "postalCode": "17235", "city": "Neustrelitz", "country": "DE",
        }),
        _ => json!({
            "recipient": "Grace Okafor", "line1": "12 Quai de la Marne", "line2": "Bâtiment B", "postalCode": "51000",
            "city": "Châlons-en-Champagne", "country": "FR",
        }),
    }
}
