//! Searches text without regard to case, for letters of all scripts.

/// Returns whether `text` contains `part`.
pub(super) fn contains(text: &str, part: &str) -> bool {
    if text.is_ascii() && part.is_ascii() {
        return text.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
    }
    fold(text).contains(&fold(part))
}

/// Folds case by converting to upper case first, because some letters have several lower-case forms
/// (`σ`, `ς`), and some have an upper-case form of two letters (`ß`).
fn fold(text: &str) -> String {
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
