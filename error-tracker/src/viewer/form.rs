//! The token that proves that a form came from these pages, because other sites cannot read it.
//!
//! It is a hash of a secret and the day, so that every viewer of the same store accepts it, in this
//! and other processes. It is the same for all visitors: who may view may also change. It expires
//! after some days for visitors who lost the permission.

use crate::fork::LazyPerProcess;

use hmac_sha256::Hash;

use super::{AccessToken, Viewer};

/// Days after which the forms of an open page are refused.
const MAX_DAYS: u64 = 7;

impl Viewer {
    /// Returns the token for the forms of a page.
    pub(super) fn form_token(&self) -> AccessToken {
        self.token_of(self.today())
    }

    /// Returns whether `text` is a valid token of a form.
    pub(super) fn accepts_form_token(&self, text: &str) -> bool {
        let today = self.today();
        (0..=MAX_DAYS).any(|days| today >= days && self.token_of(today - days).matches(text))
    }

    fn today(&self) -> u64 {
        (self.now)().hour() / 24
    }

    fn token_of(&self, day: u64) -> AccessToken {
        let Some(secret) = self.store.secret().ok().flatten().or_else(process_secret) else {
            return AccessToken::none();
        };
        let mut hasher = Hash::new();
        hasher.update("error-tracker form");
        hasher.update(secret);
        hasher.update(day.to_le_bytes());
        AccessToken::of(&hasher.finalize())
    }
}

/// Returns a secret for stores that have none. Without a random source of the system there is none,
/// and no form is accepted.
fn process_secret() -> Option<[u8; 32]> {
    static SECRET: LazyPerProcess<Option<[u8; 32]>> = LazyPerProcess::new(|| {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok().map(|()| bytes)
    });
    *SECRET.get()
}
