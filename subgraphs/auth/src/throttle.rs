//! How often somebody may guess.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use crate::accounts::Origin;
use crate::email::Email;
use crate::error::{Error, Result};
use crate::store::{Attempts, Bucket};

/// The time over which attempts are counted, from the first one on.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Wrong passwords for one account from one address: somebody who tries to remember.
const PER_EMAIL_AND_ADDRESS: i64 = 10;
/// Wrong passwords for one account from anywhere: many machines that guess at one person's. It is
/// higher, because whoever reaches it locks the owner out as well.
const PER_EMAIL: i64 = 50;
/// Wrong passwords from one address: one machine that tries leaked passwords on many accounts. It
/// is higher, because an office shares an address.
const PER_ADDRESS: i64 = 100;
/// Registrations from one address that failed: one machine that asks who is a customer.
const REGISTRATIONS: i64 = 20;

/// Refuses guesses beyond a limit. Only wrong guesses count in the end.
#[derive(Clone)]
pub struct Throttle(Attempts);

impl Throttle {
    /// Counts in `attempts`.
    pub fn new(attempts: Attempts) -> Self {
        Self(attempts)
    }

    /// What a login counts towards.
    pub fn login(email: &Email, origin: &Origin) -> Vec<Bucket> {
        let mut buckets = Vec::with_capacity(3);
        // Narrow ones first: what they refuse doesn't use up the wider ones.
        if let Some(network) = network(origin) {
            let both = format!("{} {network}", email.key());
            buckets.push(Bucket {
                scope: "login:email+address",
                subject: both,
                limit: PER_EMAIL_AND_ADDRESS,
            });
            buckets.push(Bucket { scope: "login:address", subject: network, limit: PER_ADDRESS });
        }
        buckets.push(Bucket { scope: "login:email", subject: email.key().to_owned(), limit: PER_EMAIL });
        buckets
    }

    /// What a registration counts towards.
    pub fn registration(origin: &Origin) -> Vec<Bucket> {
        let bucket = |subject| Bucket { scope: "register:address", subject, limit: REGISTRATIONS };
        network(origin).map(bucket).into_iter().collect()
    }

    /// Makes an attempt, counting it towards `buckets` beforehand, so that guesses sent at the same time count too.
    /// What turns out to be no wrong guess is taken back.
    pub async fn attempt<T>(
        &self,
        buckets: &[Bucket],
        now: DateTime<Utc>,
        attempt: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.begin(buckets, now).await?;
        let outcome = attempt.await;
        if !outcome.as_ref().is_err_and(Error::is_wrong_guess) {
            self.forgive(buckets, now).await?;
        }
        outcome
    }

    async fn begin(&self, buckets: &[Bucket], now: DateTime<Utc>) -> Result<()> {
        for (index, bucket) in buckets.iter().enumerate() {
            if let Some(retry_after) = self.0.begin(bucket, WINDOW, now).await? {
                // A guess that isn't looked at teaches nothing, so it counts nowhere else: else one
                // address that hammers on could use up the account's own limit.
                self.forgive(&buckets[..index], now).await?;
                tracing::warn!(scope = bucket.scope, "attempts are refused for now");
                return Err(Error::TooManyAttempts { retry_after });
            }
        }
        Ok(())
    }

    async fn forgive(&self, buckets: &[Bucket], now: DateTime<Utc>) -> Result<()> {
        for bucket in buckets {
            self.0.forgive(bucket, now).await?;
        }
        Ok(())
    }
}

/// What one customer of a network provider has: an IPv4 address, or the 2^64 addresses of an IPv6
/// network.
fn network(origin: &Origin) -> Option<String> {
    let address = origin.address.as_deref()?;
    Some(match address.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]),
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Option<String> {
        network(&Origin { address: Some(address.to_owned()), agent: None })
    }

    #[test]
    fn an_ipv6_network_is_one_and_an_ipv4_address_is_itself() {
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn the_narrowest_limit_comes_where_it_protects_the_wider_ones() {
        let email = Email::parse("ada@example.org").unwrap();
        let scopes = |origin| Throttle::login(&email, &origin).iter().map(|b| b.scope).collect::<Vec<_>>();
        let known = Origin { address: Some("192.0.2.1".into()), agent: None };
        assert_eq!(scopes(known), ["login:email+address", "login:address", "login:email"]);
        assert_eq!(scopes(Origin::default()), ["login:email"]);
    }
}
