//! Searches text without regard to case, for letters of all scripts.

/// Returns whether `text` contains `part`.
pub(super) fn contains(text: &str, part: &str) -> bool {
    if text.is_ascii() && part.is_ascii() {
        return text.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
    }
    fold_case(text).contains(&fold_case(part))
}

/// Folds the case of letters of all scripts: two texts that differ in case only have the same
/// folded text.
///
/// Converts to upper case first, because some letters have several lower-case forms (`σ`, `ς`), and
/// some have an upper-case form of two letters (`ß`).
#[must_use]
pub fn fold_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn letters_of_any_script_are_found_in_either_case() {
        for (text, part) in [
            ("Élan", "é"),
            ("élan", "É"),
            ("ÄPFEL", "äp"),
            ("ΟΔΟΣ", "σ"),
            ("οδος", "Σ"),
            ("οδος", "σ"),
            ("Straße", "SS"),
            ("STRASSE", "ß"),
            ("Жук", "ж"),
            ("ᏸ", "Ᏸ"),
            ("Istanbul", "ıs"),
            ("plain", "AI"),
        ] {
            assert!(contains(text, part), "{text} {part}");
        }
        assert!(!contains("élan", "e") && !contains("a", "ab") && contains("a", ""));
    }
}
