//! Builders that are moved into their own methods, and hold what is lent to them behind an invariant lifetime.

use std::fmt::Write;

use error_tracker::auto_track_exception;

struct Stream<'a> {
    log: Option<&'a mut dyn Write>,
    note: Option<&'a mut Option<String>>,
    source: Box<dyn Iterator<Item = u32> + 'a>,
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if let Some(log) = &mut self.log {
            let _ = log.write_str("dropped");
        }
    }
}

fn stream<'a>(limit: u32) -> Result<Stream<'a>, String> {
    if limit == 0 { Err("empty".into()) } else { Ok(Stream { log: None, note: None, source: Box::new(0..limit) }) }
}

#[auto_track_exception]
impl<'a> Stream<'a> {
    fn with_log(mut self, log: &'a mut dyn Write) -> Self {
        self.log = Some(log);
        self
    }

    fn with_note(mut self, note: &'a mut Option<String>) -> Result<Self, String> {
        note.get_or_insert_with(String::new).push_str("noted");
        self.note = Some(note);
        Ok(self)
    }

    fn sum(mut self) -> Result<u32, String> {
        let sum = self.source.by_ref().sum();
        if sum > 10 { Err(format!("too much: {sum}")) } else { Ok(sum) }
    }
}

fn noted<'a>(stream: Stream<'a>, _kind: u8, note: &'a mut Option<String>) -> Result<Stream<'a>, String> {
    stream.with_note(note)
}

#[auto_track_exception]
fn lends_at_once(limit: u32) -> Result<(u32, String), String> {
    let stream = stream(limit)?;
    let mut log = String::new();
    let sum = stream.with_log(&mut log).sum()?;
    Ok((sum, log))
}

#[auto_track_exception]
fn lends_what_no_call_made(limit: u32) -> Result<(u32, Option<String>), String> {
    let mut log = String::new();
    let stream = stream(limit)?;
    let mut note = None;
    let stream = stream.with_note(&mut note)?.with_log(&mut log);
    let sum = stream.sum()?;
    Ok((sum, note))
}

#[auto_track_exception]
fn lends_to_a_function(limit: u32) -> Result<Option<String>, String> {
    let stream = stream(limit)?;
    let mut note = None;
    let stream = noted(stream, 1, &mut note)?;
    if let Err(error) = stream.sum() {
        return Ok(Some(error));
    }
    Ok(note)
}

#[auto_track_exception]
fn lends_in_a_condition(limit: u32) -> Result<Option<String>, String> {
    let stream = stream(limit)?;
    let mut note = None;
    if let Ok(stream) = stream.with_note(&mut note) {
        stream.sum()?;
    }
    Ok(note)
}

fn main() {
    assert_eq!(lends_at_once(3), Ok((3, "dropped".into())));
    assert_eq!(lends_at_once(0), Err("empty".into()));
    assert_eq!(lends_what_no_call_made(3), Ok((3, Some("noted".into()))));
    assert!(lends_what_no_call_made(9).is_err());
    assert_eq!(lends_to_a_function(2), Ok(Some("noted".into())));
    assert_eq!(lends_to_a_function(9), Ok(Some("too much: 36".into())));
    assert_eq!(lends_in_a_condition(2), Ok(Some("noted".into())));
    assert!(lends_in_a_condition(9).is_err());
}
