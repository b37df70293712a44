//! How the services' events are kept: the part of the command line that those with an outbox share.

use std::time::Duration;

use tributary_subgraph::outbox::StreamSettings;

const HOUR: u64 = 60 * 60;

/// The stream of events. It is made at start if it isn't there; one that differs is told of in the log and left as it is.
#[derive(Debug, Clone, clap::Args)]
pub struct EventArgs {
    /// JetStream stream that keeps events
    #[arg(long, env = "EVENTS_STREAM", default_value = "EVENTS", value_name = "NAME")]
    pub events_stream: String,
    /// How many hours events are kept
    #[arg(long, env = "EVENTS_MAX_AGE_HOURS", default_value_t = 168, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub events_max_age_hours: u32,
    /// Most bytes of events, which the server sets aside; unlimited if absent
    #[arg(long, env = "EVENTS_MAX_BYTES", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub events_max_bytes: Option<u64>,
    /// For how many hours JetStream knows which events it has
    #[arg(long, env = "EVENTS_DUPLICATE_WINDOW_HOURS", default_value_t = 1, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub events_duplicate_window_hours: u32,
    /// On how many servers of a cluster events are kept
    #[arg(long, env = "EVENTS_REPLICAS", default_value_t = 1, value_name = "N",
          value_parser = clap::value_parser!(u8).range(1..=5))]
    pub events_replicas: u8,
}

impl EventArgs {
    /// The stream as these arguments say.
    pub fn stream(&self) -> StreamSettings {
        StreamSettings {
            name: self.events_stream.clone(),
            max_age: Duration::from_secs(u64::from(self.events_max_age_hours) * HOUR),
            max_bytes: self.events_max_bytes,
            duplicate_window: Duration::from_secs(u64::from(self.events_duplicate_window_hours) * HOUR),
            replicas: self.events_replicas.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Whole {
        #[command(flatten)]
        events: EventArgs,
    }

    #[test]
    fn without_arguments_the_stream_is_the_kits() {
        let whole = Whole::parse_from(["service"]);
        assert_eq!(whole.events.stream(), StreamSettings::default());
    }

    #[test]
    fn what_the_protocol_forbids_is_refused() {
        for wrong in ["--events-duplicate-window-hours=0", "--events-max-age-hours=0", "--events-replicas=6"]
        {
            assert!(Whole::try_parse_from(["service", wrong]).is_err(), "{wrong}");
        }
    }
}
