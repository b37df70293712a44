//! Enums, inputs, value types, and the marks that may stand anywhere.

use super::Dealer;

impl Dealer<'_> {
    /// `Color` is only read, so its values may differ; `Size` is sent, too.
    pub(super) fn enums(&mut self) {
        let all = self.all();
        for at in self.dice.some(&all, 60) {
            let values = self.dice.some(&["RED", "GREEN", "BLUE"], 70);
            let color = self.set.subgraphs[at].open("enum", "Color");
            color.items = values.into_iter().map(str::to_owned).collect();
        }
        for at in self.dice.some(&all, 50) {
            let size = self.set.subgraphs[at].open("enum", "Size");
            size.items = ["SMALL", "LARGE"].map(str::to_owned).to_vec();
        }
    }

    /// Optional fields that some don't know are left out.
    pub(super) fn inputs(&mut self) {
        let all = self.all();
        for at in self.dice.some(&all, 60) {
            let optional = self.dice.chance(50);
            let ty = *self.dice.pick(&["Int", "Int!"]);
            let input = self.set.subgraphs[at].open("input", "Filter");
            input.field("text", "String", "");
            input.field("most", "Int = 7", "");
            input.field("least", ty, "");
            if optional {
                input.field("extra", "[Boolean!]", "");
            }
        }
    }

    /// Types without a key, which all their subgraphs resolve.
    pub(super) fn values(&mut self) {
        let shareable = self.shareable();
        for number in 0..self.dice.between(1, 2) {
            let name = format!("Value{number}");
            let fields: Vec<String> = (0..self.dice.between(1, 3)).map(|_| self.wrapped("Int")).collect();
            let all = self.all();
            for at in self.dice.some(&all, 50) {
                let on_type = self.dice.chance(50);
                let ty = self.set.subgraphs[at].open("type", &name);
                if on_type {
                    ty.directives = shareable.to_owned();
                }
                for (at, wrapped) in fields.iter().enumerate() {
                    ty.field(&format!("v{at}"), wrapped, if on_type { "" } else { shareable });
                }
            }
        }
    }

    /// Marks that survive, on fields of any subgraph.
    pub(super) fn marks(&mut self) {
        for at in self.all() {
            let mut fields: Vec<(usize, usize)> = Vec::new();
            for (ty, on) in self.set.subgraphs[at].types.iter().enumerate() {
                if matches!(on.keyword, "type" | "interface") {
                    fields.extend((0..on.fields.len()).map(|field| (ty, field)));
                }
            }
            for (ty, field) in fields {
                if self.dice.chance(88) {
                    continue;
                }
                let mut marks = vec!["@deprecated(reason: \"old\")"];
                if !self.v1 {
                    marks.push("@tag(name: \"x\")");
                }
                if self.since(at, 5) {
                    marks.push("@authenticated");
                    marks.push("@requiresScopes(scopes: [[\"b\", \"a\"], [\"c\"]])");
                    marks.push("@requiresScopes(scopes: [[\"c\"]])");
                }
                if self.since(at, 9) {
                    marks.push("@cost(weight: 3)");
                    marks.push("@cost(weight: 5)");
                }
                let mark = *self.dice.pick(&marks);
                let on = &mut self.set.subgraphs[at].types[ty];
                let is_interface = on.keyword == "interface";
                let directives = &mut on.fields[field].directives;
                // These two can't stand on what another subgraph resolves, nor on an interface.
                let refused = directives.contains("@external") && mark.starts_with("@tag")
                    || is_interface && !["@tag", "@deprecated"].iter().any(|free| mark.starts_with(free));
                if !refused && !directives.contains("@deprecated") {
                    directives.push(' ');
                    directives.push_str(mark);
                }
            }
        }
    }
}
