//! By product, many at once: what the request's loaders call.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Attribute, Details, Image, Store};
use crate::Error;

impl Store {
    /// What is written of these products, where anything is.
    pub async fn details(&self, product_ids: &[Uuid]) -> Result<HashMap<Uuid, Details>, Error> {
        let select = sqlx::query_as(
            "SELECT product_id, text, length_mm, width_mm, height_mm, weight_grams, updated_at
             FROM product_details WHERE product_id = ANY($1)",
        );
        let details: Vec<Details> = select.bind(product_ids).fetch_all(&self.pool).await?;
        Ok(details.into_iter().map(|details| (details.product_id, details)).collect())
    }

    /// The attributes of these products, in the order in which they are shown.
    pub async fn attributes(&self, product_ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Attribute>>, Error> {
        let select = sqlx::query_as(
            "SELECT product_id, name, value FROM attributes WHERE product_id = ANY($1) ORDER BY product_id, position",
        );
        let rows: Vec<(Uuid, String, String)> = select.bind(product_ids).fetch_all(&self.pool).await?;
        Ok(grouped(rows.into_iter().map(|(id, name, value)| (id, Attribute { name, value }))))
    }

    /// The images of these products, in the order in which they are shown.
    pub async fn images(&self, product_ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Image>>, Error> {
        let select = sqlx::query_as(
            "SELECT product_id, url, alt FROM images WHERE product_id = ANY($1) ORDER BY product_id, position",
        );
        let rows: Vec<(Uuid, String, String)> = select.bind(product_ids).fetch_all(&self.pool).await?;
        Ok(grouped(rows.into_iter().map(|(id, url, alt)| (id, Image { url, alt }))))
    }
}

fn grouped<T>(rows: impl Iterator<Item = (Uuid, T)>) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for (id, item) in rows {
        groups.entry(id).or_default().push(item);
    }
    groups
}
