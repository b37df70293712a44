//! Pictures of the products: drawn here, as data URLs, so that the shop needs no internet.

/// A picture of something of this category, in the colour that its SKU gives it.
pub fn of(sku: &str, category: &str) -> String {
    let hue = sku.bytes().fold(7_u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'>\
         <rect width='100' height='100' fill='hsl({hue} 45% 88%)'/>\
         <path d='{}' fill='hsl({hue} 50% 38%)'/></svg>",
        outline(category)
    );
    format!("data:image/svg+xml,{}", escaped(&svg))
}

/// A silhouette within 100 × 100.
fn outline(category: &str) -> &'static str {
    match category {
        "Boats" => "M8 54Q50 66 92 54Q84 76 50 76Q16 76 8 54ZM48 20h4v36h-4Z",
        "Camp" => "M50 20L90 80H58L50 62L42 80H10Z",
        "Kitchen" => "M24 36h44v44H24ZM68 44h14v24H68v-6h8V50h-8Z",
        "Clothing" => "M34 22L50 32L66 22L88 38L78 52L70 47V82H30V47L22 52L12 38Z",
        "Maps and books" => "M16 26L38 20V74L16 80ZM40 20L60 26V80L40 74ZM62 26L84 20V74L62 80Z",
        _ => "M42 18h16v24h24v16H58v24H42V58H18V42h24Z",
    }
}

/// Escapes what may not stand in a URL.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len() * 2), |mut url, letter| {
        match letter {
            ' ' => url += "%20",
            '<' => url += "%3C",
            '>' => url += "%3E",
            '%' => url += "%25",
            '\'' => url += "%27",
            other => url.push(other),
        }
        url
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_a_url() {
        let url = of("KIT-MUG-01", "Kitchen");
        assert!(url.starts_with("data:image/svg+xml,%3Csvg"), "{url}");
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>'\"".contains(&byte)), "{url}");
        assert!(url.len() < 1000, "{}", url.len());
    }
}
