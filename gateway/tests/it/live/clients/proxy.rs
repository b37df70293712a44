//! A proxy between a client and the gateway, whose connections can be broken.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes bytes on, for as long as it isn't cut.
pub struct Proxy {
    pub address: SocketAddr,
    is_whole: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_whole, state) = watch::channel(true);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(pass_on(client, target, state.clone()));
            }
        });
        Self { address, is_whole, task }
    }

    /// Breaks all connections. New ones are taken, and wait.
    pub fn cut(&self) {
        self.is_whole.send_replace(false);
    }

    /// What waits is passed on.
    pub fn heal(&self) {
        self.is_whole.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(mut client: TcpStream, target: SocketAddr, mut state: watch::Receiver<bool>) {
    if state.wait_for(|is_whole| *is_whole).await.is_err() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = state.wait_for(|is_whole| !*is_whole) => {}
    }
}
