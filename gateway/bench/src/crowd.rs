//! Many clients that have subscribed over WebSockets (`graphql-transport-ws`), read by one thread, so that they cost
//! little beside what they measure.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Interest, Poll, Token, Waker};
use serde_json::{Value, json};

/// Clients, until they are dropped.
pub struct Crowd {
    stop: Arc<AtomicBool>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

/// A result that a client was told.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Its how-manieth result, from 0.
    pub nth: usize,
    /// When it was read.
    pub at: Instant,
}

/// One of them.
struct Client {
    socket: mio::net::TcpStream,
    frames: Frames,
    told: usize,
}

/// What was read of a socket and is no whole frame yet.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    /// How much of it has been looked at.
    read: usize,
}

/// A frame's kind and payload.
struct Frame<'a> {
    opcode: u8,
    payload: &'a [u8],
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The wake-up that isn't about a client.
const STOP: Token = Token(usize::MAX);
/// No server takes longer for a client.
const PATIENCE: Duration = Duration::from_secs(30);

impl Crowd {
    /// Connects that many clients, each with its own subscription (the payload of `subscribe`), and calls `tell` with
    /// each result, on the crowd's thread. Returns when all have subscribed.
    pub fn connect(
        gateway: SocketAddr,
        clients: usize,
        subscription: impl Fn(usize) -> Value,
        tell: impl FnMut(Told) + Send + 'static,
    ) -> Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), STOP)?);
        let mut all = Vec::with_capacity(clients);
        for at in 0..clients {
            let client = subscribe(gateway, &subscription(at));
            let mut client = client.with_context(|| format!("client {at} of {clients}"))?;
            poll.registry().register(&mut client.socket, Token(at), Interest::READABLE)?;
            all.push(client);
        }
        let stop = Arc::<AtomicBool>::default();
        let told = stop.clone();
        let thread = thread::spawn(move || read_all(poll, all, &told, tell));
        Ok(Self { stop, waker, thread: Some(thread) })
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let woken = self.waker.wake().is_ok();
        if let (true, Some(thread)) = (woken, self.thread.take())
            && thread.join().is_err()
        {
            eprintln!("the clients' thread panicked");
        }
    }
}

/// Opens a socket and subscribes; returns when the gateway says from where on it will hear.
fn subscribe(gateway: SocketAddr, payload: &Value) -> Result<Client> {
    let mut socket = TcpStream::connect(gateway)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let upgrade = format!(
        "GET /graphql HTTP/1.1\r\nhost: {gateway}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    );
    socket.write_all(upgrade.as_bytes())?;
    let mut frames = Frames { bytes: upgraded(&mut socket)?, read: 0 };
    send(&mut socket, TEXT, json!({ "type": "connection_init" }).to_string().as_bytes())?;
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": payload });
    send(&mut socket, TEXT, subscribe.to_string().as_bytes())?;
    let mut buffer = [0; 4096];
    loop {
        while let Some(frame) = frames.next() {
            let text = String::from_utf8_lossy(frame.payload);
            match frame.opcode {
                TEXT if text.contains("\"places\"") => {
                    frames.forget_what_was_read();
                    socket.set_nonblocking(true)?;
                    return Ok(Client { socket: mio::net::TcpStream::from_std(socket), frames, told: 0 });
                }
                TEXT if text.contains("connection_ack") => {}
                _ => bail!("the gateway says: {text}"),
            }
        }
        let read = socket.read(&mut buffer)?;
        ensure!(read > 0, "the gateway closed the connection");
        frames.bytes.extend_from_slice(&buffer[..read]);
    }
}

/// Reads the head of the answer; what comes after it is returned.
fn upgraded(socket: &mut TcpStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let read = socket.read(&mut buffer)?;
        ensure!(read > 0, "the gateway closed the connection");
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            ensure!(bytes.starts_with(b"HTTP/1.1 101"), "no WebSocket: {}", String::from_utf8_lossy(&bytes));
            return Ok(bytes.split_off(end + 4));
        }
    }
}

/// Reads until told to stop.
fn read_all(mut poll: Poll, mut clients: Vec<Client>, stop: &AtomicBool, mut tell: impl FnMut(Told)) {
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    while !stop.load(Ordering::Relaxed) {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => panic!("the system tells nothing more of the sockets: {error}"),
            Ok(()) => {}
        }
        for event in &events {
            if let Some(client) = clients.get_mut(event.token().0) {
                client.read(event.token().0, &mut buffer, &mut tell);
            }
        }
    }
}

impl Client {
    /// Reads what is there.
    fn read(&mut self, number: usize, buffer: &mut [u8], tell: &mut impl FnMut(Told)) {
        loop {
            let read = match self.socket.read(buffer) {
                Ok(0) => panic!("client {number} was left by the gateway"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("client {number}: {error}"),
            };
            let at = Instant::now();
            self.frames.bytes.extend_from_slice(&buffer[..read]);
            while let Some(frame) = self.frames.next() {
                match frame.opcode {
                    // Anything else is `ping` with places.
                    TEXT if frame.payload.starts_with(b"{\"id\"") => {
                        let data = b"\"data\":{\"priceChanged\":{";
                        assert!(
                            frame.payload.windows(data.len()).any(|found| found == data),
                            "client {number} was told: {}",
                            String::from_utf8_lossy(frame.payload)
                        );
                        tell(Told { nth: self.told, at });
                        self.told += 1;
                    }
                    PING => send(&mut self.socket, PONG, b"").expect("a pong always fits into a socket"),
                    CLOSE => panic!("client {number} was closed: {}", String::from_utf8_lossy(frame.payload)),
                    _ => {}
                }
            }
            self.frames.forget_what_was_read();
            // Nothing more is there, and the system tells when there is (epoll(7), question 9).
            if read < buffer.len() {
                return;
            }
        }
    }
}

impl Frames {
    /// The next whole frame. Servers don't mask theirs.
    fn next(&mut self) -> Option<Frame<'_>> {
        let left = &self.bytes[self.read..];
        let (&[first, second], rest) = left.split_first_chunk()?;
        let (head, length) = match second {
            126 => (4, u64::from(u16::from_be_bytes(*rest.first_chunk()?))),
            127 => (10, u64::from_be_bytes(*rest.first_chunk()?)),
            length => (2, u64::from(length)),
        };
        let payload = left.get(head..head + length as usize)?;
        self.read += head + payload.len();
        Some(Frame { opcode: first & 0x0f, payload })
    }

    fn forget_what_was_read(&mut self) {
        self.bytes.drain(..self.read);
        self.read = 0;
    }
}

/// Sends a frame, masked with nothing.
fn send(socket: &mut impl Write, opcode: u8, payload: &[u8]) -> std::io::Result<()> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&u16::try_from(length).expect("what clients say is short").to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    socket.write_all(&frame)
}
