//! A closure that is returned knows what it takes from the written `impl Fn`.
#![deny(warnings, unreachable_code, unused)]

use error_tracker::auto_track_exception;

struct Entry {
    hash: u64,
}

#[auto_track_exception]
fn get_hash(entries: &[Entry]) -> impl Fn(&usize) -> u64 + '_ {
    move |&index| entries[index].hash.wrapping_add(0)
}

#[auto_track_exception]
fn after_a_local(entries: &[Entry], text: &str) -> Result<impl Fn(&usize) -> u64, std::num::ParseIntError> {
    let least: u64 = text.parse()?;
    let hashes: Vec<u64> = entries.iter().map(|entry| entry.hash).collect();
    Ok(move |&index: &usize| hashes[index].max(least).wrapping_add(0))
}

#[auto_track_exception]
fn iterator<'a>(entries: &'a [Entry], most: u64) -> impl Iterator<Item = &'a Entry> {
    let twice = most * 2;
    entries.iter().filter(move |entry| entry.hash < twice)
}

fn main() {
    let entries = [Entry { hash: 3 }];
    assert_eq!(get_hash(&entries)(&0), 3);
    assert!(after_a_local(&entries, "7").is_ok_and(|hash| hash(&0) == 7));
    assert!(after_a_local(&entries, "x").is_err());
    assert_eq!(iterator(&entries, 2).count(), 1);
}
