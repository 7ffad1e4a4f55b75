//! HTTP Basic authentication.

use std::fmt;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::{Choice, ConstantTimeEq};

/// Name and password of the one user, in the form that a client sends.
pub(super) struct Credentials {
    /// In each encoding that clients use: UTF-8, and ISO 8859-1 where it differs.
    tokens: Vec<Vec<u8>>,
}

impl Credentials {
    /// # Errors
    /// `InvalidInput` for a name or password that no client can send.
    pub(super) fn new(username: &str, password: &str) -> io::Result<Self> {
        let refuse = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if username.is_empty() || username.contains(':') {
            return refuse("a username has one character or more, and no colon");
        }
        if password.is_empty() {
            return refuse("a password has one character or more");
        }
        let pair = format!("{username}:{password}");
        if pair.chars().any(char::is_control) {
            return refuse("a username or password has no control characters");
        }
        let latin: Option<Vec<u8>> = pair.chars().map(|c| u8::try_from(c).ok()).collect();
        let mut tokens = vec![STANDARD.encode(&pair).into_bytes()];
        if let Some(latin) = latin.filter(|_| !pair.is_ascii()) {
            tokens.push(STANDARD.encode(latin).into_bytes());
        }
        Ok(Self { tokens })
    }

    /// Whether the value of the header `Authorization` is correct. The comparison takes constant
    /// time.
    pub(super) fn accepts(&self, header: Option<&[u8]>) -> bool {
        let Some((scheme, token)) = header.and_then(|header| header.split_at_checked(6)) else {
            return false;
        };
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return false;
        }
        let token = token.trim_ascii();
        let choose = |is_right: Choice, right: &Vec<u8>| is_right | right.as_slice().ct_eq(token);
        self.tokens.iter().fold(Choice::from(0), choose).into()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(credentials: &Credentials, header: &str) -> bool {
        credentials.accepts(Some(header.as_bytes()))
    }

    #[test]
    fn only_the_right_pair_is_admitted() {
        let credentials = Credentials::new("admin", "secret").unwrap();
        let right = STANDARD.encode("admin:secret");
        assert!(admits(&credentials, &format!("Basic {right}")));
        assert!(admits(&credentials, &format!("bAsIc  {right} ")));
        for wrong in
            ["admin:secre", "admin:secrets", "admin:Secret", "admin", "", ":", "root:secret"]
        {
            assert!(!admits(&credentials, &format!("Basic {}", STANDARD.encode(wrong))), "{wrong}");
        }
        for wrong in
            ["", "Basic", "Basic ", "Bearer x", "Basic %%%", &right, &format!("Basic{right}")]
        {
            assert!(!admits(&credentials, wrong), "{wrong}");
        }
        assert!(!credentials.accepts(None));
        assert!(!credentials.accepts(Some(b"\xff\xff\xff\xff\xff\xff\xff")));
    }

    #[test]
    fn a_password_beyond_ascii_is_admitted_in_both_encodings() {
        let credentials = Credentials::new("admin", "Käse").unwrap();
        for bytes in [&b"admin:K\xc3\xa4se"[..], b"admin:K\xe4se"] {
            assert!(admits(&credentials, &format!("Basic {}", STANDARD.encode(bytes))));
        }
        assert!(!admits(&credentials, &format!("Basic {}", STANDARD.encode("admin:Kase"))));
    }

    #[test]
    fn credentials_that_no_client_can_send_are_refused() {
        for (username, password) in [("", "p"), ("a:b", "p"), ("a", ""), ("a\n", "p"), ("a", "\0")]
        {
            let refusal = Credentials::new(username, password).unwrap_err();
            assert_eq!(refusal.kind(), io::ErrorKind::InvalidInput);
        }
    }
}
