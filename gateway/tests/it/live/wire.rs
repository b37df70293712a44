//! A connection to NATS that a test can cut or hold up, while the server and everybody else on it go on.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use xtask::servers::Nats;

/// Passes bytes on.
pub struct Wire {
    address: SocketAddr,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    Held,
    Cut,
}

impl Wire {
    /// A wire to that server.
    pub async fn to(nats: &Nats) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, state) = watch::channel(State::Whole);
        let port = nats.port();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, port, state.clone()));
            }
        });
        Self { address, state: sender }
    }

    /// The server's URL, by this wire.
    pub fn url(&self, nats: &Nats, user: &str) -> String {
        nats.url_for(user).replace(&format!("127.0.0.1:{}", nats.port()), &self.address.to_string())
    }

    /// Ends all connections, and lets none through from now on.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Keeps what comes, and loses nothing.
    pub fn hold(&self) {
        self.state.send_replace(State::Held);
    }

    /// Passes everything on again.
    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

async fn pass(near: TcpStream, port: u16, mut state: watch::Receiver<State>) {
    if *state.borrow() == State::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        _ = copy(near_in, far_out, state.clone()) => {}
        _ = copy(far_in, near_out, state.clone()) => {}
        _ = state.wait_for(|state| *state == State::Cut) => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut bytes).await?;
        if read == 0 || state.wait_for(|state| *state != State::Held).await.is_err() {
            return Ok(());
        }
        to.write_all(&bytes[..read]).await?;
    }
}
