//! The open connections: each is a task of its own, and all of them can be told to end.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::util::MapRequest;

use super::impatient::Impatient;

/// Serves connections over HTTP/1 and HTTP/2.
pub(super) struct Connections {
    app: Router,
    builder: Builder<TokioExecutor>,
    idle: Duration,
    tracker: TaskTracker,
    /// No further request on any connection; running ones are answered.
    ending: CancellationToken,
    /// Nothing more.
    cut: CancellationToken,
}

impl Connections {
    /// Serves `app`. A client that sends the head of a request too slowly, or none at all, or that doesn't read its
    /// answer, holds a connection for `idle` and no longer.
    pub(super) fn new(app: Router, idle: Duration) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(idle);
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(idle);
        Self {
            app,
            builder,
            idle,
            tracker: TaskTracker::new(),
            ending: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Serves one connection in a task.
    pub(super) fn serve(&self, socket: TcpStream, peer: SocketAddr) {
        // Answers are written in one piece; waiting for more to send along would only delay them. A socket that
        // refuses this is closed already, which the task finds out.
        let _ = socket.set_nodelay(true);
        let asked = CancellationToken::new();
        let silent = silence(asked.clone(), self.idle);
        let app = MapRequest::new(self.app.clone(), move |mut request: Request<Incoming>| {
            asked.cancel();
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(Body::new)
        });
        let socket = Impatient::new(socket, self.idle);
        let (builder, ending, cut) = (self.builder.clone(), self.ending.clone(), self.cut.clone());
        self.tracker.spawn(async move {
            let service = TowerToHyperService::new(app);
            let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(socket), service));
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = silent => return,
                () = ending.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection => ended,
                        () = cut.cancelled() => return,
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, error, "a connection failed");
            }
        });
    }

    /// Ends all connections when their running requests are answered; returns whether they were in time.
    pub(super) async fn end(self, patience: Duration) -> bool {
        self.ending.cancel();
        self.tracker.close();
        let in_time = timeout(patience, self.tracker.wait()).await.is_ok();
        self.cut.cancel();
        in_time
    }
}

/// Resolves if nothing was asked in that time. The server's own timer begins only when it knows the version
/// of HTTP, for which it would wait for ever.
async fn silence(asked: CancellationToken, idle: Duration) {
    if timeout(idle, asked.cancelled()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}
