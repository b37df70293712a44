//! Who there is.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, SimpleObject};
use tributary_subgraph::{FederatedSchema, federated};

use super::control::Control;
use super::keeping::{AGE, cache_control};

#[derive(SimpleObject)]
#[graphql(directive = cache_control::apply(Some(AGE)))]
struct User {
    id: ID,
    name: Option<&'static str>,
    username: Option<&'static str>,
    birthday: Option<i32>,
}

/// Names and user names; their ids are their numbers from 1.
const USERS: [(&str, &str); 6] = [
    ("Uri Goldshtein", "urigo"),
    ("Dotan Simha", "dotansimha"),
    ("Kamil Kisiela", "kamilkisiela"),
    ("Arda Tanrikulu", "ardatan"),
    ("Gil Gardosh", "gilgardosh"),
    ("Laurin Quast", "laurin"),
];

fn user(at: usize) -> Option<User> {
    let (name, username) = *USERS.get(at)?;
    let (name, username) = (Some(name), Some(username));
    Some(User { id: (at + 1).into(), name, username, birthday: Some(1_234_567_890) })
}

fn by_id(id: &ID) -> Option<User> {
    user(id.parse::<usize>().ok()?.checked_sub(1)?)
}

pub(super) struct Query;

#[Object]
impl Query {
    async fn me(&self) -> Option<User> {
        user(0)
    }

    async fn user(&self, id: ID) -> Option<User> {
        by_id(&id)
    }

    async fn users(&self) -> Option<Vec<Option<User>>> {
        Some((0..USERS.len()).map(user).collect())
    }

    #[graphql(entity)]
    async fn user_by_id(&self, id: ID) -> Option<User> {
        by_id(&id)
    }
}

pub(super) fn schema(control: &Control) -> FederatedSchema<Query> {
    federated(Query, EmptyMutation, EmptySubscription).extension(control.clone()).finish()
}
