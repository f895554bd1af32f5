//! A service that looks up orders, in axum or actix-web, with one of the layers that are compared:
//! `web-services FRAMEWORK LAYER succeeding|failing COUNT` answers so many requests without a
//! network, and prints the allocations of one; `web-services FRAMEWORK LAYER serve` prints its
//! address, and serves until it is killed.

mod actix_service;
mod allocations;
mod axum_service;
mod measured;
mod order;
mod request_head;
mod trackers;

use measured::{Outcome, Task};

/// What is around the routes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layer {
    Nothing,
    ErrorTracker,
    Sentry,
    /// `tower_http::trace::TraceLayer`.
    Trace,
}

const USAGE: &str = "web-services axum|actix nothing|error-tracker|sentry|trace succeeding|failing COUNT, or .. serve";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (framework, layer, task) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..]
    {
        [framework, layer, "serve"] => (framework, layer, Task::Serve),
        [framework, layer, outcome, count] => {
            let outcome = match outcome {
                "succeeding" => Outcome::Succeeding,
                "failing" => Outcome::Failing,
                _ => panic!("{USAGE}"),
            };
            (framework, layer, Task::Answer { outcome, count: count.parse().expect(USAGE) })
        }
        _ => panic!("{USAGE}"),
    };
    let layer = match layer {
        "nothing" => Layer::Nothing,
        "error-tracker" => Layer::ErrorTracker,
        "sentry" => Layer::Sentry,
        "trace" => Layer::Trace,
        _ => panic!("{USAGE}"),
    };
    let events = trackers::install(layer, &task);
    match framework {
        "axum" => axum_service::run(layer, &task),
        "actix" => actix_service::run(layer, &task),
        _ => panic!("{USAGE}"),
    }
    events.check(&task);
}
