//! The formats of `@cacheTag`: text in which `{$key.id}` and `{$args.name}` are filled in.

use std::fmt;

/// What is filled in at one place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// `key` or `args`, if it is right.
    pub(super) namespace: &'a str,
    /// Names from there, each of a member of the one before.
    pub(super) path: Vec<&'a str>,
}

impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.namespace)?;
        self.path.iter().try_for_each(|name| write!(f, ".{name}"))
    }
}

/// Reads every pair of braces, or tells what is wrong in it.
pub(super) fn references(format: &str) -> Vec<Result<Reference<'_>, String>> {
    let mut found = Vec::new();
    let mut rest = format;
    while let Some((_, opened)) = rest.split_once('{') {
        let Some(end) = closing(opened) else {
            found.push(Err(format!("a brace is never closed: {{{opened}")));
            return found;
        };
        let (inside, after) = opened.split_at(end);
        found.push(reference(inside).ok_or_else(|| format!("{{{inside}}} isn't a path such as {{$key.id}}")));
        rest = &after[1..];
    }
    found
}

/// Where the brace before `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

/// `$key.id`, or `$key { id }`. What a gateway makes of the value behind `->` isn't ours to judge.
fn reference(text: &str) -> Option<Reference<'_>> {
    let (namespace, rest) = name(text.trim().strip_prefix('$')?)?;
    let mut path = Vec::new();
    let mut rest = rest.trim();
    while !rest.is_empty() && !rest.starts_with("->") {
        let step = match rest.strip_prefix('.') {
            Some(step) => step,
            None => rest.strip_prefix('{')?.strip_suffix('}')?.trim(),
        };
        let (member, after) = name(step)?;
        path.push(member);
        rest = after.trim();
    }
    Some(Reference { namespace, path })
}

/// The name with which a text begins, and what follows.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::references;

    #[test]
    fn formats() {
        let read = |format| -> Vec<Option<String>> {
            references(format).into_iter().map(|found| found.ok().map(|it| it.to_string())).collect()
        };
        let one = |text: &str| vec![Some(text.to_owned())];
        assert_eq!(read("plain"), []);
        assert_eq!(read("}"), []);
        assert_eq!(read("{$key.id}"), one("$key.id"));
        assert_eq!(read("a-{ $key.a.b }-z"), one("$key.a.b"));
        assert_eq!(read("{$key { a { b } }}"), one("$key.a.b"));
        assert_eq!(read("{$args.x->slice(0, 2)}"), one("$args.x"));
        assert_eq!(read("{$key}"), one("$key"));
        assert_eq!(read("{$key.a}{$key.b}").len(), 2);
        for wrong in
            ["{", "{}", "{id}", "{$}", "{$key.}", "{$key { a b }}", "{$key {}}", "{$key.id", "{$key id}"]
        {
            assert_eq!(read(wrong), [None], "{wrong}");
        }
    }
}
