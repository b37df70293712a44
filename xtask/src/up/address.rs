//! Where the gateway answers.

/// The gateway's address on this machine.
#[derive(Debug, Clone)]
pub struct Address {
    port: u16,
}

impl Address {
    /// On loopback.
    pub fn new(port: u16) -> Self {
        Self { port }
    }

    /// For `--listen`.
    pub fn listen(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// For a browser.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// For operations.
    pub fn graphql(&self) -> String {
        format!("{}/graphql", self.url())
    }

    /// Answers 200 when every part is there.
    pub fn ready(&self) -> String {
        format!("{}/health/ready", self.url())
    }
}
