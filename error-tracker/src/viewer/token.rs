use std::fmt::{self, Write};

/// 256 random bits as 64 hexadecimal digits, compared in constant time. `Debug` does not show them.
#[derive(Clone)]
pub struct AccessToken(String);

impl AccessToken {
    /// Creates a token from the system's random source.
    ///
    /// If the system has none, the token matches no text.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0_u8; 32];
        if getrandom::fill(&mut bytes).is_err() { Self::none() } else { Self::of(&bytes) }
    }

    /// Returns a token that matches no text.
    pub(super) fn none() -> Self {
        Self(String::new())
    }

    pub(super) fn of(bytes: &[u8; 32]) -> Self {
        let mut digits = String::with_capacity(64);
        for byte in bytes {
            let _ = write!(digits, "{byte:02x}");
        }
        Self(digits)
    }

    /// Returns the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether `text` is this token, in constant time.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if self.0.is_empty() || text.len() != self.0.len() {
            return false;
        }
        let differing = self.0.bytes().zip(text.bytes()).fold(0, |found, (a, b)| found | (a ^ b));
        std::hint::black_box(differing) == 0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::AccessToken;

    #[test]
    fn a_token_matches_itself_only() {
        let (one, other) = (AccessToken::random(), AccessToken::random());
        assert_eq!(one.as_str().len(), 64);
        assert!(one.matches(one.as_str()) && !one.matches(other.as_str()) && !one.matches(""));
        assert!(!AccessToken(String::new()).matches(""));
        assert_eq!(format!("{one:?}"), "AccessToken(..)");
    }
}
