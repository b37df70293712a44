//! The private servers that everybody's tests use.

use std::net::TcpStream;
use std::time::Instant;

use xtask::servers::{Nats, mongodb, postgres};

#[test]
fn nats_starts_again_at_the_same_port() {
    let mut nats = Nats::start();
    let (url, pid) = (nats.url(), nats.pid());
    nats.kill();
    assert!(TcpStream::connect(url.trim_start_matches("nats://")).is_err());
    nats.restart();
    assert_eq!(nats.url(), url);
    assert_ne!(nats.pid(), pid);
    TcpStream::connect(url.trim_start_matches("nats://")).unwrap();
}

#[test]
fn nats_goes_with_its_handle() {
    let nats = Nats::start();
    let url = nats.url();
    drop(nats);
    assert!(TcpStream::connect(url.trim_start_matches("nats://")).is_err());
}

#[test]
fn each_test_has_databases_of_its_own() {
    let started = Instant::now();
    let server = postgres();
    let (one, other) = (server.create_database("products"), postgres().create_database("products"));
    assert_ne!(one, other);
    assert!(one.rsplit_once('/').unwrap().1.starts_with("products_"), "{one}");
    eprintln!("two databases after {:?}", started.elapsed());
}

#[test]
fn mongodb_accepts_connections() {
    let started = Instant::now();
    let (one, other) = (mongodb(), mongodb());
    assert_ne!(one.database_name(), other.database_name());
    let address = one.url();
    let address = address.trim_start_matches("mongodb://").split('/').next().unwrap();
    TcpStream::connect(address).unwrap();
    eprintln!("ready after {:?}", started.elapsed());
}
