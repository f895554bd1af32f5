//! What a `?` makes of an error by `From`.

use super::*;

#[auto_track_exception]
fn converts() -> Result<u32, Status> {
    Ok(load()?)
}

#[auto_track_exception]
fn hands_on() -> Result<u32, Status> {
    let number = converts()?;
    Ok(number)
}

#[auto_track_exception]
fn converts_again() -> Result<u32, Closed> {
    Ok(hands_on()?)
}

#[auto_track_exception]
fn returns() -> Result<u32, Closed> {
    let number = 1;
    let _ = number;
    converts_again()
}

#[test]
fn a_conversion_that_drops_the_error_continues_its_trace() {
    let event = event_of(returns);
    assert_io(&event);
    let (status, closed) = ("status 500", "closed for today");
    assert_eq!(
        became(&event),
        [
            ("load", ""),
            ("converts", ""),
            ("hands_on", status),
            ("converts_again", ""),
            ("returns", closed)
        ]
    );
}

trait Repository {
    fn find(&self) -> Result<u32, Status>;
}

struct Disk;

#[auto_track_exception]
impl Repository for Disk {
    fn find(&self) -> Result<u32, Status> {
        let number = load()?;
        Ok(number)
    }
}

#[auto_track_exception]
fn by_object(repository: &dyn Repository) -> Result<u32, Status> {
    let found = repository.find()?;
    Ok(found)
}

#[auto_track_exception]
fn by_type<R: Repository>(repository: R) -> Result<u32, Closed> {
    let found = repository.find()?;
    Ok(found)
}

#[auto_track_exception]
fn by_closure() -> Result<u32, Closed> {
    let find = || converts();
    let found = find()?;
    Ok(found)
}

#[auto_track_exception]
async fn later() -> Result<u32, Status> {
    std::future::ready(()).await;
    Ok(load()?)
}

#[auto_track_exception]
async fn awaits_it_bound() -> Result<u32, Closed> {
    let later = Box::pin(later());
    let found = later.await?;
    Ok(found)
}

struct Port;

impl std::str::FromStr for Port {
    type Err = Status;
    #[auto_track_exception]
    fn from_str(_: &str) -> Result<Self, Status> {
        load()?;
        Ok(Self)
    }
}

#[auto_track_exception]
fn by_parse(text: &str) -> Result<Port, Closed> {
    let port = text.parse::<Port>()?;
    Ok(port)
}

#[auto_track_exception]
fn by_iterator() -> Result<Vec<u32>, Closed> {
    let all = (0..3).map(|_| converts()).collect::<Result<Vec<_>, _>>()?;
    Ok(all)
}

#[test]
fn a_question_mark_continues_the_trace_through_traits_closures_futures_and_iterators() {
    for (run, names) in [
        (
            (|| assert!(by_object(&Disk).is_err())) as fn(),
            ["load", "<Disk as Repository>::find", "by_object"],
        ),
        (|| assert!(by_type(Disk).is_err()), ["load", "<Disk as Repository>::find", "by_type"]),
        (|| assert!(by_closure().is_err()), ["load", "converts", "by_closure"]),
        (|| assert!(block_on(awaits_it_bound()).is_err()), ["load", "later", "awaits_it_bound"]),
        (|| assert!(by_parse("x").is_err()), ["load", "<Port as FromStr>::from_str", "by_parse"]),
        (|| assert!(by_iterator().is_err()), ["load", "converts", "by_iterator"]),
    ] {
        let event = event_of(run);
        assert_io(&event);
        let shown: Vec<_> = functions(&event)
            .into_iter()
            .map(|name| name.replace("by_question_mark::", ""))
            .collect();
        assert_eq!(shown, names);
    }
}

/// Not annotated, and fails by itself.
fn other() -> Result<u32, Status> {
    Err(Status(404))
}

#[auto_track_exception]
fn two_failures() -> Result<u32, Status> {
    let _ = converts();
    other()
}

#[auto_track_exception]
fn two_attempts() -> Result<u32, Status> {
    let numbers: Vec<u32> = (0..1).filter_map(|_| converts().ok()).chain([other()?]).collect();
    Ok(numbers[0])
}

#[auto_track_exception]
fn one_kept() -> Result<u32, Status> {
    let first = converts();
    let second = other()?;
    Ok(first.unwrap_or(second))
}

#[test]
fn successive_failures_are_two_events() {
    for run in [two_failures as fn() -> _, one_kept] {
        let events = events_of(run);
        let mut reported: Vec<_> =
            events.iter().map(|event| (event.message.clone(), event.handled)).collect();
        reported.sort();
        assert_eq!(reported.len(), 2, "{reported:?}");
        assert!(reported[0].0.starts_with("No such file") && reported[0].1);
        assert_eq!(reported[1], ("status 404".to_owned(), false));
    }
    assert_eq!(event_of(two_attempts).message, "status 404");
}
