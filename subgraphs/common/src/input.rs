//! Checks that several services make of their arguments; each refusal names the field.

use std::ops::RangeInclusive;

use uuid::Uuid;

use crate::Refusal;

/// An id as the graph has it. `None` if it is no UUID: then nothing has it, which is an answer and no mistake.
pub fn id(text: &str) -> Option<Uuid> {
    // Only the usual form, so that one thing has one id in everyone's caches.
    Uuid::parse_str(text).ok().filter(|id| id.hyphenated().to_string() == text)
}

/// One line of text, trimmed, with so many characters.
pub fn line(field: &str, text: &str, length: RangeInclusive<usize>) -> Result<String, Refusal> {
    checked(field, text, length, |c| c.is_control())
}

/// Text that may have several lines, trimmed, with so many characters.
pub fn lines(field: &str, text: &str, length: RangeInclusive<usize>) -> Result<String, Refusal> {
    checked(field, text, length, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn checked(
    field: &str,
    text: &str,
    length: RangeInclusive<usize>,
    forbidden: impl Fn(char) -> bool,
) -> Result<String, Refusal> {
    let text = text.trim();
    let (least, most) = length.into_inner();
    let refuse = |message: String| Err(Refusal::bad_input(message).field(field));
    match text.chars().count() {
        0 if least > 0 => refuse(format!("`{field}` is empty")),
        count if count < least => refuse(format!("`{field}` has at least {least} characters")),
        count if count > most => refuse(format!("`{field}` has at most {most} characters")),
        _ if text.contains(forbidden) => refuse(format!("`{field}` has a control character")),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_checked() {
        assert_eq!(line("name", "  Lamp ", 1..=4).unwrap(), "Lamp");
        for (text, length) in
            [("  ", 1..=4), ("a", 2..=4), ("größe", 1..=4), ("a\nb", 1..=4), ("a\0b", 1..=4)]
        {
            assert!(line("name", text, length).is_err(), "{text:?}");
        }
        assert_eq!(lines("text", "a\nb", 1..=4).unwrap(), "a\nb");
        assert!(lines("text", "a\0b", 1..=4).is_err());
    }

    #[test]
    fn only_the_usual_form_is_an_id() {
        let text = "01900000-0000-7000-8000-00000000000a";
        assert_eq!(id(text).map(|id| id.to_string()).as_deref(), Some(text));
        for other in ["", "7", "01900000000070008000000000000a0a", "01900000-0000-7000-8000-00000000000A"] {
            assert_eq!(id(other), None, "{other:?}");
        }
    }
}
