//! The program's policy for values: masking, limits and skipped types.

use std::sync::OnceLock;

use super::debug::RenderLimits;
use crate::fork::LazyPerProcess;
use crate::mask::Masking;

/// How values are masked and bounded.
#[derive(Debug, Default)]
pub(crate) struct SnapshotPolicy {
    pub(crate) masking: Masking,
    pub(crate) limits: RenderLimits,
    /// Paths or last names of types whose values are never read.
    pub(crate) skipped_types: Vec<String>,
}

impl SnapshotPolicy {
    /// Returns whether values of a type are skipped: the type, or one in its name, is a skipped
    /// type, as in `core::option::Option<&clap::ArgMatches>`.
    pub(crate) fn skips(&self, type_name: &str) -> bool {
        !self.skipped_types.is_empty() && {
            let mut paths =
                type_name.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            paths.any(|path| {
                let name = path.rsplit("::").next().unwrap_or(path);
                self.skipped_types.iter().any(|skipped| skipped == path || skipped == name)
            })
        }
    }
}

static CHOSEN: OnceLock<SnapshotPolicy> = OnceLock::new();
static DEFAULT: LazyPerProcess<SnapshotPolicy> = LazyPerProcess::new(SnapshotPolicy::default);

/// Returns the chosen policy, or the default.
pub(crate) fn get() -> &'static SnapshotPolicy {
    CHOSEN.get().unwrap_or_else(|| DEFAULT.get())
}

/// Sets the policy; only the first call has an effect.
pub(crate) fn choose(policy: SnapshotPolicy) {
    let _ = CHOSEN.set(policy);
}

#[cfg(test)]
mod tests {
    use super::SnapshotPolicy;

    #[test]
    fn a_type_is_skipped_by_path_or_last_name_and_within_other_types() {
        let skips = |skipped: &str, type_name| {
            SnapshotPolicy { skipped_types: vec![skipped.into()], ..SnapshotPolicy::default() }
                .skips(type_name)
        };
        for skipped in ["ArgMatches", "clap::parser::ArgMatches"] {
            for type_name in [
                "clap::parser::ArgMatches",
                "&mut clap::parser::ArgMatches",
                "core::option::Option<&clap::parser::ArgMatches>",
                "(u8, alloc::sync::Arc<[clap::parser::ArgMatches; 2]>)",
            ] {
                assert!(skips(skipped, type_name), "{skipped} {type_name}");
            }
            for type_name in ["clap::parser::ArgMatchesRef", "ArgMatches::Inner", "clap::Arg", ""] {
                assert!(!skips(skipped, type_name), "{skipped} {type_name}");
            }
        }
        assert!(!skips("other::ArgMatches", "clap::parser::ArgMatches"));
    }
}
