//! One admin, one of the staff, and customers.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Auth, refused_with};
use crate::http::Client;
use crate::run_file::User;

const REGISTER: &str = "mutation ($email: String!, $password: String!) { register(email: $email, password: $password) { user { id } } }";
const ME: &str = "{ me { id role } }";
const MAKE_STAFF: &str = "mutation ($id: ID!) { setRole(userId: $id, role: STAFF) { role } }";

/// Everybody, logged in.
#[derive(Debug)]
pub struct People {
    /// Runs the shop.
    pub staff: Client,
    /// Buy.
    pub customers: Vec<Client>,
}

/// Registers who isn't yet. Their roles are those that auth says, so the staff logs in after getting theirs.
pub fn register(nobody: &Client, users: &[User], auth: &Auth) -> Result<People> {
    let admin = one(users, "admin")?;
    create_admin(admin, auth)?;
    for user in users.iter().filter(|user| user.role != "admin") {
        let registered = nobody.ask(REGISTER, &json!({ "email": user.email, "password": user.password }));
        if !refused_with(&registered, &["EMAIL_TAKEN"]) {
            registered.with_context(|| format!("registering {}", user.email))?;
        }
    }
    let admin = login(nobody, admin)?;
    let staff = one(users, "staff")?;
    let me = login(nobody, staff)?.ask(ME, &Value::Null)?;
    admin.ask(MAKE_STAFF, &json!({ "id": me.pointer("/me/id") })).context("making somebody staff")?;
    let customers = users.iter().filter(|user| user.role == "customer");
    Ok(People {
        staff: login(nobody, staff)?,
        customers: customers.map(|user| login(nobody, user)).collect::<Result<_>>()?,
    })
}

fn login(nobody: &Client, user: &User) -> Result<Client> {
    nobody.login(&user.email, &user.password).with_context(|| {
        format!(
            "{} can't log in; if the account is from an earlier shop on these servers, remove it there",
            user.email
        )
    })
}

fn one<'a>(users: &'a [User], role: &str) -> Result<&'a User> {
    users.iter().find(|user| user.role == role).with_context(|| format!("the seed has no {role}"))
}

/// Nobody can be an admin before there is one, so the first comes from the command line.
fn create_admin(admin: &User, auth: &Auth) -> Result<()> {
    let mut command = Command::new(&auth.program);
    command.args(["create-admin", "--email", &admin.email]);
    command.envs(auth.environment.iter().cloned()).env("AUTH_ADMIN_PASSWORD", &admin.password);
    let output = command.output().context("can't start `auth create-admin`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`auth create-admin` failed: {}", said.trim());
    Ok(())
}
