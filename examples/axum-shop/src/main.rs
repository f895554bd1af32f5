//! A shop on axum whose failures error-tracker records: `cargo run -p error-tracker-axum-shop`,
//! then open the address that it prints. Its pages of failures are at `/dev/error/`, for `staff`
//! with the password `kettle`.

mod failures;
mod home;
mod login;
mod orders;
mod shop;
mod shop_error;

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use shop::Shop;
use shop_error::ShopError;

/// The application: routes, the pages of error-tracker, and its layer around all of them.
fn app(shop: &Shop) -> Router {
    let staff = shop.clone();
    let pages = error_tracker_axum::viewer()
        .permission(move |parts| login::is_staff(&staff, &parts.headers));
    Router::new()
        .route("/", get(home::page))
        .route("/login", post(login::login))
        .route("/orders/{id}", get(orders::show))
        .route("/pay", post(orders::pay))
        .route("/upload", post(orders::upload))
        .route("/fail/{kind}", get(failures::fail))
        .route("/fail/body", post(failures::body))
        .merge(pages)
        .layer(
            error_tracker_axum::layer()
                .errors::<ShopError>()
                .event_id_header("x-event-id")
                .problem_json(),
        )
        .with_state(shop.clone())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (port, database) = arguments()?;
    let _tracker = error_tracker::builder()
        .database(database)
        .release(env!("CARGO_PKG_VERSION"))
        .flush_on_signals()
        .install()?;
    let shop = Shop::open()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = app(&shop).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await?;
    Ok(())
}

/// Returns the port and the tracker's file: `--port N --database FILE`.
fn arguments() -> Result<(u16, String), Box<dyn std::error::Error>> {
    let (mut port, mut database) = (0, "errors.db".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--port" => port = value.parse()?,
            "--database" => database = value,
            _ => return Err(format!("there is no {name}: --port N --database FILE").into()),
        }
    }
    Ok((port, database))
}
