//! The three servers that the shop stands on: ours, or those that the environment names.

use std::fs;
use std::thread;

use anyhow::{Context, Result, anyhow};

use super::family::{Family, Generation};
use super::foreign::Foreign;
use super::progress::Progress;
use crate::servers::rights::{OPERATOR_USER, Rights};
use crate::servers::{Nats, mongodb, nats, postgres, random_secret};
use crate::{shop, tools, workspace};

/// Our databases' names begin with this, since a server may be somebody else's.
const DATABASE_PREFIX: &str = "tributary_";

/// The subgraphs with a PostgreSQL database.
const WITH_POSTGRES: [&str; 3] = ["products", "orders", "details"];

/// The servers as the services see them.
#[derive(Debug)]
pub struct Backing {
    /// NATS.
    pub nats: NatsAccess,
    /// The admin's URL.
    pub postgres_url: String,
    /// MongoDB's URL.
    pub mongodb_url: String,
    databases: Vec<(&'static str, String)>,
}

/// How to reach NATS.
#[derive(Debug)]
pub struct NatsAccess {
    /// Its address, without a credential.
    pub url: String,
    /// The operator's, where there is one.
    pub credential: Option<(String, String)>,
    rights: Option<Rights>,
}

impl Backing {
    /// Starts what is ours, all at once, and makes the databases.
    pub fn start(foreign: &Foreign, progress: &Progress, family: &mut Family) -> Result<Self> {
        let line = progress.begin("servers");
        let (nats, postgres, mongodb) = thread::scope(|scope| {
            let postgres = scope.spawn(|| start_postgres(foreign));
            let mongodb = scope.spawn(|| start_mongodb(foreign));
            let nats = start_nats(foreign);
            (nats, postgres.join(), mongodb.join())
        });
        let (nats, nats_process) = nats?;
        let (psql, postgres_process) = postgres.map_err(|_| anyhow!("starting PostgreSQL panicked"))??;
        let (mongodb_url, mongodb_process) = mongodb.map_err(|_| anyhow!("starting MongoDB panicked"))??;
        for process in [nats_process, postgres_process, mongodb_process].into_iter().flatten() {
            family.add(Generation::Server, process)?;
        }
        let databases =
            WITH_POSTGRES.map(|name| Ok((name, psql.ensure_database(&format!("{DATABASE_PREFIX}{name}"))?)));
        let databases =
            databases.into_iter().collect::<Result<_>>().context("can't make the shop's databases")?;
        line.end("run");
        Ok(Self { nats, postgres_url: psql.url().to_owned(), mongodb_url, databases })
    }

    /// What a service finds in its environment; secrets aren't arguments, which everybody can read.
    pub fn environment(&self, service: &str) -> Vec<(&'static str, String)> {
        let mut environment = vec![("NATS_URL", self.nats.url_for(service))];
        match self.databases.iter().find(|(name, _)| *name == service) {
            Some((_, url)) => environment.push(("DATABASE_URL", url.clone())),
            None if service == "auth" => environment.extend(self.auth_environment()),
            None => {}
        }
        environment
    }

    /// Where auth keeps its data.
    pub fn auth_environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("MONGODB_URL", self.mongodb_url.clone()),
            ("MONGODB_DATABASE", format!("{DATABASE_PREFIX}auth")),
        ]
    }
}

impl NatsAccess {
    fn url_for(&self, user: &str) -> String {
        let own = self.rights.as_ref().and_then(|rights| Some((user, rights.password(user)?)));
        let shared = self.credential.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
        match own.or(shared) {
            Some((user, password)) => self.url.replacen("://", &format!("://{user}:{password}@"), 1),
            None => self.url.clone(),
        }
    }

    fn foreign(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
        let (login, server) =
            rest.rsplit_once('@').map_or((None, rest), |(login, server)| (Some(login), server));
        let credential = login.and_then(|login| login.split_once(':'));
        let credential = credential.map(|(user, password)| (user.to_owned(), password.to_owned()));
        Self { url: format!("{scheme}://{server}"), credential, rights: None }
    }
}

type Process = Option<crate::process::Supervised>;

fn start_nats(foreign: &Foreign) -> Result<(NatsAccess, Process)> {
    if let Some(url) = &foreign.nats {
        return Ok((NatsAccess::foreign(url), None));
    }
    let rights = shop::SUBGRAPHS.iter().try_fold(Rights::new(), |rights, name| rights.subgraph(name))?;
    let rights = rights.gateway(shop::GATEWAY, shop::GATEWAY_ID)?;
    let settings = nats::Settings {
        folder: workspace::data().join("nats"),
        port: None,
        rights: Some(rights.clone()),
        log: workspace::logs().join("nats.log"),
        trash: None,
    };
    let server = Nats::launch(settings)?;
    let credential =
        rights.password(OPERATOR_USER).map(|password| (OPERATOR_USER.to_owned(), password.to_owned()));
    let access = NatsAccess { url: server.url(), credential, rights: Some(rights) };
    Ok((access, Some(server.into_process())))
}

fn start_postgres(foreign: &Foreign) -> Result<(postgres::Psql, Process)> {
    if let Some(url) = &foreign.postgres {
        return Ok((postgres::Psql::new(&tools::postgres::provide(None)?, url), None));
    }
    let store = workspace::data().join("postgres");
    let made_by = postgres::major_of(&store);
    let programs = tools::postgres::provide(made_by)?;
    let password = postgres_password(made_by.is_none())?;
    let settings =
        postgres::Settings { store, log: workspace::logs().join("postgres.log"), password, trash: None };
    let cluster = postgres::Cluster::launch(&programs, &settings)?;
    Ok((postgres::Psql::new(&programs, &cluster.url()), Some(cluster.into_process())))
}

/// The admin's password, made with the cluster.
fn postgres_password(is_new: bool) -> Result<String> {
    let file = workspace::data().join("postgres.password");
    if is_new {
        fs::create_dir_all(workspace::data())?;
        workspace::write_private(&file, &random_secret())?;
    }
    fs::read_to_string(&file).with_context(|| format!("can't read {}", workspace::shown(&file)))
}

fn start_mongodb(foreign: &Foreign) -> Result<(String, Process)> {
    if let Some(url) = &foreign.mongodb {
        return Ok((url.clone(), None));
    }
    let (store, log) = (workspace::data().join("mongodb"), workspace::logs().join("mongodb.log"));
    let server = mongodb::Server::launch(&mongodb::Settings { store, log, trash: None })?;
    Ok((server.url(), Some(server.into_process())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_servers_credential_is_everybodys() {
        let with = NatsAccess::foreign("nats://me:secret@example.org:4222");
        assert_eq!(
            (with.url.as_str(), with.url_for("orders").as_str()),
            ("nats://example.org:4222", "nats://me:secret@example.org:4222")
        );
        let without = NatsAccess::foreign("example.org");
        assert_eq!(without.url_for("orders"), "nats://example.org");
    }
}
