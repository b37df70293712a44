//! From an event to those who have subscribed: `cargo bench -p tributary-bench --bench fan_out`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tributary::subscription::{Delivery, Entry, Mailbox, MailboxLimits, Place, Router, Tokens, Wanted};
use tributary_federation::event::SlowConsumer;

const SUBSCRIPTIONS: usize = 10_000;

fn one(token: &str) -> Tokens {
    Tokens::OneOf(vec![token.into()])
}

fn prices(id: Tokens) -> Wanted {
    let subject = [one("events"), one("prices"), one("Item"), id, one("price")];
    Wanted { subject: subject.into(), conditions: None }
}

fn router(id: impl Fn(usize) -> Tokens) -> Router<usize> {
    let mut router = Router::default();
    (0..SUBSCRIPTIONS).for_each(|at| router.insert(at, &prices(id(at))));
    router
}

fn found(router: &Router<usize>, subject: &str) -> usize {
    let mut count = 0;
    router.find(subject, |_| count += 1);
    count
}

fn finding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("an event's subject looked up among 10,000 subscriptions");
    let apart = router(|at| one(&at.to_string()));
    let (subject, nobodys) = ("events.prices.Item.5000.price", "events.prices.Item.none.price");
    assert_eq!((found(&apart, subject), found(&apart, nobodys)), (1, 0));
    group.bench_function("each of one id", |bencher| bencher.iter(|| found(&apart, black_box(subject))));
    group.bench_function("nobody's", |bencher| bencher.iter(|| found(&apart, black_box(nobodys))));
    let same = router(|_| Tokens::Any);
    assert_eq!(found(&same, subject), SUBSCRIPTIONS);
    group.throughput(Throughput::Elements(SUBSCRIPTIONS as u64));
    group.bench_function("all of any id", |bencher| bencher.iter(|| found(&same, black_box(subject))));
    group.finish();
}

fn giving(criterion: &mut Criterion) {
    let limits = MailboxLimits { results: 256, bytes: 1 << 20 };
    let place = Place { created: 1, sequence: 1 };
    let result = br#"{"data":{"priceChanged":{"id":"1","name":"Item 1","price":1}}"#;
    let delivery = Arc::new(Delivery::new(Some(place), 1, result.to_vec()));
    let mailboxes = || (0..SUBSCRIPTIONS).map(|_| Mailbox::new(limits)).collect::<Vec<_>>();
    let give = |mailboxes: Vec<Mailbox>| {
        for mailbox in &mailboxes {
            mailbox.give(1, delivery.clone(), SlowConsumer::All).expect("there is room");
        }
        mailboxes
    };
    let mut group = criterion.benchmark_group("a result for 10,000 clients");
    group.throughput(Throughput::Elements(SUBSCRIPTIONS as u64));
    group.bench_function("put into their mailboxes", |bencher| {
        bencher.iter_batched(mailboxes, give, BatchSize::PerIteration);
    });
    let mut frame = Vec::with_capacity(1024);
    group.bench_function("taken out and written", |bencher| {
        let take = |mailboxes: Vec<Mailbox>| {
            for mailbox in &mailboxes {
                frame.clear();
                if let Some(Entry::Next { delivery, skipped, .. }) = mailbox.take() {
                    delivery.write(skipped, &mut frame);
                }
            }
            mailboxes
        };
        bencher.iter_batched(|| give(mailboxes()), take, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, finding, giving);
criterion_main!(benches);
