//! A random set of subgraphs that composes, unless chance made a type that can't be reached.

use super::sdl::{Set, Subgraph};
use crate::dice::Dice;

mod entities;
mod extras;
mod leaves;

const NAMES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const SCALARS: [&str; 6] = ["Int", "String", "Boolean", "Float", "ID", "Date"];

/// Deals a schema out over subgraphs.
pub fn world(dice: &mut Dice) -> Set {
    let mut set = Set::default();
    let count = dice.between(2, 4);
    // Federation 1 shares everything, so a set is all of it or none.
    let v1 = dice.chance(10);
    for name in &NAMES[..count] {
        let minor = (!v1).then(|| *dice.pick(&[0, 1, 2, 3, 5, 7, 9]));
        set.subgraphs.push(Subgraph { name: (*name).to_owned(), minor, ..Subgraph::default() });
    }
    let mut dealer = Dealer { dice, set, v1 };
    dealer.enums();
    dealer.inputs();
    dealer.values();
    dealer.entities();
    dealer.interfaces();
    dealer.interface_objects();
    dealer.roots();
    dealer.requirements();
    dealer.provisions();
    dealer.overrides();
    dealer.extras();
    dealer.marks();
    dealer.names();
    dealer.set
}

struct Dealer<'d> {
    dice: &'d mut Dice,
    set: Set,
    v1: bool,
}

impl Dealer<'_> {
    fn all(&self) -> Vec<usize> {
        (0..self.set.subgraphs.len()).collect()
    }

    /// The lowest version of federation in the set, which decides what all can write.
    fn since(&self, at: usize, minor: u16) -> bool {
        self.set.subgraphs[at].minor.is_some_and(|known| known >= minor)
    }

    fn shareable(&self) -> &'static str {
        if self.v1 { "" } else { "@shareable" }
    }

    /// A type for a field of this subgraph: what it knows, or what it is made to know.
    fn output(&mut self, at: usize) -> String {
        let known: Vec<String> = self.set.subgraphs[at]
            .types
            .iter()
            .filter(|ty| matches!(ty.keyword, "type" | "extend type" | "interface" | "union" | "enum"))
            .filter(|ty| !["Query", "Mutation", "Subscription"].contains(&ty.name.as_str()))
            .map(|ty| ty.name.clone())
            .collect();
        let name = if self.dice.chance(50) && !known.is_empty() {
            self.dice.pick(&known).clone()
        } else {
            self.scalar(at)
        };
        self.wrapped(&name)
    }

    fn scalar(&mut self, at: usize) -> String {
        let name = *self.dice.pick(&SCALARS);
        if name == "Date" {
            self.set.subgraphs[at].open("scalar", "Date");
        }
        name.to_owned()
    }

    fn wrapped(&mut self, name: &str) -> String {
        match self.dice.up_to(8) {
            0 => format!("[{name}!]!"),
            1 => format!("[{name}]"),
            2 | 3 => format!("{name}!"),
            _ => name.to_owned(),
        }
    }

    fn arguments(&mut self, at: usize) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.dice.chance(20) {
            arguments.push(self.dice.pick(&["first: Int", "first: Int = 10", "first: Int! = 5"]).to_string());
        }
        if self.dice.chance(15) {
            let known: Vec<String> = self.set.subgraphs[at]
                .types
                .iter()
                .filter(|ty| ty.keyword == "input" || ty.name == "Size")
                .map(|ty| ty.name.clone())
                .collect();
            if !known.is_empty() {
                arguments.push(format!("by: {}", self.dice.pick(&known)));
            }
        }
        arguments
    }

    /// Every subgraph has something to ask, and some things can be asked in several.
    fn roots(&mut self) {
        for at in self.all() {
            for number in 0..self.dice.between(1, 3) {
                let (ty, arguments) = (self.output(at), self.arguments(at));
                let query = self.set.subgraphs[at].open("type", "Query");
                query.field(&format!("q{number}{}", NAMES[at]), &ty, "").arguments = arguments;
            }
            if self.dice.chance(20) {
                let ty = self.output(at);
                self.set.subgraphs[at].open("type", "Mutation").field(&format!("m{}", NAMES[at]), &ty, "");
            }
            if self.dice.chance(10) {
                let ty = self.scalar(at);
                let subscription = self.set.subgraphs[at].open("type", "Subscription");
                subscription.field(&format!("s{}", NAMES[at]), &ty, "");
            }
        }
        if self.dice.chance(40) {
            let (all, shareable) = (self.all(), self.shareable());
            for at in self.dice.some(&all, 50) {
                let ty = *self.dice.pick(&["Int", "Int!"]);
                self.set.subgraphs[at].open("type", "Query").field("shared", ty, shareable);
            }
        }
    }
}
