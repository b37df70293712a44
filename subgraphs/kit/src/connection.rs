//! Connecting to NATS the way a subgraph needs it, and saying loudly what the server refuses.

use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr, ServerError};
use percent_encoding::percent_decode_str;
use tokio::sync::broadcast::Sender;
use tributary_protocol::{NameError, ServiceName, subject};

use crate::notices::{self, Notice};

/// How often an idle connection is tried. With two missing answers a dead server is noticed after half a minute.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// The longest pause between two attempts at start.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Why no connection will ever come.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The process's name can't be part of a subject.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The URL can't be read. It isn't shown, since it may hold a password.
    #[error("a NATS URL can't be read: {0}")]
    Url(#[source] std::io::Error),
    /// The client refuses to try.
    #[error("can't connect to NATS: {0}")]
    Client(#[source] async_nats::ConnectError),
}

/// Connects as `name`, with the inbox prefix that its rights allow. `url` is one server or several, comma separated;
/// user and password stand in the URL. Waits for the first connection, with a message for each attempt that fails, and
/// connects again for ever afterwards. What the server refuses such a client ends [`crate::Subgraph::serve`] and fails
/// [`crate::Internal::call`] at once.
///
/// # Errors
/// When the name or the URL is malformed. A server that isn't there, or refuses the password, is tried again.
pub async fn connect(name: &str, url: &str) -> Result<Client, ConnectError> {
    let name = ServiceName::new(name)?;
    let servers = url.split(',').map(|url| url.trim().parse()).collect::<Result<Vec<ServerAddr>, _>>();
    let servers = servers.map_err(ConnectError::Url)?;
    let shown = servers
        .iter()
        .map(|server| format!("{}:{}", server.host(), server.port()))
        .collect::<Vec<_>>()
        .join(", ");
    let mut pause = Duration::from_millis(100);
    loop {
        let news = notices::channel();
        match options(&name, &servers, news.clone()).connect(&servers[..]).await {
            Ok(client) => {
                notices::register(&client, news);
                return Ok(client);
            }
            Err(error) if error.kind() == ConnectErrorKind::ServerParse => {
                return Err(ConnectError::Client(error));
            }
            Err(error) if error.kind() == ConnectErrorKind::AuthorizationViolation => {
                tracing::error!(servers = shown, user = %name, %error, "NATS refuses this user or its password; trying again");
            }
            Err(error) => tracing::warn!(servers = shown, %error, "NATS isn't there yet; trying again"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

fn options(name: &ServiceName, servers: &[ServerAddr], news: Sender<Notice>) -> ConnectOptions {
    let options = ConnectOptions::new()
        .name(name)
        .custom_inbox_prefix(subject::inbox_prefix(name.as_str()))
        .ping_interval(PING_INTERVAL)
        .max_reconnects(None)
        .event_callback(move |event| {
            report(&event);
            if let Some(notice) = Notice::of(&event) {
                // Nobody may be listening.
                news.send(notice).ok();
            }
            std::future::ready(())
        });
    match credentials(servers) {
        Some((user, password)) => options.user_and_password(user, password),
        None => options,
    }
}

/// The first URL's user and password, decoded: a generated password may have any character.
fn credentials(servers: &[ServerAddr]) -> Option<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let with_user = servers.iter().find(|server| server.has_user_pass())?;
    Some((decode(with_user.username()?), decode(with_user.password().unwrap_or_default())))
}

/// A refused subject would otherwise look like a subgraph that nobody calls.
fn report(event: &Event) {
    match event {
        Event::ServerError(ServerError::Other(error)) => {
            tracing::error!(%error, "NATS refused something: check this process's rights")
        }
        Event::ServerError(error) => tracing::error!(%error, "NATS reports an error"),
        Event::SlowConsumer(subscription) => {
            tracing::error!(subscription, "messages were lost: the process is too slow")
        }
        Event::Disconnected => tracing::warn!("the NATS connection is lost; connecting again"),
        Event::ClientError(error) => tracing::warn!(%error, "the NATS client reports an error"),
        Event::Connected => tracing::info!("connected to NATS"),
        Event::LameDuckMode | Event::Draining | Event::Closed => tracing::info!(%event, "NATS connection"),
    }
}

/// Warns when the server asks nobody who they are: then anyone can say that they are anyone.
pub(crate) fn warn_if_open(client: &Client) {
    if client.try_server_info().is_some_and(|info| !info.auth_required) {
        tracing::warn!(
            "THIS NATS SERVER HAS NO RIGHTS: any client can call this subgraph with any identity. \
             Use it for development only; PROTOCOL.md, section 1, says which rights are needed"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(urls: &[&str]) -> Option<(String, String)> {
        credentials(&urls.iter().map(|url| url.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn a_password_may_have_any_character() {
        let expected = Some(("alpha".to_owned(), "p@:/ü".to_owned()));
        assert_eq!(of(&["nats://alpha:p%40%3A%2F%C3%BC@127.0.0.1:4222"]), expected);
    }

    #[test]
    fn one_url_with_a_user_is_enough() {
        let expected = Some(("alpha".to_owned(), "p".to_owned()));
        assert_eq!(of(&["nats://127.0.0.1:4222", "nats://alpha:p@127.0.0.1:4223"]), expected);
        assert_eq!(of(&["nats://127.0.0.1:4222"]), None);
    }
}
