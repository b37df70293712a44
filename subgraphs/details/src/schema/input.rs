//! Input, and what of it is right. A `check` turns it into what the store takes, or names the field that is wrong.

use std::collections::HashSet;

use async_graphql::{InputObject, MaybeUndefined};
use shop::{Refusal, input};

use crate::store::{Attribute, DetailsChange, Dimensions, Image};

const MAX_ATTRIBUTES: usize = 50;
const MAX_IMAGES: usize = 20;
/// A hundred metres, which no carrier takes.
const MAX_SIDE_MM: i32 = 100_000;
/// Ten tonnes, which no parcel weighs.
const MAX_WEIGHT_GRAMS: i32 = 10_000_000;

/// What to change of a product's details. What is absent stays as it is; what is null is removed.
#[derive(Debug, InputObject)]
pub struct ProductDetailsInput {
    /// The long text, plain, of at most 50,000 characters.
    text: MaybeUndefined<String>,
    /// All its properties, at most 50, in the order in which they are to be shown; a name occurs once.
    attributes: MaybeUndefined<Vec<Attribute>>,
    /// All its pictures, at most 20, in the order in which they are to be shown.
    images: MaybeUndefined<Vec<Image>>,
    /// How large it is, packed; each side from 1 to 100,000 mm.
    dimensions: MaybeUndefined<Dimensions>,
    /// What it weighs, packed; from 1 to 10,000,000 g.
    weight_grams: MaybeUndefined<i32>,
}

impl ProductDetailsInput {
    pub fn check(self) -> Result<DetailsChange, Refusal> {
        // Text and lists are never absent in the store: to remove them is to empty them.
        Ok(DetailsChange {
            text: change(self.text, text)?.map(Option::unwrap_or_default),
            attributes: change(self.attributes, attributes)?.map(Option::unwrap_or_default),
            images: change(self.images, images)?.map(Option::unwrap_or_default),
            dimensions: change(self.dimensions, dimensions)?,
            weight_grams: change(self.weight_grams, |weight| {
                within("weightGrams", weight, MAX_WEIGHT_GRAMS)
            })?,
        })
    }
}

fn change<T>(
    value: MaybeUndefined<T>,
    check: impl FnOnce(T) -> Result<T, Refusal>,
) -> Result<Option<Option<T>>, Refusal> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(value) => Ok(Some(Some(check(value)?))),
    }
}

fn text(text: String) -> Result<String, Refusal> {
    input::lines("text", &text, 0..=50_000)
}

fn attributes(attributes: Vec<Attribute>) -> Result<Vec<Attribute>, Refusal> {
    at_most("attributes", attributes.len(), MAX_ATTRIBUTES)?;
    let mut names = HashSet::new();
    let check = |(index, attribute): (usize, Attribute)| {
        let name = input::line(&format!("attributes.{index}.name"), &attribute.name, 1..=64)?;
        let value = input::line(&format!("attributes.{index}.value"), &attribute.value, 1..=500)?;
        if !names.insert(name.to_lowercase()) {
            let refusal = Refusal::bad_input(format!("the attribute `{name}` occurs twice"));
            return Err(refusal.field(format!("attributes.{index}.name")));
        }
        Ok(Attribute { name, value })
    };
    attributes.into_iter().enumerate().map(check).collect()
}

fn images(images: Vec<Image>) -> Result<Vec<Image>, Refusal> {
    at_most("images", images.len(), MAX_IMAGES)?;
    let check = |(index, image): (usize, Image)| {
        let field = format!("images.{index}.url");
        let url = input::line(&field, &image.url, 1..=2_000)?;
        if !is_web_address(&url) {
            return Err(Refusal::bad_input(
                "an image's address begins with https://, http:// or data:image/",
            )
            .field(field));
        }
        Ok(Image { url, alt: input::line(&format!("images.{index}.alt"), &image.alt, 0..=300)? })
    };
    images.into_iter().enumerate().map(check).collect()
}

/// Pages put the address into an image's `src`: a `javascript:` or a relative one must not get there. A small
/// picture may be the address itself, as `data:image/…`; inside an image no script of it runs.
fn is_web_address(url: &str) -> bool {
    if url.starts_with("data:image/") {
        return true;
    }
    url.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

fn dimensions(sides: Dimensions) -> Result<Dimensions, Refusal> {
    Ok(Dimensions {
        length_mm: within("dimensions.lengthMm", sides.length_mm, MAX_SIDE_MM)?,
        width_mm: within("dimensions.widthMm", sides.width_mm, MAX_SIDE_MM)?,
        height_mm: within("dimensions.heightMm", sides.height_mm, MAX_SIDE_MM)?,
    })
}

fn within(field: &str, number: i32, most: i32) -> Result<i32, Refusal> {
    match number {
        number if (1..=most).contains(&number) => Ok(number),
        _ => Err(Refusal::bad_input(format!("`{field}` is from 1 to {most}")).field(field)),
    }
}

fn at_most(field: &str, count: usize, most: usize) -> Result<(), Refusal> {
    match count {
        count if count <= most => Ok(()),
        _ => Err(Refusal::bad_input(format!("at most {most} `{field}`")).field(field)),
    }
}
