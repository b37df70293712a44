//! Statements for an admin, through `psql`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::tools::postgres::Programs;

/// `psql` at one server.
#[derive(Debug, Clone)]
pub struct Psql {
    program: PathBuf,
    url: String,
}

impl Psql {
    /// Talks to the database of this URL.
    pub fn new(programs: &Programs, url: &str) -> Self {
        Self { program: programs.program("psql"), url: url.into() }
    }

    /// The URL that it talks to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes a database and returns its URL.
    pub fn create_database(&self, name: &str) -> Result<String> {
        self.run(&format!("CREATE DATABASE {}", quoted(name)))?;
        Ok(with_database(&self.url, name))
    }

    /// Makes a database where there is none of that name, and returns its URL.
    pub fn ensure_database(&self, name: &str) -> Result<String> {
        let there =
            self.run(&format!("SELECT 1 FROM pg_database WHERE datname = '{}'", name.replace('\'', "''")))?;
        if there.trim() == "1" { Ok(with_database(&self.url, name)) } else { self.create_database(name) }
    }

    /// Runs one statement; returns the rows as bare text.
    pub fn run(&self, statement: &str) -> Result<String> {
        let (url, password) = split_password(&self.url);
        let mut command = Command::new(&self.program);
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        command.arg("--dbname").arg(url).arg("--command").arg(statement);
        if let Some(password) = password {
            // Not as an argument, which everybody on the machine can read.
            command.env("PGPASSWORD", password);
        }
        let output = command.output().context("can't start psql")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The same server's URL for another database.
pub fn with_database(url: &str, name: &str) -> String {
    let start = url.find("://").map_or(0, |place| place + 3);
    let (server, query) = url[start..].split_once('?').map_or((&url[start..], None), |(a, b)| (a, Some(b)));
    let authority = server.split('/').next().unwrap_or(server);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{authority}/{name}{query}", &url[..start])
}

/// The URL without its password, and that.
fn split_password(url: &str) -> (String, Option<String>) {
    let start = url.find("://").map_or(0, |place| place + 3);
    let authority = url[start..].split(['/', '?']).next().unwrap_or_default();
    let secret = authority.rsplit_once('@').and_then(|(login, _)| login.split_once(':'));
    let Some((user, password)) = secret else { return (url.into(), None) };
    let rest = &url[start + user.len() + 1 + password.len()..];
    (format!("{}{user}{rest}", &url[..start]), Some(percent_decoded(password)))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &others[2..];
            }
            _ => {
                bytes.push(first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        let check = |url: &str, expected: &str| assert_eq!(with_database(url, "shop"), expected);
        check("postgres://u:p@h:5432/postgres", "postgres://u:p@h:5432/shop");
        check("postgres://u:p@h:5432", "postgres://u:p@h:5432/shop");
        check("postgres://h/a?sslmode=require", "postgres://h/shop?sslmode=require");
        check("postgres://h?sslmode=require", "postgres://h/shop?sslmode=require");
    }

    #[test]
    fn a_password_is_taken_out_of_the_url() {
        let check = |url: &str, bare: &str, password: Option<&str>| {
            assert_eq!(split_password(url), (bare.into(), password.map(String::from)));
        };
        check("postgres://u:p%40s@h:1/d", "postgres://u@h:1/d", Some("p@s"));
        check("postgres://u@h:1/d?a=b:c@d", "postgres://u@h:1/d?a=b:c@d", None);
        check("postgres://h/d", "postgres://h/d", None);
        check("postgres://u:100%@h/d", "postgres://u@h/d", Some("100%"));
    }
}
