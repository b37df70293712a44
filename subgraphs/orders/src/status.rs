//! The life of an order, as a type: a [`Step`] is one of the steps that exist, and nothing else moves an order.

use std::fmt;

use async_graphql::Enum;
use shop::Caller;

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, sqlx::Type)]
#[graphql(name = "OrderStatus")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Placed; address and lines can still change.
    Pending,
    /// Accepted by the shop.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived; the end.
    Delivered,
    /// Called off; the end.
    Cancelled,
}

/// A step from one status to another.
///
/// The variants are the edges of the graph, so a step that doesn't exist has no value. The only way
/// from two statuses to a step is [`Step::between`], which has no answer for most pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The shop accepts the order.
    Confirm,
    /// The parcel leaves.
    Ship,
    /// The parcel arrives.
    Deliver,
    /// Called off before the shop accepted it.
    Withdraw,
    /// Called off after the shop accepted it.
    Revoke,
}

/// On whose behalf a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The one who placed the order.
    Owner,
    /// Somebody who runs the shop.
    Staff,
}

impl Step {
    /// Every step there is.
    pub const ALL: [Step; 5] = [Step::Confirm, Step::Ship, Step::Deliver, Step::Withdraw, Step::Revoke];

    /// The step from one status to another, if there is one.
    pub fn between(from: Status, to: Status) -> Option<Step> {
        Step::ALL.into_iter().find(|step| step.from() == from && step.to() == to)
    }

    /// Where it begins.
    pub fn from(self) -> Status {
        match self {
            Step::Confirm | Step::Withdraw => Status::Pending,
            Step::Ship | Step::Revoke => Status::Confirmed,
            Step::Deliver => Status::Shipped,
        }
    }

    /// Where it ends.
    pub fn to(self) -> Status {
        match self {
            Step::Confirm => Status::Confirmed,
            Step::Ship => Status::Shipped,
            Step::Deliver => Status::Delivered,
            Step::Withdraw | Step::Revoke => Status::Cancelled,
        }
    }

    /// Whether `actor` may take it: customers call off what the shop hasn't accepted yet, staff does the rest.
    pub fn is_open_to(self, actor: Actor) -> bool {
        match actor {
            Actor::Staff => true,
            Actor::Owner => self == Step::Withdraw,
        }
    }
}

impl Actor {
    /// As whom `caller` acts on an order of `customer`; `None` means that they may not know of it.
    pub fn of(caller: &Caller, customer: &str) -> Option<Actor> {
        if caller.is_staff() { Some(Actor::Staff) } else { (caller.id == customer).then_some(Actor::Owner) }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Pending => "PENDING",
            Status::Confirmed => "CONFIRMED",
            Status::Shipped => "SHIPPED",
            Status::Delivered => "DELIVERED",
            Status::Cancelled => "CANCELLED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUSES: [Status; 5] =
        [Status::Pending, Status::Confirmed, Status::Shipped, Status::Delivered, Status::Cancelled];

    #[test]
    fn these_steps_exist_and_no_others() {
        let mut found = Vec::new();
        for from in STATUSES {
            for to in STATUSES {
                found.extend(Step::between(from, to).map(|step| (from, step, to)));
            }
        }
        assert_eq!(
            found,
            [
                (Status::Pending, Step::Confirm, Status::Confirmed),
                (Status::Pending, Step::Withdraw, Status::Cancelled),
                (Status::Confirmed, Step::Ship, Status::Shipped),
                (Status::Confirmed, Step::Revoke, Status::Cancelled),
                (Status::Shipped, Step::Deliver, Status::Delivered),
            ]
        );
    }

    #[test]
    fn customers_only_withdraw() {
        let open: Vec<Step> = Step::ALL.into_iter().filter(|step| step.is_open_to(Actor::Owner)).collect();
        assert_eq!(open, [Step::Withdraw]);
        assert!(Step::ALL.into_iter().all(|step| step.is_open_to(Actor::Staff)));
    }

    #[test]
    fn a_status_is_written_as_in_the_graph() {
        for status in STATUSES {
            assert_eq!(async_graphql::resolver_utils::enum_value(status).to_string(), status.to_string());
        }
    }
}
