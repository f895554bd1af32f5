//! The messages to people about an issue, which the store's outbox remembers.

use serde::Serialize;

use super::Visit;
use super::moment::DisplayTime;
use super::words::PageWords;
use crate::event::Issue;
use crate::store::{OutboxRecord, StoreError};

/// Messages that are shown at once; the others are folded.
const SHOWN: usize = 5;

/// Messages, the newest first.
#[derive(Default, Serialize)]
pub(super) struct DeliveryList {
    shown: Vec<DeliveryView>,
    folded: Vec<DeliveryView>,
}

#[derive(Serialize)]
struct DeliveryView {
    channel: String,
    reason: String,
    state: &'static str,
    /// When it was sent, failed or held back; of one that waits, when it was added.
    at: DisplayTime,
    attempts: u64,
    result: String,
}

/// Returns the messages about an issue and about `parts`, which were merged into it.
pub(super) fn deliveries<'a>(
    visit: &Visit<'_>,
    issue: &'a Issue,
    parts: impl IntoIterator<Item = &'a str>,
) -> Result<DeliveryList, StoreError> {
    let Some(outbox) = visit.viewer.store.outbox() else { return Ok(DeliveryList::default()) };
    let hashes: Vec<&str> = [&*issue.hash].into_iter().chain(parts).collect();
    let view = |record: OutboxRecord| DeliveryView {
        reason: reason_text(visit.words, &record.message.reason),
        channel: record.message.channel,
        state: record.state.as_str(),
        at: DisplayTime::new(
            record.finished.unwrap_or(record.message.created),
            visit.now,
            visit.words,
        ),
        attempts: record.attempts,
        result: record.result,
    };
    let mut shown: Vec<_> = outbox.history_of_all(&hashes)?.into_iter().map(view).collect();
    // One more takes no more space than the line that unfolds it.
    let folded = if shown.len() > SHOWN + 1 { shown.split_off(SHOWN) } else { Vec::new() };
    Ok(DeliveryList { shown, folded })
}

/// Returns the text for a reason, such as `seen 1,000 times` for `milestone/1000`; its name if it is
/// one of another crate.
fn reason_text(words: &PageWords, reason: &str) -> String {
    let mut parts = reason.split('/');
    let name = parts.next().unwrap_or_default();
    let count = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let key = format!("told_{name}");
    match words.get(&key) {
        unknown if unknown == key => name.to_owned(),
        text => text.replace("{n}", &words.number(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::reason_text;
    use crate::viewer::words::PageWords;

    #[test]
    fn a_reason_is_a_text_in_the_language_of_the_reader() {
        let (english, french) = (PageWords::preferred(None), PageWords::preferred(Some("fr")));
        for (reason, in_english, in_french) in [
            ("new", "new issue", "nouveau problème"),
            ("milestone/1000", "seen 1,000 times", "vu 1\u{202f}000 fois"),
            ("spike/30/5/77", "seen unusually often", "vu anormalement souvent"),
            ("resolved/1790000000", "resolved", "résolu"),
            ("page-duty/7", "page-duty", "page-duty"),
            ("", "", ""),
        ] {
            assert_eq!(reason_text(english, reason), in_english);
            assert_eq!(reason_text(french, reason), in_french);
        }
    }
}
