//! Faults that go into a set that composes: one for each rule, and changes of what the set has.

use super::sdl::Set;
use crate::dice::Dice;

mod changes;
mod table;

pub use changes::CHANGES;
pub use table::{Fault, TABLE};

impl Fault {
    /// Puts the fault into two subgraphs, which learn what it needs; false where there aren't two.
    pub fn inject(&self, set: &mut Set, dice: &mut Dice) -> bool {
        let one = dice.up_to(set.subgraphs.len());
        let other = (one + dice.between(1, set.subgraphs.len() - 1)) % set.subgraphs.len();
        for (at, text) in [(one, self.one), (other, self.other)] {
            let names = [set.subgraphs[one].name.clone(), set.subgraphs[other].name.clone()];
            let subgraph = &mut set.subgraphs[at];
            let Some(minor) = &mut subgraph.minor else { return false };
            if *minor >= self.below {
                return false;
            }
            let twice = |name: &str| {
                let (new, more) = (format!("type {name} "), format!("extend type {name} "));
                text.matches(&new).count() > text.matches(&more).count()
            };
            if subgraph.types.iter().any(|ty| twice(&ty.name)) {
                return false;
            }
            // An operation has one root, and a renamed one is told.
            let mut roots = subgraph.types.iter().filter_map(|ty| ty.name.strip_prefix("Root"));
            if roots.any(|root| text.contains(&format!("extend schema {{ {}:", root.to_lowercase()))) {
                return false;
            }
            *minor = (*minor).max(self.minor);
            let mut text = text.replace("ONE", &names[0]).replace("OTHER", &names[1]);
            if subgraph.types.iter().any(|ty| ty.name == "RootQuery") {
                text = text.replace("type Query", "type RootQuery");
            }
            if let Some((element, local)) = subgraph.renamed {
                text = text.replace(element, local);
            }
            subgraph.extra.push_str(&text);
        }
        set.subgraphs[one].schema.push_str(self.schema);
        true
    }
}
