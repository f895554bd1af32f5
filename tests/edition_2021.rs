//! A crate of an older edition than the macro's own: what is a keyword only later is a name there.

use std::future::Future;

use error_tracker::auto_track_exception;

#[auto_track_exception]
async fn upsert(gen: u16, mut r#async: Vec<u16>) -> Result<usize, String> {
    let known = r#async.len();
    if gen == 0 {
        return Err(format!("{known} are known"));
    }
    r#async.push(gen);
    Ok(r#async.len())
}

#[auto_track_exception]
fn count(gen: u16) -> Result<u16, std::num::TryFromIntError> {
    let doubled = u8::try_from(gen)?;
    Ok(doubled.into())
}

#[test]
fn a_name_that_is_a_keyword_in_2024_can_be_a_parameter_in_2021() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut ready =
        |gen| std::pin::pin!(upsert(gen, vec![1])).poll(&mut context).map(|result| result.is_ok());
    assert!(ready(3).is_ready() && ready(0).is_ready());
    assert!(count(3).is_ok() && count(300).is_err());
}
