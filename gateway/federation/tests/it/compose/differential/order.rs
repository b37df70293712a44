//! Generated sets, good and broken, compose to the same in any order.

use super::{faults, good, seeds, world};
use crate::compose::order::check;
use crate::dice::Dice;

#[test]
fn random_sets_compose_alike_in_any_order() {
    for seed in 0..seeds(60) {
        check(&world::world(&mut Dice::new(seed)).print(), seed);
    }
}

#[test]
fn several_faults_are_told_alike_in_any_order() {
    for seed in 0..seeds(60) {
        let (mut set, mut dice) = good(seed);
        for _ in 0..3 {
            dice.pick(faults::TABLE).inject(&mut set, &mut dice);
        }
        check(&set.print(), seed);
    }
}
