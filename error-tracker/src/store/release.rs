//! Compares releases.

use std::cmp::Ordering;

/// A release with a version, such as `shop@1.4.2-rc.1+build.7`.
#[derive(Debug, PartialEq, Eq)]
struct ReleaseVersion<'a> {
    /// The part before `@`; empty if there is none.
    name: &'a str,
    numbers: [u64; 3],
    /// The part after `-`; empty if there is none.
    pre_release: &'a str,
}

/// Returns whether `release` has a greater version than `than`. Returns `None` if one of them has
/// no version, or their names differ: then their order is not known.
///
/// A version has two or three numbers, with an optional `v` before them and an optional `NAME@`
/// before that. A single number is none, because it may be the hash of a commit.
pub(super) fn is_newer(release: &str, than: &str) -> Option<bool> {
    let (release, than) = (ReleaseVersion::of(release)?, ReleaseVersion::of(than)?);
    (release.name == than.name).then(|| release.precedence(&than) == Ordering::Greater)
}

impl<'a> ReleaseVersion<'a> {
    fn of(release: &'a str) -> Option<Self> {
        let (name, version) = release.rsplit_once('@').unwrap_or(("", release));
        let version = version.strip_prefix('v').unwrap_or(version);
        // Metadata of the build has no precedence.
        let version = version.split_once('+').map_or(version, |(version, _)| version);
        let (numbers, pre_release) = match version.split_once('-') {
            Some((_, "")) => return None,
            Some((numbers, pre_release)) => (numbers, pre_release),
            None => (version, ""),
        };
        let parts: Vec<&str> = numbers.split('.').collect();
        if !(2..=3).contains(&parts.len()) {
            return None;
        }
        let mut read = [0; 3];
        for (number, part) in read.iter_mut().zip(parts) {
            // `parse` alone accepts a sign.
            *number = part.parse().ok().filter(|_| is_number(part))?;
        }
        Some(Self { name, numbers: read, pre_release })
    }

    /// Compares by the precedence of Semantic Versioning 2.0.0.
    fn precedence(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.pre_release, other.pre_release) {
                ("", "") => Ordering::Equal,
                // A version is greater than its pre-releases.
                ("", _) => Ordering::Greater,
                (_, "") => Ordering::Less,
                (one, other) => identifiers(one).cmp(identifiers(other)),
            }
        })
    }
}

/// An identifier of a pre-release: numbers precede texts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    /// Compared by length first, since a number may have any length.
    Number(usize, &'a str),
    Text(&'a str),
}

fn identifiers(pre_release: &str) -> impl Iterator<Item = Identifier<'_>> {
    pre_release.split('.').map(|part| match part.trim_start_matches('0') {
        digits if is_number(part) => Identifier::Number(digits.len(), digits),
        _ => Identifier::Text(part),
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_newer;

    #[test]
    fn versions_are_ordered_by_the_precedence_of_semantic_versioning() {
        let ascending = [
            "0.9",
            "1.0.0-0",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-99999999999999999999999",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0",
            "1.0.1",
            "1.2",
            "1.10.0",
            "2.0.0-rc",
            "2.0.0",
        ];
        for (at, release) in ascending.iter().enumerate() {
            for (other, than) in ascending.iter().enumerate() {
                assert_eq!(is_newer(release, than), Some(at > other), "{release} {than}");
                let (release, than) = (format!("shop@v{release}"), format!("shop@{than}+build.7"));
                assert_eq!(is_newer(&release, &than), Some(at > other), "{release} {than}");
            }
        }
    }

    #[test]
    fn releases_of_another_name_or_without_a_version_have_no_order() {
        for release in [
            "",
            "1842",
            "9fceb02",
            "1234567",
            "2026-11-24",
            "1.2.3.4",
            "1.x",
            "1.2-",
            "+1.2",
            "1.-2",
            "1.2.99999999999999999999999",
            "shop-1.2.3",
            "admin@1.3.0",
            "1.3.0",
            "@1.3.0 ",
        ] {
            assert_eq!(is_newer(release, "shop@1.2.3"), None, "{release}");
            assert_eq!(is_newer("shop@1.2.3", release), None, "{release}");
        }
    }
}
