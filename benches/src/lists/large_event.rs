//! The page of an event that is as large as an event may be.

use std::sync::Arc;

use error_tracker::event::{Event, Frame, Snippet, Timestamp, Variable};
use error_tracker::store::{MemoryStore, Sighting, Store};
use error_tracker::viewer::{Viewer, ViewerRequest};
use error_tracker_benches::timing::median;

const FRAMES: usize = 100;
/// The variables of a frame.
const VARIABLES: usize = 10;
/// The values have so many bytes together.
const BYTES: usize = 256 * 1024;

const HASH: &str = "64a1f0c2d3b4e5968778695a4b3c2d1e0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// Prints how long the page takes.
pub fn time(times: u32) -> Result<(), Box<dyn std::error::Error>> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    store.record(&[Sighting::new(event())])?;
    let viewer = Viewer::new(store).permission(|_: &ViewerRequest| true);
    let request = ViewerRequest::new("GET", &format!("/{HASH}"));
    let response = viewer.handle(&request);
    if response.status() != 200 {
        return Err(format!("the page has the status {}", response.status()).into());
    }
    let took = median(times, || drop(viewer.handle(&request)));
    println!("| the page of an event | KiB of HTML | median, ms |\n|---|---|---|");
    println!(
        "| {FRAMES} frames, {} variables, {} KiB of values | {} | {:.1} |",
        FRAMES * VARIABLES,
        BYTES / 1024,
        response.body().len() / 1024,
        took.as_secs_f64() * 1e3
    );
    Ok(())
}

fn event() -> Event {
    let mut event = Event::default();
    (event.id, event.at) = ("0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f".to_owned(), Timestamp::now());
    (event.type_name, event.message) = ("shop::OrderError".to_owned(), "too many lines".to_owned());
    event.grouping.hash = HASH.to_owned();
    event.frames = (0..FRAMES).map(frame).collect();
    event
}

fn frame(number: usize) -> Frame {
    let mut frame = Frame::default();
    frame.function = format!("Order::step_{number}");
    (frame.module, frame.file) = ("shop::order".to_owned(), "src/order.rs".to_owned());
    (frame.line, frame.expression) = (42, "self.next(line, lines)?".to_owned());
    let mut snippet = Snippet::default();
    snippet.first_line = 37;
    snippet.lines = vec!["        let line = self.next(line, lines)?;".to_owned(); 11];
    frame.snippet = Some(snippet);
    frame.arguments = (0..VARIABLES / 2).map(variable).collect();
    frame.locals = (VARIABLES / 2..VARIABLES).map(variable).collect();
    frame
}

/// Returns a variable whose value is shown as a tree.
fn variable(number: usize) -> Variable {
    let mut value = format!("Order {{ id: {number}, lines: [");
    while value.len() < BYTES / FRAMES / VARIABLES {
        value.push_str("Line { sku: \"kettle\", count: 2, price_cents: 4900 }, ");
    }
    value.push_str("] }");
    let mut variable = Variable::default();
    (variable.name, variable.type_name) = (format!("order_{number}"), "shop::Order".to_owned());
    variable.value = Some(value);
    variable
}
