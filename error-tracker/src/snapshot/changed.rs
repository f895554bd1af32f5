//! Whether a variable may have changed since it was captured. The attribute lists how the body uses
//! the variable; the name of its type says which of these uses can change it.

/// The uses of a variable, as the attribute numbers them: borrowed, passed on, the receiver of a
/// method, assigned. Of several uses at one place the strongest counts.
const BORROWED: u32 = 1;
const PASSED_ON: u32 = 2;
const RECEIVER: u32 = 3;
const ASSIGNED: u32 = 4;

/// Returns whether the variable may have changed before the site with this order, or anywhere if
/// the site is not known. `changes` lists from which place on which use counts: `order:use`,
/// separated by commas.
pub(crate) fn may_have_changed(changes: &str, order: Option<u32>, type_name: &str) -> bool {
    let all = changes.split(',').filter_map(|change| {
        let (order, change) = change.split_once(':')?;
        Some((order.parse::<u32>().ok()?, change.parse::<u32>().ok()?))
    });
    let strongest = match order {
        Some(order) => all.take_while(|(from, _)| *from <= order).last().map(|(_, change)| change),
        None => all.map(|(_, change)| change).max(),
    };
    match strongest.unwrap_or_default() {
        ASSIGNED => true,
        RECEIVER if !is_plain(type_name) => true,
        PASSED_ON.. if type_name.starts_with("&mut ") => true,
        BORROWED.. => has_cell(type_name),
        _ => false,
    }
}

/// Returns whether no method changes a value of the type: a primitive type, or a shared reference.
fn is_plain(type_name: &str) -> bool {
    let is_shared = type_name.starts_with('&') && !type_name.starts_with("&mut ");
    is_shared
        || type_name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"()".contains(&byte))
}

/// Returns whether the type's name says that it has interior mutability.
fn has_cell(type_name: &str) -> bool {
    let cells = ["Cell<", "Mutex<", "RwLock<", "OnceLock<", "::Atomic"];
    type_name.contains("::") && cells.iter().any(|cell| type_name.contains(cell))
}

#[cfg(test)]
mod tests {
    use super::may_have_changed;

    #[test]
    fn the_last_capture_before_the_place_counts() {
        let at = |order| may_have_changed("3:4,7:0,9:4", Some(order), "alloc::string::String");
        assert_eq!([1, 3, 6, 7, 9].map(at), [false, true, true, false, true]);
        assert!(may_have_changed("3:4,7:0", None, "u8") && !may_have_changed("", None, "u8"));
    }

    #[test]
    fn the_type_shows_what_can_change() {
        let may = |change: u32, name| may_have_changed(&format!("1:{change}"), Some(1), name);
        let list = "alloc::vec::Vec<u8>";
        assert_eq!([1, 2, 3, 4].map(|change| may(change, list)), [false, false, true, true]);
        assert_eq!([1, 2, 3, 4].map(|change| may(change, "u32")), [false, false, false, true]);
        assert_eq!(
            [1, 2, 3].map(|change| may(change, "&mut alloc::vec::Vec<u8>")),
            [false, true, true]
        );
        assert_eq!([1, 2, 3].map(|change| may(change, "&str")), [false; 3]);
        assert!(
            may(1, "core::cell::Cell<u32>")
                && may(1, "alloc::sync::Arc<core::sync::atomic::AtomicU32>")
        );
    }
}
