//! The reply subjects `_GQL.<name>.<gateway>.<token>`, read and written without copies of their parts,
//! since each message passes here. What they mean is [`tributary_protocol::ReplySubject`].

use super::token::Token;

const PREFIX: &str = "_GQL";

/// Where the replies to one send come.
pub(super) fn reply(name: &str, gateway: &str, token: Token) -> String {
    format!("{PREFIX}.{name}.{gateway}.{token}")
}

/// Takes apart what [`reply`] makes; the name is the one that the server let the sender use.
pub(super) fn parse_reply<'a>(subject: &'a str, gateway: &str) -> Option<(&'a str, Token)> {
    let (name, rest) = subject.strip_prefix(PREFIX)?.strip_prefix('.')?.split_once('.')?;
    let token = rest.strip_prefix(gateway)?.strip_prefix('.')?;
    Some((name, Token::parse(token)?))
}

#[cfg(test)]
mod tests {
    use tributary_protocol::ReplySubject;

    use super::*;

    #[test]
    fn they_are_the_protocols() {
        let token = Token { index: 1, generation: 2, secret: 3 };
        let written = reply("products", "gw1", token);
        assert_eq!(parse_reply(&written, "gw1"), Some(("products", token)));
        let read: ReplySubject = written.parse().unwrap();
        assert_eq!(read.to_string(), written);
        assert_eq!(read.token.as_str(), token.to_string());
    }
}
