//! Writing and removing details.

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{Attribute, DetailsChange, Image, Store};
use crate::Error;

impl Store {
    /// Changes what is set in `change`; the first time it writes the details.
    pub async fn set(&self, product_id: Uuid, change: DetailsChange, updated_by: &str) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
        // The row first: its lock makes two who replace the same lists wait for each other.
        upsert(&mut transaction, product_id, &change, updated_by).await?;
        if let Some(attributes) = &change.attributes {
            replace_attributes(&mut transaction, product_id, attributes).await?;
        }
        if let Some(images) = &change.images {
            replace_images(&mut transaction, product_id, images).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Removes all that is written of a product.
    pub async fn remove(&self, product_id: Uuid) -> Result<(), Error> {
        let delete = sqlx::query("DELETE FROM product_details WHERE product_id = $1").bind(product_id);
        match delete.execute(&self.pool).await?.rows_affected() {
            0 => Err(Error::NotFound(product_id)),
            _ => Ok(()),
        }
    }
}

async fn upsert(
    transaction: &mut Transaction<'_, Postgres>,
    product_id: Uuid,
    change: &DetailsChange,
    updated_by: &str,
) -> Result<(), Error> {
    let upsert = sqlx::query(
        "INSERT INTO product_details AS old
             (product_id, text, length_mm, width_mm, height_mm, weight_grams, updated_by)
         VALUES ($1, coalesce($2, ''), $4, $5, $6, $8, $9)
         ON CONFLICT (product_id) DO UPDATE SET
             text = coalesce($2, old.text),
             length_mm = CASE WHEN $3 THEN $4 ELSE old.length_mm END,
             width_mm = CASE WHEN $3 THEN $5 ELSE old.width_mm END,
             height_mm = CASE WHEN $3 THEN $6 ELSE old.height_mm END,
             weight_grams = CASE WHEN $7 THEN $8 ELSE old.weight_grams END,
             updated_at = now(), updated_by = $9",
    );
    let dimensions = change.dimensions.flatten();
    upsert
        .bind(product_id)
        .bind(&change.text)
        .bind(change.dimensions.is_some())
        .bind(dimensions.map(|sides| sides.length_mm))
        .bind(dimensions.map(|sides| sides.width_mm))
        .bind(dimensions.map(|sides| sides.height_mm))
        .bind(change.weight_grams.is_some())
        .bind(change.weight_grams.flatten())
        .bind(updated_by)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn replace_attributes(
    transaction: &mut Transaction<'_, Postgres>,
    product_id: Uuid,
    attributes: &[Attribute],
) -> Result<(), Error> {
    let delete = sqlx::query("DELETE FROM attributes WHERE product_id = $1").bind(product_id);
    delete.execute(&mut **transaction).await?;
    let (names, values): (Vec<&str>, Vec<&str>) =
        attributes.iter().map(|attribute| (attribute.name.as_str(), attribute.value.as_str())).unzip();
    let insert = sqlx::query(
        "INSERT INTO attributes (product_id, position, name, value)
         SELECT $1, position, name, value FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS new(name, value, position)",
    );
    insert.bind(product_id).bind(names).bind(values).execute(&mut **transaction).await?;
    Ok(())
}

async fn replace_images(
    transaction: &mut Transaction<'_, Postgres>,
    product_id: Uuid,
    images: &[Image],
) -> Result<(), Error> {
    let delete = sqlx::query("DELETE FROM images WHERE product_id = $1").bind(product_id);
    delete.execute(&mut **transaction).await?;
    let (urls, alts): (Vec<&str>, Vec<&str>) =
        images.iter().map(|image| (image.url.as_str(), image.alt.as_str())).unzip();
    let insert = sqlx::query(
        "INSERT INTO images (product_id, position, url, alt)
         SELECT $1, position, url, alt FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS new(url, alt, position)",
    );
    insert.bind(product_id).bind(urls).bind(alts).execute(&mut **transaction).await?;
    Ok(())
}
