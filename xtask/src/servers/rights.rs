//! Who may do what on NATS: the templates of `deploy/nats/` filled in, with one credential for each process.

use anyhow::{Result, bail, ensure};

use super::random_secret;

const SERVER: &str = include_str!("../../../deploy/nats/server.conf");
const GATEWAY: &str = include_str!("../../../deploy/nats/rights/gateway.conf");
const SUBGRAPH: &str = include_str!("../../../deploy/nats/rights/subgraph.conf");
const OPERATOR: &str = include_str!("../../../deploy/nats/rights/operator.conf");
const CALLS: &str = include_str!("../../../deploy/nats/calls.txt");

/// The user with all rights, for people.
pub const OPERATOR_USER: &str = "operator";

/// Words that stand where a subgraph's name does in a subject.
const RESERVED: [&str; 2] = ["announce", "any"];

/// What a user is, which decides its rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A gateway.
    Gateway,
    /// All instances of one subgraph.
    Subgraph,
    /// People.
    Operator,
}

/// One credential.
#[derive(Debug, Clone)]
pub struct User {
    /// The process's name.
    pub name: String,
    /// The name in subjects: a subgraph's own, a gateway's id.
    pub id: String,
    /// Generated.
    pub password: String,
    role: Role,
}

/// All credentials of one server.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    users: Vec<User>,
    calls: Vec<(String, String)>,
}

impl Rights {
    /// Nobody yet but the operator, and the calls between services that `deploy/nats/calls.txt` allows.
    pub fn new() -> Self {
        let lines = CALLS.lines().filter(|line| !line.starts_with('#'));
        let calls = lines.filter_map(|line| line.split_once(' '));
        let calls = calls.map(|(caller, subject)| (caller.to_owned(), subject.trim().to_owned())).collect();
        let mut rights = Self { users: Vec::new(), calls };
        rights.push(OPERATOR_USER, OPERATOR_USER, Role::Operator);
        rights
    }

    /// Adds a subgraph.
    pub fn subgraph(mut self, name: &str) -> Result<Self> {
        ensure!(!RESERVED.contains(&name), "no subgraph can have the name {name}");
        self.check(name, name)?;
        self.push(name, name, Role::Subgraph);
        Ok(self)
    }

    /// Adds a gateway, whose credential binds its id.
    pub fn gateway(mut self, name: &str, id: &str) -> Result<Self> {
        self.check(name, id)?;
        self.push(name, id, Role::Gateway);
        Ok(self)
    }

    /// Allows one more call between services.
    pub fn call(mut self, caller: &str, subject: &str) -> Self {
        self.calls.push((caller.to_owned(), subject.to_owned()));
        self
    }

    /// Sets the text that stands for each password in the configuration, as `$VARIABLE` does.
    pub fn with_passwords(mut self, password: impl Fn(&str) -> String) -> Self {
        for user in &mut self.users {
            user.password = password(&user.name);
        }
        self
    }

    /// A user's password.
    pub fn password(&self, name: &str) -> Option<&str> {
        self.users.iter().find(|user| user.name == name).map(|user| user.password.as_str())
    }

    /// The `authorization` block.
    pub fn render(&self) -> String {
        let users: String = self.users.iter().map(|user| self.render_user(user)).collect();
        format!("authorization {{\n  users: [\n{users}  ]\n}}\n")
    }

    fn render_user(&self, user: &User) -> String {
        let (template, caller) = match user.role {
            Role::Gateway => (GATEWAY, "gateway"),
            Role::Subgraph => (SUBGRAPH, user.name.as_str()),
            Role::Operator => (OPERATOR, user.name.as_str()),
        };
        let allowed = self.calls.iter().filter(|(by, _)| by == caller);
        let calls: Vec<String> = allowed.map(|(_, subject)| format!("\"{subject}\"")).collect();
        let rights = template.replace("{{id}}", &user.id).replace("{{calls}}", &calls.join(", "));
        // A `$VARIABLE` is looked up in the server's environment, and only where it isn't quoted.
        let quote = if user.password.starts_with('$') { "" } else { "\"" };
        let head = format!("user: \"{}\"\npassword: {quote}{}{quote}\n", user.name, user.password);
        let body = format!("{head}{rights}");
        let lines = body.lines().map(|line| line.trim_end());
        let lines =
            lines.map(|line| if line.is_empty() { "\n".to_owned() } else { format!("      {line}\n") });
        format!("    {{\n{}    }}\n", lines.collect::<String>())
    }

    fn push(&mut self, name: &str, id: &str, role: Role) {
        self.users.push(User { name: name.into(), id: id.into(), password: random_secret(), role });
    }

    /// A name that could end a subject's token early, or that two processes share, would give one the other's rights.
    fn check(&self, name: &str, id: &str) -> Result<()> {
        for word in [name, id] {
            let mut letters = word.chars();
            let fits = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
                && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
            ensure!(fits, "`{word}` is no name for a subgraph or gateway");
        }
        if let Some(other) = self.users.iter().find(|user| user.name == name || user.id == id) {
            bail!("`{name}` ({id}) would share its rights with `{}` ({})", other.name, other.id);
        }
        Ok(())
    }
}

/// The whole configuration; without rights everybody may do everything.
pub fn configuration(listen: &str, store: &str, rights: Option<&Rights>) -> String {
    let server = SERVER.replace("{{listen}}", listen).replace("{{store}}", store);
    match rights {
        Some(rights) => format!("{server}\n{}", rights.render()),
        None => server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_share_rights_are_refused() {
        let rights = Rights::new().subgraph("products").unwrap();
        assert!(rights.clone().subgraph("products").is_err());
        assert!(rights.clone().gateway("gateway", "products").is_err(), "replies for both on one subject");
        assert!(rights.clone().subgraph("announce").is_err());
        assert!(rights.clone().subgraph("any").is_err());
        assert!(rights.clone().subgraph("a.b").is_err());
        assert!(rights.clone().subgraph("*").is_err());
        assert!(rights.clone().subgraph("").is_err());
        assert!(rights.gateway("gateway", "gw1").is_ok());
    }

    #[test]
    fn every_placeholder_is_filled_in() {
        let rights = Rights::new().subgraph("products").unwrap().gateway("gateway", "gw1").unwrap();
        let text = configuration("127.0.0.1:4222", "/store", Some(&rights));
        let settings: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        assert!(!settings.join("\n").contains("{{"), "{text}");
        assert!(text.contains("\"internal.auth.jwks\""), "{text}");
    }
}
