//! Results in an `Option` or behind an alias.

use super::*;

type Done = Result<u32, Closed>;

fn closed() -> Done {
    Err(Closed)
}

#[auto_track_exception]
fn by_alias(deep: u32) -> Done {
    let _deeper = deep + 1;
    closed()
}

struct Lines(u32);

#[auto_track_exception]
impl Iterator for Lines {
    type Item = io::Result<u32>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 += 1;
        match self.0 {
            1 => Some(Ok(1)),
            2 => Some(open().map(number)),
            _ => None,
        }
    }
}

#[auto_track_exception]
fn next_line(lines: &mut Lines) -> Option<io::Result<u32>> {
    let line = lines.next();
    line
}

#[auto_track_exception]
fn sums() -> io::Result<u32> {
    let mut sum = 0;
    for line in Lines(0) {
        sum += line?;
    }
    Ok(sum)
}

#[auto_track_exception]
fn sums_by_hand() -> Option<Result<u32, Closed>> {
    let mut lines = Lines(0);
    while let Some(line) = next_line(&mut lines) {
        if line.is_err() {
            return Some(Err(Closed));
        }
    }
    None
}

#[test]
fn a_result_in_an_option_or_an_alias_is_inspected() {
    let event = event_of(|| by_alias(1).is_err());
    assert_eq!(
        (event.message.as_str(), event.frames.len(), event.handled),
        ("closed for today", 1, false)
    );
    let short = |event: &Event| -> Vec<String> {
        functions(event)
            .into_iter()
            .map(|name| name.rsplit("::").next().unwrap().to_owned())
            .collect()
    };
    let event = event_of(|| sums().is_err());
    assert_io(&event);
    assert_eq!(short(&event), ["next", "sums"]);
    let event = event_of(|| assert!(matches!(sums_by_hand(), Some(Err(Closed)))));
    assert_io(&event);
    assert_eq!(short(&event), ["next", "next_line", "sums_by_hand"]);
}

#[test]
fn the_end_of_an_iterator_is_not_a_failure() {
    assert!(events_of(|| assert!(Lines(2).next().is_none())).is_empty());
}
