//! Cutting a payload into parts and putting it together again: `cargo bench -p tributary-bench --bench parts`.

use std::hint::black_box;

use async_nats::HeaderMap;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tributary_protocol::parts::{Assembled, Assembler, Limits, PartNumber, split};

/// What nats-server takes if nothing else is said.
const MAX_PAYLOAD: usize = 1 << 20;

fn whole(payload: &Bytes) -> Bytes {
    let parts =
        split(HeaderMap::new(), payload.clone(), Limits::new(MAX_PAYLOAD)).expect("it is within the limits");
    let mut parts = parts.into_iter().map(|part| {
        let number = PartNumber::from_headers(Some(&part.headers)).expect("its number is good");
        (number.expect("it has one"), part.payload)
    });
    let (number, payload) = parts.next().expect("there are several");
    let (mut assembler, mut assembled) =
        Assembler::start(number, &payload, 16 << 20).expect("the first is first");
    for (number, payload) in parts {
        assembled = assembler.push(number, &payload).expect("they are in order");
    }
    match assembled {
        Assembled::Complete(payload) => payload,
        Assembled::Pending => unreachable!("that was the last one"),
    }
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a payload cut into parts and put together");
    for megabytes in [2, 5, 15] {
        let payload = Bytes::from(vec![b'x'; megabytes << 20]);
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function(format!("{megabytes} MiB"), |bencher| {
            bencher.iter(|| black_box(whole(&payload)))
        });
    }
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);
