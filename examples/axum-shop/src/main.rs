//! A shop on axum whose failures error-tracker records. Run `cargo run -p error-tracker-axum-shop`,
//! and open the address that it prints. The pages of error-tracker are at `/dev/error/`; log in as
//! `staff` with the password `kettle`. The code that does not depend on axum is in `examples/shop`.

#[path = "../../shop/arguments.rs"]
mod arguments;
mod error_response;
#[path = "../../shop/failing_work.rs"]
mod failing_work;
mod failures;
#[path = "../../shop/home.rs"]
mod home;
mod login;
mod orders;
#[path = "../../shop/payment.rs"]
mod payment;
#[path = "../../shop/session.rs"]
mod session;
#[path = "../../shop/shop.rs"]
mod shop;
#[path = "../../shop/shop_error.rs"]
mod shop_error;

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use shop::Shop;
use shop_error::ShopError;

/// Returns the application. The layer is added last, so that it is around the routes and the pages.
fn app(shop: &Shop) -> Router {
    let staff = shop.clone();
    let pages = error_tracker_axum::viewer()
        .permission(move |parts| login::is_staff(&staff, &parts.headers))
        .user(|_| Some(session::USER.to_owned()));
    Router::new()
        .route("/", get(|| async { Html(home::page()) }))
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
    let (port, database) = arguments::read()?;
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
