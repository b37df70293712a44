//! JSON text, read in place: no tree is built, values stay byte ranges of the text.
//!
//! Whoever reads a value in pieces and whoever skips it apply the same grammar, so that a value which was
//! skipped can be forwarded as it is.

use std::borrow::Cow;
use std::ops::Range;

/// How deep values may be nested. Deeper text is refused, so that recursion over it is bounded.
pub const MAX_DEPTH: u32 = 128;

/// Where the text stops being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct SyntaxError {
    /// The byte's offset.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// What kind of value comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or `-`.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`
    Null,
}

/// An object's key (or any string) as it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// With its quotes.
    quoted: &'a [u8],
    escaped: bool,
}

/// Reads one JSON text from its beginning. The bytes must be known to be UTF-8; nothing else is taken for granted.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    /// Whether the innermost object or array had an entry already.
    started: bool,
}

type Result<T> = std::result::Result<T, SyntaxError>;

impl<'a> Reader<'a> {
    /// Reads from the beginning of the text.
    pub fn new(text: &'a [u8]) -> Self {
        Self { bytes: text, at: 0, depth: 0, started: false }
    }

    /// What comes next.
    #[inline]
    pub fn kind(&mut self) -> Result<Kind> {
        self.skip_whitespace();
        match self.bytes.get(self.at) {
            Some(b'"') => Ok(Kind::String),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => self.fail("unexpected character"),
            None => self.fail("unexpected end"),
        }
    }

    /// Passes over the next value, whatever it is.
    pub fn skip(&mut self) -> Result<()> {
        match self.kind()? {
            Kind::String => {
                self.text()?;
            }
            Kind::Number => self.number()?,
            Kind::Boolean if self.bytes[self.at] == b't' => self.word(b"true")?,
            Kind::Boolean => self.word(b"false")?,
            Kind::Null => self.word(b"null")?,
            Kind::Object => {
                self.begin_object()?;
                while self.next_key()?.is_some() {
                    self.skip()?;
                }
            }
            Kind::Array => {
                self.begin_array()?;
                while self.next_element()? {
                    self.skip()?;
                }
            }
        }
        Ok(())
    }

    /// Passes over the next value; its range in the text.
    pub fn skip_range(&mut self) -> Result<Range<usize>> {
        self.skip_whitespace();
        let start = self.at;
        self.skip()?;
        Ok(start..self.at)
    }

    /// How far it has read: an offset into the text.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Passes over the next value; its text.
    pub fn skip_raw(&mut self) -> Result<&'a [u8]> {
        self.skip_range().map(|range| &self.bytes[range])
    }

    /// Enters an object; [`Reader::next_key`] follows.
    pub fn begin_object(&mut self) -> Result<()> {
        self.begin(b'{', "expected an object")
    }

    /// The object's next key, whose value must then be read; `None` leaves the object.
    #[inline]
    pub fn next_key(&mut self) -> Result<Option<Text<'a>>> {
        if !self.next_entry(b'}')? {
            return Ok(None);
        }
        let key = self.text()?;
        self.skip_whitespace();
        if self.bytes.get(self.at) != Some(&b':') {
            return self.fail("expected a colon");
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Enters an array; [`Reader::next_element`] follows.
    pub fn begin_array(&mut self) -> Result<()> {
        self.begin(b'[', "expected an array")
    }

    /// Whether another element follows, which must then be read; `false` leaves the array.
    #[inline]
    pub fn next_element(&mut self) -> Result<bool> {
        self.next_entry(b']')
    }

    /// A string.
    pub fn text(&mut self) -> Result<Text<'a>> {
        self.skip_whitespace();
        let start = self.at;
        if self.bytes.get(self.at) != Some(&b'"') {
            return self.fail("expected a string");
        }
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.fail("control character in a string"),
                None => return self.fail("unexpected end of a string"),
            }
        }
        self.at += 1;
        Ok(Text { quoted: &self.bytes[start..self.at], escaped })
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Result<()> {
        self.skip_whitespace();
        if self.at < self.bytes.len() { self.fail("unexpected text after the value") } else { Ok(()) }
    }

    fn begin(&mut self, bracket: u8, what: &'static str) -> Result<()> {
        self.skip_whitespace();
        if self.bytes.get(self.at) != Some(&bracket) {
            return self.fail(what);
        }
        if self.depth == MAX_DEPTH {
            return self.fail("values are nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        self.started = false;
        Ok(())
    }

    #[inline]
    fn next_entry(&mut self, close: u8) -> Result<bool> {
        self.skip_whitespace();
        let first = !std::mem::replace(&mut self.started, true);
        match self.bytes.get(self.at) {
            Some(&byte) if byte == close => {
                self.at += 1;
                self.depth -= 1;
                // Whatever is around it has just had an entry: this one.
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            Some(_) => self.fail("expected a comma or the end of the list"),
            None => self.fail("unexpected end"),
        }
    }

    fn escape(&mut self) -> Result<()> {
        self.at += 1;
        match self.bytes.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return self.fail("invalid escape");
                }
                self.at += 5;
            }
            _ => return self.fail("invalid escape"),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<()> {
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return self.fail("invalid number"),
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<()> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { self.fail("invalid number") } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return self.fail("unexpected word");
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    #[cold]
    fn fail<T>(&self, what: &'static str) -> Result<T> {
        Err(SyntaxError { at: self.at.min(self.bytes.len()), what })
    }
}

impl<'a> Text<'a> {
    /// Whether it says exactly this.
    #[inline]
    pub fn is(&self, text: &str) -> bool {
        if self.escaped {
            self.decode().is_some_and(|own| own == text)
        } else {
            self.inner() == text.as_bytes()
        }
    }

    /// What it says; `None` for half of a surrogate pair, which no text can say.
    pub fn decode(&self) -> Option<Cow<'a, str>> {
        if self.escaped {
            serde_json::from_slice(self.quoted).ok().map(Cow::Owned)
        } else {
            std::str::from_utf8(self.inner()).ok().map(Cow::Borrowed)
        }
    }

    /// With its quotes and escapes.
    pub fn quoted(&self) -> &'a [u8] {
        self.quoted
    }

    fn inner(&self) -> &'a [u8] {
        &self.quoted[1..self.quoted.len() - 1]
    }
}

/// The value of a number's text where it is an integer of 32 bits. `1.0` and `1e2` are: nothing is lost.
pub fn int32(number: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(number).ok()?;
    if is_integer(number) {
        return text.parse().ok();
    }
    let value: f64 = text.parse().ok()?;
    let fits = value.fract() == 0.0 && value >= f64::from(i32::MIN) && value <= f64::from(i32::MAX);
    fits.then_some(value as i32)
}

/// Whether a number's text has neither fraction nor exponent.
pub fn is_integer(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Writes a text as a JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing to memory doesn't fail");
}

/// How many bytes at the beginning are neither quote, nor backslash, nor control character.
#[inline]
fn plain_run(bytes: &[u8]) -> usize {
    // Most keys and many values end within the first eight bytes; long texts are looked at 32 bytes at a time.
    let mut at = match bytes.first_chunk().map(first_special) {
        Some(Some(found)) => return found,
        Some(None) => 8,
        None => 0,
    };
    while let Some(chunk) = bytes[at..].first_chunk::<32>()
        && !chunk.iter().fold(false, |any, &byte| any | is_special(byte))
    {
        at += 32;
    }
    while let Some(chunk) = bytes[at..].first_chunk() {
        match first_special(chunk) {
            Some(found) => return at + found,
            None => at += 8,
        }
    }
    at + bytes[at..].iter().take_while(|&&byte| !is_special(byte)).count()
}

#[inline]
fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// The first special one of eight bytes, which are looked at as one number.
#[inline]
fn first_special(chunk: &[u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let word = u64::from_le_bytes(*chunk);
    let quote = is_zero(word ^ (ONES * u64::from(b'"')));
    let backslash = is_zero(word ^ (ONES * u64::from(b'\\')));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    // The lowest bit that is set belongs to the first special byte.
    let found = (quote | backslash | control) & HIGHS;
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests;
