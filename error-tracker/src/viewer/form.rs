//! What shows that a form came from these pages: a token that a foreign page cannot read.
//!
//! It is made of a secret and the day, so that every viewer of the same store takes it: one that was made for another
//! request, and one in another process. It is the same for all visitors; who may look may change, too. Within days it
//! expires for who may not look any more.

use crate::fork::LazyPerProcess;

use hmac_sha256::Hash;

use super::{AccessToken, Viewer};

/// A page may be left open for so many days before its forms are refused.
const MAX_DAYS: u64 = 7;

impl Viewer {
    /// Returns what the forms of a page carry.
    pub(super) fn form_token(&self) -> AccessToken {
        self.token_of(self.today())
    }

    /// Returns whether a form carries what one of ours does.
    pub(super) fn is_form_token(&self, text: &str) -> bool {
        let today = self.today();
        (0..=MAX_DAYS).any(|days| today >= days && self.token_of(today - days).matches(text))
    }

    fn today(&self) -> u64 {
        (self.now)().hour() / 24
    }

    fn token_of(&self, day: u64) -> AccessToken {
        let Some(secret) = self.store.secret().ok().flatten().or_else(of_process) else {
            return AccessToken::none();
        };
        let mut hasher = Hash::new();
        hasher.update("error-tracker form");
        hasher.update(secret);
        hasher.update(day.to_le_bytes());
        AccessToken::of(&hasher.finalize())
    }
}

/// For stores without a secret of their own. Where the system has no random source there is none, and no form is taken.
fn of_process() -> Option<[u8; 32]> {
    static SECRET: LazyPerProcess<Option<[u8; 32]>> = LazyPerProcess::new(|| {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok().map(|()| bytes)
    });
    *SECRET.get()
}
