use std::collections::BTreeMap;

use hmac_sha256::Hash;

/// The fields of a user by which users are told apart, the first that is set.
const FIELDS: [&str; 4] = ["id", "email", "username", "name"];

/// Tells the users of an issue apart: a hash of the first of the fields `id`, `email`, `username`
/// and `name` of [`Context::user`](super::Context::user) that is set.
///
/// A tracker takes it before it masks the event, so that users with masked ids are still told
/// apart. It stays in the memory of the process: stores keep what [`UserKey::keyed`] returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey(u64);

impl UserKey {
    /// Returns the key of a user; `None` if none of the fields is set.
    ///
    /// ```
    /// use error_tracker::event::UserKey;
    ///
    /// let key = |name: &str, value: &str| UserKey::of(&[(name.into(), value.into())].into());
    /// assert_eq!(key("id", "42"), key("id", "42"));
    /// assert_ne!(key("id", "42"), key("id", "43"));
    /// assert_eq!(key("plan", "free"), None);
    /// ```
    #[must_use]
    pub fn of(user: &BTreeMap<String, String>) -> Option<Self> {
        let value = |field: &'static str| user.get(field).map(|value| (field, value));
        let (field, value) = FIELDS.into_iter().filter_map(value).find(|(_, v)| !v.is_empty())?;
        // FNV-1a: the same in every process, whatever compiler built it, and cheap enough for
        // failures that are only counted.
        let bytes = field.bytes().chain([0]).chain(value.bytes());
        Some(Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })))
    }

    /// Returns a hash of the key with the secret of a store, uniform over all numbers, as
    /// [`UserSketch::insert`](crate::store::UserSketch::insert) takes it. So the data of one store
    /// cannot be compared with that of another.
    #[must_use]
    pub fn keyed(self, secret: &[u8; 32]) -> u64 {
        let mut hasher = Hash::new();
        hasher.update("error-tracker user");
        hasher.update(secret);
        hasher.update(self.0.to_le_bytes());
        let digest = hasher.finalize();
        u64::from_le_bytes(std::array::from_fn(|at| digest[at]))
    }
}
