//! Reading one setting: its value, or a mistake to report and a stand-in to go on with.

use std::{
    fs::File,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use super::{ConfigErrors, Network};

/// Collects mistakes while settings are read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    mistakes: Vec<String>,
}

/// What reading goes on with after a mistake; no configuration that holds one is ever used.
pub(super) trait StandIn {
    fn stand_in() -> Self;
}

impl StandIn for SocketAddr {
    fn stand_in() -> Self {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }
}

impl StandIn for Network {
    fn stand_in() -> Self {
        Network::default()
    }
}

impl StandIn for NonZeroU32 {
    fn stand_in() -> Self {
        NonZeroU32::MIN
    }
}

impl Reader {
    /// Ends reading.
    pub(super) fn finish(self) -> Result<(), ConfigErrors> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(ConfigErrors(self.mistakes)) }
    }

    /// Reports a mistake; the text begins with the flag's name.
    pub(super) fn mistake(&mut self, text: String) {
        self.mistakes.push(text);
    }

    /// Anything that parses.
    pub(super) fn parse<T: FromStr + StandIn>(&mut self, flag: &str, text: &str, wanted: &str) -> T {
        text.parse().unwrap_or_else(|_| {
            self.mistake(format!("{flag}: {text:?} isn't {wanted}"));
            T::stand_in()
        })
    }

    /// A number above 0.
    pub(super) fn count(&mut self, flag: &str, text: &str) -> u64 {
        match text.parse() {
            Ok(0) | Err(_) => {
                self.mistake(format!("{flag}: {text:?} isn't a number above 0"));
                1
            }
            Ok(number) => number,
        }
    }

    /// A number.
    pub(super) fn count_or_zero(&mut self, flag: &str, text: &str) -> u64 {
        text.parse().unwrap_or_else(|_| {
            self.mistake(format!("{flag}: {text:?} isn't a number"));
            0
        })
    }

    /// A size: bytes, or with a unit.
    pub(super) fn bytes(&mut self, flag: &str, text: &str) -> u64 {
        const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];
        with_unit(text, &UNITS).unwrap_or_else(|| {
            self.mistake(format!("{flag}: {text:?} isn't a size like 65536, 64KiB or 1MiB"));
            1
        })
    }

    /// A size, or nothing.
    pub(super) fn bytes_or_zero(&mut self, flag: &str, text: &str) -> u64 {
        if text == "0" { 0 } else { self.bytes(flag, text) }
    }

    /// A time with its unit.
    pub(super) fn duration(&mut self, flag: &str, text: &str) -> Duration {
        const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
        with_unit(text, &UNITS).map(Duration::from_millis).unwrap_or_else(|| {
            self.mistake(format!("{flag}: {text:?} isn't a time like 500ms, 10s or 5m"));
            Duration::from_secs(1)
        })
    }

    /// A file that is read later.
    pub(super) fn file(&mut self, flag: &str, path: &Path) -> PathBuf {
        if let Err(error) = File::open(path) {
            self.mistake(format!("{flag}: can't read {}: {error}", path.display()));
        }
        path.to_owned()
    }

    /// A name that can be a token of a NATS subject.
    pub(super) fn name(&mut self, flag: &str, text: &str) -> String {
        let mut bytes = text.bytes();
        let good = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !good {
            self.mistake(format!("{flag}: {text:?} isn't a name: a letter, then letters, digits, _ and -"));
        }
        text.to_owned()
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    number.parse::<u64>().ok()?.checked_mul(factor).filter(|value| *value > 0)
}
