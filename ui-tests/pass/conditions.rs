//! Conditions and operands that must not change when something is put around them.
#![deny(warnings)]

use error_tracker::auto_track_exception;

struct Entry {
    count: usize,
}

impl Entry {
    fn encode(self, bytes: &mut Vec<u8>) -> Result<usize, String> {
        if self.count > 9 {
            return Err(format!("{} are too many", self.count));
        }
        bytes.extend(std::iter::repeat_n(0, self.count));
        Ok(bytes.len())
    }
}

#[auto_track_exception]
fn struct_before_a_question(count: usize) -> Result<usize, Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    Entry { count }.encode(&mut bytes)?;
    let more = Entry { count: count + 1 }.encode(&mut bytes).map_err(|error| error + "!")?;
    Ok(more + bytes.len())
}

#[auto_track_exception]
fn parentheses_before_a_question(results: &[&Result<usize, std::fmt::Error>]) -> Result<usize, std::fmt::Error> {
    let mut sum = 0;
    for result in results {
        sum += (**result)?;
    }
    Ok(sum)
}

#[auto_track_exception]
fn moved_by_the_next_condition(name: Option<String>, others: &[String]) -> Result<String, String> {
    if let Some(name) = name
        && let Some(other) = take(name, others)?
    {
        return Ok(other);
    }
    let mut rest = Some(others.to_vec());
    while let Some(all) = rest
        && let [first, more @ ..] = &*all
        && first.is_empty()
    {
        rest = Some(more.to_vec());
    }
    Err("not found".to_owned())
}

#[auto_track_exception]
fn take(name: String, others: &[String]) -> Result<Option<String>, String> {
    if name.is_empty() { Err("no name".into()) } else { Ok(others.contains(&name).then_some(name)) }
}

fn main() {
    assert!(struct_before_a_question(3).is_ok() && struct_before_a_question(9).is_err());
    assert_eq!(parentheses_before_a_question(&[&Ok(2), &Ok(3)]), Ok(5));
    assert!(parentheses_before_a_question(&[&Err(std::fmt::Error)]).is_err());
    let others = [String::new(), "b".to_owned()];
    assert_eq!(moved_by_the_next_condition(Some("b".into()), &others), Ok("b".into()));
    assert!(moved_by_the_next_condition(Some(String::new()), &others).is_err());
    assert!(moved_by_the_next_condition(None, &others).is_err());
}
