//! Many operations, none like another.

/// So many queries with different selections over all subgraphs.
pub fn different(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(query)
}

/// The query of that number: its bits choose what is selected.
fn query(number: usize) -> String {
    let mut bits = number;
    let mut bit = || {
        let set = bits & 1 == 1;
        bits >>= 1;
        set
    };
    let fields: Vec<&str> =
        ["name", "price", "weight", "inStock", "shippingEstimate"].into_iter().filter(|_| bit()).collect();
    let product = format!("upc {}", fields.join(" "));
    let author = if bit() { "author { id username name }" } else { "author { id }" };
    let body = if bit() { "body" } else { "" };
    let users = if bit() { "users { id name reviews { id product { upc name } } }" } else { "" };
    let me = if bit() { "me { id username }" } else { "" };
    // The rest makes a name and an argument: neither is planned for, but both make another operation.
    let first = bits % 9 + 1;
    format!(
        "query Different{number} {{ topProducts(first: {first}) {{ {product} reviews {{ id {body} {author} }} }} \
         {users} {me} }}"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn none_is_like_another() {
        let all: HashSet<String> = different(10_000).collect();
        assert_eq!(all.len(), 10_000);
        let selections: HashSet<&str> =
            all.iter().filter_map(|query| query.split_once('{')).map(|it| it.1).collect();
        assert!(selections.len() > 4_000, "{}", selections.len());
    }
}
