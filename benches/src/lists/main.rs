//! Times the list pages of a file with a million issues, and the page of a large event:
//! `lists FILE`. The file is made if it does not exist.

mod large_event;
mod million;
mod queries;

use std::path::Path;
use std::sync::Arc;

use error_tracker::store::{SqliteStore, Store};
use error_tracker::viewer::{Viewer, ViewerRequest};
use error_tracker_benches::timing::median;

/// How often each page is read.
const TIMES: u32 = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("lists FILE")?;
    let path = Path::new(&path);
    if !path.exists() {
        million::make(path)?;
    }
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path)?);
    let viewer = Viewer::new(Arc::clone(&store)).permission(|_: &ViewerRequest| true);
    println!(
        "| list of {} issues | matches | rows | median, ms |\n|---|---|---|---|",
        million::ISSUES
    );
    for (query, matches) in queries::all(&*store)? {
        let request = ViewerRequest::new("GET", &format!("/?{query}"));
        let response = viewer.handle(&request);
        if response.status() != 200 {
            return Err(format!("{query}: {}", response.status()).into());
        }
        let rows = String::from_utf8_lossy(response.body()).matches("<tr class=\"issue").count();
        let took = median(TIMES, || drop(viewer.handle(&request)));
        let shown = query.split("&after=").next().unwrap_or_default();
        println!("| `{shown}` | {matches} | {rows} | {:.2} |", took.as_secs_f64() * 1e3);
    }
    println!();
    large_event::time(TIMES)
}
