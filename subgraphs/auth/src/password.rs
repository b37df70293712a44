//! Passwords: which are strong enough, and how they are hashed without stopping anything else.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::email::Email;
use crate::error::{Error, Result};

/// What one hash costs. The default is OWASP's minimum for argon2id: 19 MiB, two passes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Cost {
    /// Memory of one password hash, in KiB
    #[arg(long = "password-memory-kib", env = "PASSWORD_MEMORY_KIB", default_value_t = Params::DEFAULT_M_COST)]
    pub memory_kib: u32,
    /// Passes over that memory
    #[arg(long = "password-passes", env = "PASSWORD_PASSES", default_value_t = Params::DEFAULT_T_COST)]
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: Params::DEFAULT_M_COST, passes: Params::DEFAULT_T_COST }
    }
}

/// How long a login waits for its turn to hash. Beyond it the client is told to come back, since
/// its gateway's deadline would pass anyway.
const PATIENCE: Duration = Duration::from_secs(4);

/// Hashes and verifies passwords on blocking threads, a few at a time.
///
/// A hash is meant to be expensive, so the number that runs at once is bounded by the processors:
/// more of them would only take memory and starve the rest of the process.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// The hash of a password that nobody knows, verified when a user doesn't exist, so that the
    /// time of the answer doesn't tell who does.
    decoy: Arc<str>,
}

impl Passwords {
    /// Hashes at `cost`, at most as many at once as there are processors.
    pub fn new(cost: Cost) -> Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = argon2.hash_password(&rand::random::<[u8; 32]>())?.to_string();
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Self { argon2, turns: Arc::new(Semaphore::new(processors)), decoy: decoy.into() })
    }

    /// The PHC string to store for `password`.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.in_turn(move |argon2| Ok(argon2.hash_password(password.as_bytes())?.to_string())).await
    }

    /// Whether `password` is the one that `stored` was made of. Without a stored hash the answer
    /// is no, after the same work.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool> {
        let password = password.to_owned();
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        self.in_turn(move |argon2| {
            let hash = PasswordHash::new(&stored).map_err(|_| Error::Corrupt("a password hash"))?;
            Ok(argon2.verify_password(password.as_bytes(), &hash).is_ok() && known)
        })
        .await
    }

    async fn in_turn<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(Argon2<'static>) -> Result<T> + Send + 'static,
    {
        let waiting = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned());
        let turn = waiting.await.map_err(|_| Error::Busy)?.expect("the semaphore is never closed");
        let argon2 = self.argon2.clone();
        // The turn moves along: a request that is dropped doesn't end the work it started.
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(argon2)
        })
        .await?
    }
}

/// The shortest password that is accepted, in characters.
const SHORTEST: usize = 10;
/// The longest, in bytes: nobody needs more, and hashing megabytes would be a way to stop us.
const LONGEST: usize = 256;
/// The least number of different characters.
const DISTINCT: usize = 5;
/// Long passwords that every list of leaked ones begins with.
const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "123456789a",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "abcdefghij",
    "baseball123",
    "changeme123",
    "football123",
    "iloveyou123",
    "letmein123",
    "p@ssw0rd123",
    "passw0rd123",
    "password01",
    "password1!",
    "password12",
    "password123",
    "password1234",
    "princess123",
    "q1w2e3r4t5",
    "qazwsxedcr",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "sunshine123",
    "superman123",
    "welcome123",
    "zxcvbnm123",
];

/// Whether `password` is strong enough for the account of `email`; why not, if it isn't.
pub fn check_strength(password: &str, email: &Email) -> Result<()> {
    let lower = password.to_lowercase();
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let local = email.local_key();
    let weakness = if password.chars().count() < SHORTEST {
        "it needs at least 10 characters"
    } else if password.len() > LONGEST {
        "it is longer than 256 bytes"
    } else if distinct.len() < DISTINCT {
        "it needs at least 5 different characters"
    } else if COMMON.contains(&lower.as_str()) {
        "it is one of the most common passwords"
    } else if local.chars().count() >= 4 && lower.contains(local) {
        "it contains the e-mail address"
    } else {
        return Ok(());
    };
    Err(Error::WeakPassword(weakness))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn cheap() -> Passwords {
        Passwords::new(Cost { memory_kib: 64, passes: 1 }).unwrap()
    }

    #[tokio::test]
    async fn verifies_its_own_hashes_only() {
        let passwords = cheap();
        let stored = passwords.hash("correct horse").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("battery staple", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("correct horse", None).await.unwrap());
        assert_ne!(stored, passwords.hash("correct horse").await.unwrap(), "salts differ");
    }

    #[tokio::test]
    async fn an_unknown_user_costs_as_much_as_a_known_one() {
        let passwords = cheap();
        let decoy = PasswordHash::new(&passwords.decoy).unwrap();
        let real = passwords.hash("correct horse").await.unwrap();
        assert_eq!(decoy.params, PasswordHash::new(&real).unwrap().params);
    }

    /// Whatever a poll does itself, the other requests of its thread wait for.
    #[tokio::test]
    async fn no_poll_hashes() {
        let passwords = Passwords::new(Cost { memory_kib: 19_456, passes: 2 }).unwrap();
        let mut hash = std::pin::pin!(passwords.hash("correct horse"));
        assert!(hash.as_mut().now_or_never().is_none());
        let stored = hash.await.unwrap();
        let mut verify = std::pin::pin!(passwords.verify("correct horse", Some(&stored)));
        assert!(verify.as_mut().now_or_never().is_none());
        assert!(verify.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_house_says_so_instead_of_queueing_for_ever() {
        let passwords = cheap();
        let all = passwords.turns.available_permits() as u32;
        let _held = passwords.turns.acquire_many(all).await.unwrap();
        assert!(matches!(passwords.hash("correct horse").await, Err(Error::Busy)));
    }

    #[test]
    fn weak_passwords_are_named() {
        let email = Email::parse("grace@example.org").unwrap();
        for (password, why) in [
            ("short", "10 characters"),
            ("aaaaaaaaaaaabbb", "different characters"),
            ("Password123", "most common"),
            ("xx-GRACE-2024", "e-mail"),
            (&"long enough ".repeat(30), "256 bytes"),
        ] {
            let error = check_strength(password, &email).unwrap_err();
            assert!(error.to_string().contains(why), "{password}: {error}");
        }
        check_strength("correct horse battery", &email).unwrap();
    }
}
