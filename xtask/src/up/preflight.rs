//! What would otherwise fail only after minutes of work, each in one line with the remedy.

use anyhow::{Result, bail, ensure};

use super::foreign::Foreign;
use super::plan::Plan;
use crate::servers::postgres;
use crate::tools::{self, Package, mongodb};
use crate::workspace;

/// Whether the plan can be carried out here.
pub fn check(plan: &Plan, foreign: &Foreign) -> Result<()> {
    plan.packages.iter().try_for_each(Package::check)?;
    if foreign.postgres.is_none() {
        postgres::check_privileges()?;
        check_postgres()?;
    }
    if foreign.mongodb.is_none() {
        check_mongodb()?;
    }
    Ok(())
}

fn check_postgres() -> Result<()> {
    let store = workspace::data().join("postgres");
    let made_by = postgres::major_of(&store);
    let here = tools::postgres::major(&tools::postgres::locate(made_by));
    let made_by = made_by.unwrap_or(here);
    ensure!(
        made_by == here,
        "{} was made by PostgreSQL {made_by}, and here is {here}: install that version, or lose the data with \
         `cargo xtask up --fresh`",
        workspace::shown(&store)
    );
    Ok(())
}

fn check_mongodb() -> Result<()> {
    let store = workspace::data().join("mongodb");
    if mongodb::maker(&store) == Some(mongodb::Kind::Mongod)
        && matches!(mongodb::locate(Some(mongodb::Kind::Mongod)), tools::Origin::Packaged(_))
    {
        bail!(
            "{} was made by mongod, which isn't on PATH: install it, or lose the data with `cargo xtask up --fresh`",
            workspace::shown(&store)
        );
    }
    Ok(())
}
