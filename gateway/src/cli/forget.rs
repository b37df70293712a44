//! `tributary forget`: a subgraph that is gone for good leaves the graph.

use clap::Args;
use tributary_protocol::SubgraphName;

use crate::registry::Forgotten;

/// Exit codes, for --help.
const AFTER_HELP: &str = "\
Exit codes:
  0  it is forgotten
  1  it isn't: an instance runs, there is no such subgraph, or NATS can't be asked";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Flags {
    /// The subgraph's name
    name: SubgraphName,
    /// NATS servers, comma separated, with a gateway's credentials
    #[arg(
        long,
        env = "NATS_URL",
        default_value = "nats://127.0.0.1:4222",
        hide_env_values = true,
        value_name = "URL"
    )]
    nats: String,
    /// The id that the NATS credential binds
    #[arg(long, env = "TRIBUTARY_GATEWAY_ID", value_name = "ID")]
    gateway_id: Option<String>,
}

pub(super) fn run(flags: &Flags) -> anyhow::Result<()> {
    super::on_nats(&flags.nats, flags.gateway_id.as_deref(), async |transport| {
        let name = &flags.name;
        super::complain(match crate::registry::forget(&transport, name).await? {
            Forgotten::ByAll => format!("{name} is forgotten"),
            Forgotten::ByRunning => format!(
                "there is no JetStream, so nobody knows whether there was a {name}: running gateways were told to forget it"
            ),
        });
        Ok(())
    })
}
