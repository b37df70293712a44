//! `auth --nats URL --mongodb-url URL [--database NAME] [--http ADDR]`, or `auth create-admin --email EMAIL …`

use std::io::BufRead;

use anyhow::Context;
use auth::{Cli, Command};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit());
    shop::startup::init_log();
    match cli {
        Cli::Serve(config) => auth::serve(config, tributary_subgraph::shutdown_signal()).await,
        Cli::Run(Command::CreateAdmin { email, database, cost }) => {
            auth::create_admin(&database, cost, &email, &admin_password()?).await
        }
        Cli::Run(Command::RotateKey { database }) => auth::rotate_key(&database).await,
    }
}

/// Never an argument, since every user of the machine reads those.
fn admin_password() -> anyhow::Result<String> {
    if let Ok(password) = std::env::var("AUTH_ADMIN_PASSWORD") {
        return Ok(password);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("the password can't be read from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
