//! `@override` as far as one subgraph shows it.

use super::super::diagnostic::{Code, Report};
use super::super::model::{Field, Kind, Override, Subgraph, TypeDef};

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        for field in def.fields.values() {
            if let Some(overrides) = &field.overrides {
                check(subgraph, def, field, overrides, report);
            }
        }
    }
}

fn check(subgraph: &Subgraph, def: &TypeDef, field: &Field, overrides: &Override, report: &mut Report) {
    let coordinate = format!("{}.{}", def.name, field.name);
    let mut error = |code, text: String| {
        report.error(code, format!("[{}] {text}", subgraph.name)).at(subgraph.place(overrides.span));
    };
    if def.kind == Kind::Interface {
        let text = format!(
            "@override cannot be used on field \"{coordinate}\" on subgraph \"{}\": @override is not supported on interface type fields.",
            subgraph.name
        );
        return error(Code::OverrideOnInterface, text);
    }
    if def.interface_object {
        let text = format!(
            "@override is not yet supported on fields of @interfaceObject types: cannot be used on field \"{coordinate}\" on subgraph \"{}\".",
            subgraph.name
        );
        return error(Code::OverrideCollision, text);
    }
    if overrides.from == subgraph.name {
        let text = format!(
            "Source and destination subgraphs \"{}\" are the same for overridden field \"{coordinate}\"",
            subgraph.name
        );
        error(Code::OverrideFromSelf, text);
    }
    let collides =
        [(field.external, "external"), (field.requires.is_some() && overrides.label.is_some(), "requires")];
    for (_, other) in collides.iter().filter(|(collides, _)| *collides) {
        let text = format!(
            "@override cannot be used on field \"{coordinate}\" on subgraph \"{}\" since \"{coordinate}\" on \"{}\" is marked with directive \"@{other}\"",
            subgraph.name, subgraph.name
        );
        error(Code::OverrideCollision, text);
    }
    if let Some(label) = overrides.label.as_deref().filter(|label| !is_label(label)) {
        let text = format!(
            "Invalid @override label \"{label}\" on field \"{coordinate}\" on subgraph \"{}\": labels must start with a letter and after that may contain alphanumerics, underscores, minuses, colons, periods, or slashes. Alternatively, labels may be of the form \"percent(x)\" where x is a float between 0-100 inclusive.",
            subgraph.name
        );
        error(Code::OverrideLabelInvalid, text);
    }
}

fn is_label(label: &str) -> bool {
    if let Some(share) = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')')) {
        let (whole, fraction) = share.split_once('.').unwrap_or((share, "0"));
        let digits =
            |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        return whole == "100" && fraction.bytes().all(|b| b == b'0')
            || (digits(whole, 2) && digits(fraction, 8));
    }
    label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || "_-:./".contains(c))
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn labels() {
        for good in ["a", "team/x:1.2-b_c", "percent(0)", "percent(100)", "percent(100.00)", "percent(12.5)"]
        {
            assert!(is_label(good), "{good}");
        }
        for bad in [
            "",
            "1a",
            "a b",
            "percent(101)",
            "percent(-1)",
            "percent()",
            "percent(1e1)",
            "percent(1.123456789)",
        ] {
            assert!(!is_label(bad), "{bad}");
        }
    }
}
