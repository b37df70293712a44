//! What fewer graphs have: interfaces over several subgraphs, nested requirements, contexts, other names.

use super::Dealer;

impl Dealer<'_> {
    pub(super) fn extras(&mut self) {
        self.wide_interface();
        self.nested_requirement();
        self.context();
        self.differing_arguments();
        self.hidden();
    }

    /// An interface with objects in each subgraph, whose fields are those that all have.
    fn wide_interface(&mut self) {
        if !self.dice.chance(30) {
            return;
        }
        let all = self.all();
        for at in self.dice.some(&all, 60) {
            let shareable = self.shareable();
            let name = format!("Shape{at}");
            let subgraph = &mut self.set.subgraphs[at];
            subgraph.open("interface", "Shape").field("size", "Int", "");
            let own = subgraph.open("type", &name);
            own.implements.push("Shape".to_owned());
            own.field("size", "Int!", "");
            let common = subgraph.open("type", "Circle");
            common.implements.push("Shape".to_owned());
            common.field("size", "Int", shareable);
            subgraph.open("type", "Query").field(&format!("shape{at}"), "[Shape]", "");
        }
    }

    /// A field that needs a part of an object, in one of several ways to write it.
    fn nested_requirement(&mut self) {
        if self.v1 || !self.dice.chance(40) {
            return;
        }
        let fields = *self.dice.pick(&[
            "part { n }",
            "part { n m }",
            "part { ... on Part { m } }",
            "... on Whole { part { m } }",
        ]);
        let abstract_ = self.dice.chance(40);
        let fields = if abstract_ { "any { ... on Part { n } ... on Piece { n } }" } else { fields };
        for (at, external) in [(0, ""), (1, "@external")] {
            let query = self.set.subgraphs[at].open("type", "Query");
            query.field(&format!("whole{at}"), "Whole", "");
            let subgraph = &mut self.set.subgraphs[at];
            let whole = subgraph.open("type", "Whole");
            whole.directives = "@key(fields: \"id\")".to_owned();
            whole.field("id", "ID!", "");
            if abstract_ {
                whole.field("any", "Any2", external);
            } else {
                whole.field("part", "Part", external);
            }
            if at == 1 {
                whole.field("sum", "Int", &format!("@requires(fields: \"{fields}\")"));
            }
            let part = subgraph.open("type", "Part");
            for name in ["n", "m"] {
                if at == 0 || fields.contains(&format!("{name} ")) {
                    part.field(name, "Int", external);
                }
            }
            if abstract_ {
                subgraph.open("type", "Piece").field("n", "Int", external);
                subgraph.open("union", "Any2").items = ["Part", "Piece"].map(str::to_owned).to_vec();
            }
        }
    }

    /// A field with an argument that comes from above, reached only through what sets it, or another way, too.
    fn context(&mut self) {
        let able: Vec<usize> = self.all().into_iter().filter(|at| self.since(*at, 9)).collect();
        let Some(at) = able.first().copied() else { return };
        let around = self.dice.chance(20);
        let subgraph = &mut self.set.subgraphs[at];
        let above = subgraph.open("type", "Above");
        above.directives = "@context(name: \"here\")".to_owned();
        above.field("word", "String!", "");
        above.field("below", "Below", "");
        let below = subgraph.open("type", "Below");
        below.directives = "@key(fields: \"id\")".to_owned();
        below.field("id", "ID!", "");
        let field = below.field("told", "String", "");
        field.arguments =
            vec!["word: String @fromContext(field: \"$here { word }\")".to_owned(), "n: Int".to_owned()];
        let query = subgraph.open("type", "Query");
        query.field("above", "Above", "");
        if around {
            query.field("around", "Below", "");
        }
    }

    /// A shared field whose arguments aren't quite the same.
    fn differing_arguments(&mut self) {
        if !self.dice.chance(30) {
            return;
        }
        let (all, shareable) = (self.all(), self.shareable());
        for at in self.dice.some(&all, 70) {
            let texts = ["a: Int", "a: Int = 1", "a: Int!", "a: Int, b: [String!]"];
            let arguments = vec![self.dice.pick(&texts).to_string()];
            let query = self.set.subgraphs[at].open("type", "Query");
            query.field("several", "Int", shareable).arguments = arguments;
        }
    }

    /// Something that only the subgraphs see.
    fn hidden(&mut self) {
        if self.v1 || !self.dice.chance(30) {
            return;
        }
        let at = self.dice.up_to(self.set.subgraphs.len());
        let subgraph = &mut self.set.subgraphs[at];
        let secret = subgraph.open("type", "Secret");
        secret.directives = "@inaccessible".to_owned();
        secret.field("s", "Int", "");
        subgraph.open("enum", "Level").items = ["LOW", "HIGH @inaccessible"].map(str::to_owned).to_vec();
        let query = subgraph.open("type", "Query");
        query.field("secret", "Secret", "@inaccessible");
        query.field("level", "Level", "").arguments = vec!["hint: Int @inaccessible".to_owned()];
    }

    /// Other names for what federation and GraphQL call otherwise.
    pub(super) fn names(&mut self) {
        for at in self.all() {
            if self.v1 {
                continue;
            }
            if self.dice.chance(20) {
                let names = [("@shareable", "@shared"), ("@tag", "@label"), ("@key", "@id")];
                self.set.subgraphs[at].renamed = Some(*self.dice.pick(&names));
            }
            let rename_root = self.dice.chance(10);
            let subgraph = &mut self.set.subgraphs[at];
            if rename_root {
                let mut roots = String::new();
                for (operation, name) in
                    [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")]
                {
                    if let Some(root) = subgraph.find(name) {
                        root.name = format!("Root{name}");
                        roots.push_str(&format!(" {operation}: Root{name}"));
                    }
                }
                subgraph.extra.push_str(&format!("schema {{{roots} }}\n"));
            }
        }
    }
}
