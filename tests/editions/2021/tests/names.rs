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

thread_local! {
    static DROPPED: std::cell::RefCell<Vec<&'static str>> = const { std::cell::RefCell::new(Vec::new()) };
}

struct Noisy(&'static str);

impl Noisy {
    fn check(&self, limit: usize) -> Result<usize, String> {
        if self.0.len() > limit {
            Ok(limit)
        } else {
            Err(self.0.to_owned())
        }
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(self.0));
    }
}

#[auto_track_exception]
fn temporary_in_the_tail(limit: usize) -> Result<usize, String> {
    let _local = Noisy("local");
    Noisy("temporary").check(limit)
}

#[test]
fn a_temporary_of_the_last_expression_outlives_the_locals_in_2021() {
    assert!(temporary_in_the_tail(3).is_ok() && temporary_in_the_tail(30).is_err());
    assert_eq!(DROPPED.take(), ["local", "temporary", "local", "temporary"]);
}
