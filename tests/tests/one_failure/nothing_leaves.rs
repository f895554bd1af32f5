//! Errors that end where they are handled, and those that are made beside them.

use super::*;

#[auto_track_exception]
fn recovers() -> Result<u32, Closed> {
    let first = match open() {
        Ok(file) => number(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(_) => return Err(Closed),
    };
    let second = open().map(number).or_else(|_| Ok::<u32, Closed>(2))?;
    if open().is_err() && first > 3 {
        return Err(Closed);
    }
    Ok(first + second)
}

#[test]
fn an_error_of_unannotated_code_is_not_an_event_if_it_is_handled() {
    let events = events_of(|| assert_eq!(recovers(), Ok(2)));
    assert!(events.is_empty(), "{:?}", messages(&events));
}

#[auto_track_exception]
fn refuses_what_came_well() -> Result<u32, Status> {
    for attempt in 0..2 {
        match if attempt == 0 { load() } else { Ok(7) } {
            Ok(number) if number > 3 => return Err(Status(400)),
            Ok(number) => return Ok(number),
            Err(_) => {}
        }
    }
    Ok(1)
}

#[test]
fn an_error_that_is_made_of_a_success_is_another_one() {
    let events = events_of(refuses_what_came_well);
    let reported: Vec<_> =
        events.iter().map(|event| (event.message.as_str(), event.handled)).collect();
    assert_eq!(reported.len(), 2, "{reported:?}");
    assert!(reported.contains(&("status 400", false)));
}

#[auto_track_exception]
fn reads_to_the_end(mut from: impl io::Read) -> Result<usize, Status> {
    let (mut bytes, mut all) = ([0; 4], 0);
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        all += read;
    }
    let limit = all.min(2);
    if all > limit { Err(Status(413)) } else { Ok(all) }
}

#[test]
fn an_error_that_ended_a_loop_is_not_a_later_failure() {
    let event = event_of(|| reads_to_the_end(io::Cursor::new(*b"abc").chain(Broken)));
    assert_eq!((event.message.as_str(), event.frames.len()), ("status 413", 1));
}

struct Broken;

impl io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("broken"))
    }
}

#[auto_track_exception]
fn captures_and_maps() -> Result<u32, Closed> {
    match open() {
        Ok(file) => Ok(number(file)),
        Err(error) => {
            error_tracker::capture_exception!(error);
            Err(Closed)
        }
    }
}

#[test]
fn an_error_that_was_captured_before_it_is_converted_is_reported_once() {
    let event = event_of(captures_and_maps);
    assert!(event.handled && event.message.starts_with("No such file"));
}
