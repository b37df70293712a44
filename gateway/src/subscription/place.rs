//! Where a client is in a stream of events.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A place in a stream: after the event of that number. Clients keep it as they got it, and bring it back to go on.
///
/// A stream that was deleted and made again counts from 1 again, so the time of its making belongs to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// When the stream was made, in nanoseconds since 1970.
    pub created: i64,
    /// The last event that the client has; 0 before the first.
    pub sequence: u64,
}

impl Place {
    /// Of what has no places.
    pub const NONE: Self = Self { created: 0, sequence: 0 };
}

/// A text that no gateway gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the place isn't one that a gateway gave")]
pub struct PlaceError;

/// The form of the token; another one would have another.
const FORM: u8 = 1;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [FORM; 17];
        bytes[1..9].copy_from_slice(&self.created.to_be_bytes());
        bytes[9..].copy_from_slice(&self.sequence.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| PlaceError)?;
        let [FORM, rest @ ..] = &bytes[..] else { return Err(PlaceError) };
        let (created, sequence) = rest.split_first_chunk::<8>().ok_or(PlaceError)?;
        let sequence = sequence.try_into().map_err(|_| PlaceError)?;
        Ok(Self { created: i64::from_be_bytes(*created), sequence: u64::from_be_bytes(sequence) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_survives(created: i64, sequence: u64) {
            let place = Place { created, sequence };
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }

        #[test]
        fn anything_else_is_refused(text in ".{0,40}") {
            if let Ok(place) = text.parse::<Place>() {
                prop_assert_eq!(place.to_string(), text);
            }
        }
    }

    #[test]
    fn another_form_is_another_place() {
        let place = Place { created: 1, sequence: 2 }.to_string();
        assert_eq!(place.len(), 23, "short enough for an SSE id and a header");
        for wrong in
            [format!("{place}A"), place[1..].to_owned(), place.replacen("AQ", "Ag", 1), String::new()]
        {
            assert_eq!(wrong.parse::<Place>(), Err(PlaceError), "{wrong}");
        }
    }
}
