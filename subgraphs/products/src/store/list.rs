//! Lists by keyset: the `WHERE` compares with the cursor's values, so a page costs the same wherever it lies, and
//! what is inserted meanwhile shifts nothing.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shop::{Currency, MinorUnits, Money, Page};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{Product, Store, columns};
use crate::Error;

/// The orders in which products can be listed. Ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, async_graphql::Enum)]
#[graphql(name = "ProductSort")]
pub enum Sort {
    /// Created last first.
    #[default]
    Newest,
    /// Created first first.
    Oldest,
    /// By name, whatever its case.
    Name,
    /// Cheapest first, within each currency.
    PriceAscending,
    /// Dearest first, within each currency.
    PriceDescending,
}

/// Which products to list. All that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Exactly this category.
    pub category: Option<String>,
    /// Prices in this currency only; set whenever a bound is.
    pub currency: Option<Currency>,
    /// The least price.
    pub price_from: Option<MinorUnits>,
    /// The highest price.
    pub price_to: Option<MinorUnits>,
    /// Words in name, SKU, category or description, as people type them into a search box.
    pub text: Option<String>,
    /// Archived ones too.
    pub include_archived: bool,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Which products.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// Which part of them.
    pub page: Page<Cursor>,
}

/// A place in a list: the values that it is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cursor {
    /// In a list by age.
    Age(DateTime<Utc>, Uuid),
    /// In a list by name.
    Name(String, Uuid),
    /// In a list by price.
    Price(Money, Uuid),
}

impl Sort {
    /// The place of `product` in a list of this order.
    pub fn cursor(self, product: &Product) -> Cursor {
        match self {
            Sort::Newest | Sort::Oldest => Cursor::Age(product.created_at, product.id),
            Sort::Name => Cursor::Name(product.name.clone(), product.id),
            Sort::PriceAscending | Sort::PriceDescending => Cursor::Price(product.price, product.id),
        }
    }

    fn owns(self, cursor: &Cursor) -> bool {
        matches!(
            (self, cursor),
            (Sort::Newest | Sort::Oldest, Cursor::Age(..))
                | (Sort::Name, Cursor::Name(..))
                | (Sort::PriceAscending | Sort::PriceDescending, Cursor::Price(..))
        )
    }

    fn descends(self) -> bool {
        matches!(self, Sort::Newest | Sort::PriceDescending)
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            Sort::Newest | Sort::Oldest => &["created_at", "id"],
            Sort::Name => &["lower(name)", "id"],
            Sort::PriceAscending | Sort::PriceDescending => &["price_currency", "price_amount", "id"],
        }
    }
}

impl Store {
    /// One page's rows, in the order of reading: see [`Page::connection`].
    pub async fn list(&self, listing: &Listing) -> Result<Vec<Product>, Error> {
        let Listing { filter, sort, page } = listing;
        let mut sql = QueryBuilder::new(concat!("SELECT ", columns!(), " FROM products WHERE true"));
        push_filter(&mut sql, filter);
        let (beyond, short_of) = if sort.descends() { (" < ", " > ") } else { (" > ", " < ") };
        for (cursor, operator) in [(&page.after, beyond), (&page.before, short_of)] {
            let Some(cursor) = cursor else { continue };
            if !sort.owns(cursor) {
                return Err(Error::ForeignCursor);
            }
            push_bound(&mut sql, *sort, operator, cursor);
        }
        push_order(&mut sql, *sort, page.backward);
        sql.push(" LIMIT ").push_bind(page.fetch());
        Ok(sql.build_query_as().fetch_all(&self.pool).await?)
    }
}

fn push_filter(sql: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if !filter.include_archived {
        sql.push(" AND NOT archived");
    }
    if let Some(category) = &filter.category {
        sql.push(" AND category = ").push_bind(category.clone());
    }
    if let Some(currency) = filter.currency {
        sql.push(" AND price_currency = ").push_bind(currency.code());
    }
    if let Some(MinorUnits(least)) = filter.price_from {
        sql.push(" AND price_amount >= ").push_bind(least);
    }
    if let Some(MinorUnits(most)) = filter.price_to {
        sql.push(" AND price_amount <= ").push_bind(most);
    }
    if let Some(text) = &filter.text {
        // SKUs are indexed as they are, words by their stem: either may be meant.
        sql.push(" AND search @@ (websearch_to_tsquery('english', ").push_bind(text.clone());
        sql.push(") || websearch_to_tsquery('simple', ").push_bind(text.clone()).push("))");
    }
}

fn push_bound(sql: &mut QueryBuilder<Postgres>, sort: Sort, operator: &str, cursor: &Cursor) {
    sql.push(" AND (").push(sort.columns().join(", ")).push(")").push(operator).push("(");
    match cursor {
        Cursor::Age(created_at, id) => sql.push_bind(*created_at).push(", ").push_bind(*id),
        Cursor::Name(name, id) => sql.push("lower(").push_bind(name.clone()).push("), ").push_bind(*id),
        Cursor::Price(price, id) => sql
            .push_bind(price.currency.code())
            .push(", ")
            .push_bind(price.amount.0)
            .push(", ")
            .push_bind(*id),
    };
    sql.push(")");
}

fn push_order(sql: &mut QueryBuilder<Postgres>, sort: Sort, backward: bool) {
    let direction = if sort.descends() != backward { " DESC" } else { " ASC" };
    let columns: Vec<String> = sort.columns().iter().map(|column| format!("{column}{direction}")).collect();
    sql.push(" ORDER BY ").push(columns.join(", "));
}
