//! Recognises dates with names of months, and units of time and size.

/// The most words of a date: `Mon, 30 de Nov de 2026 at 3:46:52 PM GMT`.
const MAX_WORDS: usize = 10;

const WEEKDAYS: &str = "Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun Monday Tuesday Wednesday Thursday Friday Saturday Sunday \
    Mo Di Mi Do Fr Sa So Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag lundi mardi mercredi jeudi vendredi \
    samedi dimanche";

/// In European languages. `may` and `march` count only with a capital, because they are also other
/// words.
const MONTHS: &str = "Jan Feb Mar Apr May Jun Jul Aug Sep Sept Oct Nov Dec JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC \
    jan feb apr jun jul aug sep oct nov dec \
    January February March April June July August September October November December \
    Januar Februar März Mai Juni Juli Oktober Dezember Okt Dez \
    janv févr avr juil déc ene abr dic Mär \
    janvier février mars avril mai juin juillet août septembre octobre novembre décembre \
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre \
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre \
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro \
    januari februari maart mei augustus oktober";

/// Time zones, and the halves of the day.
const ZONES: &str = "GMT UTC UT Z CET CEST EET EEST WET WEST BST MSK EST EDT CST CDT MST MDT PST PDT IST JST AM PM am pm";

const BETWEEN: &str = "of at de um le";

const UNITS: &str = "ns us µs μs ms s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days \
    week weeks month months year years millis millisecond milliseconds micros microsecond microseconds nanos nanosecond \
    nanoseconds B byte bytes kB KB MB GB TB PB KiB MiB GiB TiB PiB kb mb gb kib mib gib bit bits kbit Mbit Gbit";

fn is_one_of(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

/// Returns the text after the date at the start of `text`, which has the name of a month: `Mon, 30
/// Nov 2026 15:46:52 GMT`, `Nov 30 15:46:52`, `30. November 2026`, `30/Nov/2026:15:46:52 +0000`.
pub(super) fn after_date(text: &str) -> Option<&str> {
    let (mut has_month, mut numbers) = (false, 0);
    let mut end = None;
    let mut rest = text;
    for nth in 0..MAX_WORDS {
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != ':').unwrap_or(rest.len());
        let word = rest[..length].trim_end_matches(':');
        let after = &rest[word.len()..];
        if is_day_or_time(word) {
            numbers += 1;
        } else if !has_month && is_one_of(MONTHS, word) {
            has_month = true;
        } else if !(nth == 0 && is_one_of(WEEKDAYS, word)
            || has_month && numbers > 0 && is_one_of(ZONES, word)
            || nth > 0 && is_one_of(BETWEEN, word))
        {
            break;
        }
        if has_month && numbers > 0 && !is_one_of(BETWEEN, word) {
            end = Some(&text[text.len() - after.len()..]);
        }
        rest = after.trim_start_matches(['.', ',', '/', '-', ' ', '+']);
        if !(1..=2).contains(&(after.len() - rest.len())) {
            break;
        }
    }
    end
}

/// Returns whether `word` is a number of a date or a time: `30`, `2026`, `1st`, `15:46:52`,
/// `2026:15:46:52`, `3PM`.
fn is_day_or_time(word: &str) -> bool {
    let suffix = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    suffix.len() < word.len() && is_one_of("st nd rd th er am pm AM PM Z h", suffix)
        || suffix.is_empty() && !word.is_empty()
}

/// Returns whether a word after a number is a unit of time or size, a time zone, or AM or PM.
pub(super) fn is_unit(word: &str) -> bool {
    is_one_of(UNITS, word) || is_one_of(ZONES, word)
}

/// Returns a word after a number without the plural's ending: `1 row`, `2 rows`.
pub(super) fn singular(word: &str) -> Option<String> {
    let stem = word.strip_suffix('s').filter(|stem| !stem.ends_with('s'))?;
    let is_noun = stem.len() >= 3 && stem.chars().all(char::is_lowercase);
    is_noun
        .then(|| stem.strip_suffix("ie").map_or_else(|| stem.to_owned(), |stem| format!("{stem}y")))
}
