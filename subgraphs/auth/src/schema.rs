//! The graph of this subgraph. `query.rs` and `mutation.rs` are what can be asked; `user.rs` is the entity.

mod mutation;
mod query;
mod user;

use async_graphql::EmptySubscription;
use shop::{Batch, PerRequest};
use tributary_subgraph::{FederatedSchema, federated};
use uuid::Uuid;

use crate::accounts::Accounts;
use crate::store::{User, Users};
use mutation::Mutation;
use query::Query;

/// The schema's type.
pub type AuthSchema = FederatedSchema<Query, Mutation>;

/// The schema, resolved by `accounts` and, where users are only looked up, by `users`.
pub fn schema(accounts: Accounts, users: Users) -> AuthSchema {
    federated(Query, Mutation, EmptySubscription)
        .data(accounts)
        .extension(PerRequest::new(move || Loaders::new(&users)))
        .finish()
}

/// The lookups of one request, each collected into one query.
pub struct Loaders {
    users: Batch<Uuid, User>,
}

impl Loaders {
    fn new(users: &Users) -> Loaders {
        let users = users.clone();
        Loaders {
            users: Batch::new(move |ids: Vec<Uuid>| {
                let users = users.clone();
                async move { Ok(users.by_ids(&ids).await?) }
            }),
        }
    }
}
