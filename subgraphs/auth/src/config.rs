//! The command line.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use shop::startup::ServeArgs;
use tributary_protocol::{NameError, Token, revocation};

use crate::password::Cost;
use crate::revoked::RevokedSettings;

/// What the process was started for.
#[derive(Debug)]
pub enum Cli {
    /// To serve the subgraph.
    Serve(Config),
    /// To do something once.
    Run(Command),
}

impl Cli {
    /// Reads the command line. The derive macros have no way to say that the arguments belong to serving and a
    /// command needs none of them, hence the two halves.
    pub fn parse_from(
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> clap::error::Result<Cli> {
        let both = Config::command().subcommand_negates_reqs(true).args_conflicts_with_subcommands(true);
        let matches = Command::augment_subcommands(both).try_get_matches_from(arguments)?;
        match matches.subcommand_name() {
            Some(_) => Command::from_arg_matches(&matches).map(Cli::Run),
            None => Config::from_arg_matches(&matches).map(Cli::Serve),
        }
    }
}

/// What can be done instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes somebody an admin, registering them if need be; the password is read from the
    /// environment's AUTH_ADMIN_PASSWORD or else from standard input
    CreateAdmin {
        /// Their e-mail
        #[arg(long)]
        email: String,
        /// Where users are
        #[command(flatten)]
        database: DatabaseArgs,
        /// What a password hash costs
        #[command(flatten)]
        cost: Cost,
    },
    /// Adds a signing key; it is published at once and signs in ten minutes
    RotateKey {
        /// Where keys are
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

/// How to serve; each argument may also come from the environment.
#[derive(Debug, Clone, Parser)]
#[command(name = "auth", version, about = "The shop's users: a federation subgraph on NATS", long_about = None)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// Where users, sessions and keys are
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// What a password hash costs
    #[command(flatten)]
    pub cost: Cost,
    /// How many seconds an access token lives
    #[arg(long, env = "ACCESS_TOKEN_SECONDS", value_name = "SECONDS", default_value_t = 600,
          value_parser = clap::value_parser!(u16).range(10..=600))]
    pub access_token_seconds: u16,
    /// Where gateways are told which sessions ended
    #[command(flatten)]
    pub revoked: RevokedArgs,
}

/// Where gateways are told which sessions ended. The bucket is made at start if it isn't there; one that differs is told
/// of in the log and left as it is.
#[derive(Debug, Clone, Args)]
pub struct RevokedArgs {
    /// JetStream bucket that keeps the sessions that were revoked
    #[arg(long, env = "REVOKED_BUCKET", default_value = revocation::BUCKET, value_name = "NAME",
          value_parser = bucket)]
    pub revoked_bucket: String,
    /// How many minutes it keeps them: longer than access tokens live, and clocks differ
    #[arg(long, env = "REVOKED_MINUTES", default_value_t = 15, value_name = "N",
          value_parser = clap::value_parser!(u16).range(11..))]
    pub revoked_minutes: u16,
    /// On how many servers of a cluster it is kept
    #[arg(long, env = "REVOKED_REPLICAS", default_value_t = 1, value_name = "N",
          value_parser = clap::value_parser!(u8).range(1..=5))]
    pub revoked_replicas: u8,
}

impl RevokedArgs {
    /// The bucket as these arguments say.
    pub fn settings(&self) -> RevokedSettings {
        RevokedSettings {
            bucket: self.revoked_bucket.clone(),
            keep: Duration::from_secs(u64::from(self.revoked_minutes) * 60),
            replicas: self.revoked_replicas.into(),
        }
    }
}

fn bucket(name: &str) -> Result<String, NameError> {
    Token::new(name).map(String::from)
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// MongoDB's connection string
    #[arg(long, env = "MONGODB_URL", value_name = "URL", hide_env_values = true)]
    pub mongodb_url: String,
    /// The database's name
    #[arg(long = "database", env = "MONGODB_DATABASE", value_name = "NAME", default_value = "auth")]
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serving_has_its_arguments_and_each_command_its_own() {
        let Cli::Serve(config) =
            Cli::parse_from(["auth", "--nats", "nats://n", "--mongodb-url", "mongodb://m"]).unwrap()
        else {
            panic!("no command was given");
        };
        assert_eq!((config.database.name.as_str(), config.access_token_seconds), ("auth", 600));
        let revoked = config.revoked.settings();
        assert_eq!((&*revoked.bucket, revoked.keep.as_secs()), ("AUTH_REVOKED", 900));
        let create = ["auth", "create-admin", "--email", "a@b.org", "--mongodb-url", "mongodb://m"];
        assert!(
            matches!(Cli::parse_from(create), Ok(Cli::Run(Command::CreateAdmin { email, .. })) if email == "a@b.org")
        );
        for wrong in [
            &["auth"][..],
            &["auth", "create-admin", "--email", "a@b.org"],
            &["auth", "--nats", "n", "--mongodb-url", "m", "--access-token-seconds", "601"],
            &["auth", "--nats", "n", "--mongodb-url", "m", "--revoked-minutes", "10"],
            &["auth", "--nats", "n", "--mongodb-url", "m", "--revoked-bucket", "a.b"],
        ] {
            assert!(Cli::parse_from(wrong).is_err(), "{wrong:?}");
        }
    }
}
