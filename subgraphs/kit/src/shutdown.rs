//! When a process shall stop.

/// Ready when the process gets SIGTERM or SIGINT (Ctrl-C).
///
/// # Panics
/// When the system refuses a signal handler, which it does for no process that may run tokio.
pub async fn shutdown_signal() {
    let interrupt = async { tokio::signal::ctrl_c().await.expect("SIGINT can be handled") };
    #[cfg(unix)]
    let terminate = async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .expect("SIGTERM can be handled");
        terminate.recv().await;
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
