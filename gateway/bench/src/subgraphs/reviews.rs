//! What people say of products.

use async_graphql::{ComplexObject, EmptyMutation, EmptySubscription, ID, Object, SimpleObject};
use tributary_subgraph::{FederatedSchema, federated};

use super::control::Control;
use super::keeping::{AGE, cache_control};

/// By its number.
#[derive(Clone, Copy)]
struct Review(usize);

#[Object(directive = cache_control::apply(Some(AGE)))]
impl Review {
    async fn id(&self) -> ID {
        (self.0 + 1).into()
    }

    async fn body(&self) -> Option<&'static str> {
        REVIEWS.get(self.0).map(|review| review.1)
    }

    async fn product(&self) -> Option<Product> {
        REVIEWS.get(self.0).map(|review| Product { upc: review.0.to_string() })
    }

    #[graphql(provides = "username")]
    async fn author(&self) -> Option<User> {
        Some(User { id: "1".into(), username: Some("urigo") })
    }
}

#[derive(SimpleObject)]
#[graphql(complex, directive = cache_control::apply(Some(AGE)))]
struct User {
    id: ID,
    #[graphql(external)]
    username: Option<&'static str>,
}

#[ComplexObject]
impl User {
    async fn reviews(&self) -> Option<Vec<Option<Review>>> {
        Some(vec![Some(Review(0)), Some(Review(1))])
    }
}

#[derive(SimpleObject)]
#[graphql(complex, directive = cache_control::apply(Some(AGE)))]
struct Product {
    upc: String,
}

#[ComplexObject]
impl Product {
    async fn reviews(&self) -> Option<Vec<Option<Review>>> {
        let own = |at: &usize| REVIEWS[*at].0.to_string() == self.upc;
        Some((0..REVIEWS.len()).filter(own).map(|at| Some(Review(at))).collect())
    }
}

/// Each with the product that it is about.
const REVIEWS: [(u32, &str); 11] = [
    (1, LOREM),
    (1, SED_UT),
    (1, SED_QUIA),
    (1, UT_ENIM),
    (2, LOREM),
    (2, SED_UT),
    (2, SED_QUIA),
    (2, UT_ENIM),
    (3, UT_ENIM),
    (4, UT_ENIM),
    (4, AT_VERO),
];

pub(super) struct Query;

#[Object]
impl Query {
    #[graphql(entity)]
    async fn review_by_id(&self, id: ID) -> Option<Review> {
        let at = id.parse::<usize>().ok()?.checked_sub(1)?;
        (at < REVIEWS.len()).then_some(Review(at))
    }

    #[graphql(entity)]
    async fn user_by_id(&self, id: ID) -> User {
        User { id, username: Some("user") }
    }

    #[graphql(entity)]
    async fn product_by_upc(&self, upc: String) -> Product {
        Product { upc }
    }
}

pub(super) fn schema(control: &Control) -> FederatedSchema<Query> {
    federated(Query, EmptyMutation, EmptySubscription).extension(control.clone()).finish()
}

const LOREM: &str = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore \
    et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut \
    aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in voluptate velit esse \
    cillum dolore eu fugiat nulla pariatur. Excepteur sint occaecat cupidatat non proident, sunt in \
    culpa qui officia deserunt mollit anim id est laborum.";
const SED_UT: &str = "Sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque laudantium, \
    totam rem aperiam, eaque ipsa quae ab illo inventore veritatis et quasi architecto beatae vitae \
    dicta sunt explicabo. Nemo enim ipsam voluptatem quia voluptas sit aspernatur aut odit aut fugi";
const SED_QUIA: &str = "sed quia consequuntur magni dolores eos qui ratione voluptatem sequi nesciunt. Neque porro quisquam \
    est, qui dolorem ipsum quia dolor sit amet, consectetur, adipisci velit, sed quia non numquam eius \
    modi tempora incidunt ut labore et dolore magnam aliquam quaerat voluptatem.";
const UT_ENIM: &str = "Ut enim ad minima veniam, quis nostrum exercitationem ullam corporis suscipit laboriosam, nisi ut \
    aliquid ex ea commodi consequatur? Quis autem";
const AT_VERO: &str = "At vero eos et accusamus et iusto odio dignissimos ducimus qui blanditiis praesentium voluptatum \
    deleniti atque corrupti quos dolores et quas molestias excepturi sint occaecati cupiditate non \
    provident, similique sunt in culpa qui officia deserunt mollitia animi, id est laborum et dolorum \
    fuga. Et harum quidem rerum facilis est et expedita distinctio. Nam libero tempore, cum soluta nobis \
    est eligendi optio cumque nihil impedit quo minus id quod maxime placeat facere possimus, omnis \
    voluptas assumenda est, omnis dolor repellendus. Temporibus autem quibusdam et aut officiis debitis \
    aut rerum necessitatibus saepe eveniet ut et voluptates repudiandae sint et molestiae non \
    recusandae. Itaque earum rerum hic tenetur a sapiente delectus, ut aut reiciendis voluptatibus \
    maiores alias consequatur aut perferendis doloribus asperiores repellat.";
