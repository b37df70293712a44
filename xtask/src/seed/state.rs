//! Who is in the shop, and whether it is filled: kept beside the data, since it is true as long as that is.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::run_file::User;
use crate::servers::random_secret;
use crate::workspace;

/// Everybody who is seeded.
const PEOPLE: [(&str, &str); 4] = [
    ("admin@shop.example", "admin"),
    ("staff@shop.example", "staff"),
    ("ada@shop.example", "customer"),
    ("grace@shop.example", "customer"),
];

/// The state of seeding.
#[derive(Debug)]
pub struct Seed {
    file: PathBuf,
    state: State,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    complete: bool,
    users: Vec<User>,
}

impl Seed {
    /// As an earlier run left it; the first one makes up the passwords. Somebody else's servers have a state of their own.
    pub fn open(foreign: bool) -> Result<Self> {
        let file = workspace::data().join(if foreign { "seed-foreign.json" } else { "seed.json" });
        if let Ok(text) = fs::read(&file) {
            let state = serde_json::from_slice(&text)
                .with_context(|| format!("{} is broken", workspace::shown(&file)))?;
            return Ok(Self { file, state });
        }
        let users = PEOPLE.map(|(email, role)| User {
            email: email.into(),
            password: random_secret(),
            role: role.into(),
        });
        let seed = Self { file, state: State { complete: false, users: users.into() } };
        // Before anybody is registered with a password that would be lost.
        seed.save()?;
        Ok(seed)
    }

    /// Whether nothing is left to do.
    pub fn is_complete(&self) -> bool {
        self.state.complete
    }

    /// Everybody.
    pub fn users(&self) -> &[User] {
        &self.state.users
    }

    /// Nothing is left to do.
    pub fn complete(&mut self) -> Result<()> {
        self.state.complete = true;
        self.save()
    }

    fn save(&self) -> Result<()> {
        fs::create_dir_all(workspace::data())?;
        Ok(workspace::write_private(&self.file, &serde_json::to_string_pretty(&self.state)?)?)
    }
}
