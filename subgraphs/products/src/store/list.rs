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
    /// What matches `filter.text` best first: that SKU, then words in name or SKU, in the category, in the description.
    Relevance,
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
    /// A SKU, or words in name, SKU, category or description, as people type them into a search box.
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
    /// In a list by relevance: to which text, and the bits of the 32-bit float that PostgreSQL made of it, since a decimal
    /// number that is read again could lie on the other side of a neighbour. It depends on the product and the text alone.
    Relevance(String, u32, Uuid),
}

/// A row of a list.
#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    product: Product,
    /// How well it matches; read for lists by relevance only.
    #[sqlx(default)]
    rank: f32,
}

impl Sort {
    fn descends(self) -> bool {
        matches!(self, Sort::Newest | Sort::PriceDescending | Sort::Relevance)
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            Sort::Newest | Sort::Oldest => &["created_at", "id"],
            Sort::Name => &["lower(name)", "id"],
            Sort::PriceAscending | Sort::PriceDescending => &["price_currency", "price_amount", "id"],
            Sort::Relevance => &["rank", "id"],
        }
    }
}

impl Listing {
    /// The place of a row in this list.
    fn place(&self, Row { product, rank }: &Row) -> Cursor {
        match self.sort {
            Sort::Newest | Sort::Oldest => Cursor::Age(product.created_at, product.id),
            Sort::Name => Cursor::Name(product.name.clone(), product.id),
            Sort::PriceAscending | Sort::PriceDescending => Cursor::Price(product.price, product.id),
            Sort::Relevance => {
                Cursor::Relevance(self.filter.text.clone().unwrap_or_default(), rank.to_bits(), product.id)
            }
        }
    }

    fn has(&self, place: &Cursor) -> bool {
        match (self.sort, place) {
            (Sort::Newest | Sort::Oldest, Cursor::Age(..))
            | (Sort::Name, Cursor::Name(..))
            | (Sort::PriceAscending | Sort::PriceDescending, Cursor::Price(..)) => true,
            (Sort::Relevance, Cursor::Relevance(text, ..)) => self.filter.text.as_ref() == Some(text),
            _ => false,
        }
    }
}

impl Store {
    /// One page's rows with their places, in the order of reading: see [`Page::connection`].
    pub async fn list(&self, listing: &Listing) -> Result<Vec<(Cursor, Product)>, Error> {
        let Listing { filter, sort, page } = listing;
        if *sort == Sort::Relevance && filter.text.is_none() {
            return Err(Error::NothingToMatch);
        }
        let mut sql = QueryBuilder::new(concat!("SELECT ", columns!()));
        sql.push(if *sort == Sort::Relevance { ", rank FROM products" } else { " FROM products" });
        push_filter(&mut sql, filter);
        let (beyond, short_of) = if sort.descends() { (" < ", " > ") } else { (" > ", " < ") };
        for (place, operator) in [(&page.after, beyond), (&page.before, short_of)] {
            let Some(place) = place else { continue };
            if !listing.has(place) {
                return Err(Error::ForeignCursor);
            }
            push_bound(&mut sql, *sort, operator, place);
        }
        push_order(&mut sql, *sort, page.backward);
        sql.push(" LIMIT ").push_bind(page.fetch());
        let rows: Vec<Row> = sql.build_query_as().fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|row| (listing.place(&row), row.product)).collect())
    }
}

fn push_filter(sql: &mut QueryBuilder<Postgres>, filter: &Filter) {
    match &filter.text {
        Some(text) => push_match(sql, text),
        None => drop(sql.push(" WHERE true")),
    }
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
}

/// Finds what matches, and gives it a `rank`. A whole SKU is found even where its words are too common to be indexed, and
/// outranks whatever mentions it. `ts_rank_cd` rather than `ts_rank`, to which all that match `pears -crates` are equal.
fn push_match(sql: &mut QueryBuilder<Postgres>, text: &str) {
    sql.push(" CROSS JOIN (SELECT websearch_to_tsquery('english', ").push_bind(text.to_owned());
    sql.push(") AS query, upper(").push_bind(text.to_owned()).push(") AS wanted_sku) AS wanted");
    sql.push(
        " CROSS JOIN LATERAL (
              SELECT CASE WHEN upper(sku) = wanted_sku THEN 'Infinity'::real ELSE ts_rank_cd(search, query) END AS rank
          ) AS found
          WHERE (search @@ query OR upper(sku) = wanted_sku)",
    );
}

fn push_bound(sql: &mut QueryBuilder<Postgres>, sort: Sort, operator: &str, place: &Cursor) {
    sql.push(" AND (").push(sort.columns().join(", ")).push(")").push(operator).push("(");
    match place {
        Cursor::Age(created_at, id) => sql.push_bind(*created_at).push(", ").push_bind(*id),
        Cursor::Name(name, id) => sql.push("lower(").push_bind(name.clone()).push("), ").push_bind(*id),
        Cursor::Price(price, id) => sql
            .push_bind(price.currency.code())
            .push(", ")
            .push_bind(price.amount.0)
            .push(", ")
            .push_bind(*id),
        Cursor::Relevance(_, rank, id) => sql.push_bind(f32::from_bits(*rank)).push(", ").push_bind(*id),
    };
    sql.push(")");
}

fn push_order(sql: &mut QueryBuilder<Postgres>, sort: Sort, backward: bool) {
    let direction = if sort.descends() != backward { " DESC" } else { " ASC" };
    let columns: Vec<String> = sort.columns().iter().map(|column| format!("{column}{direction}")).collect();
    sql.push(" ORDER BY ").push(columns.join(", "));
}
