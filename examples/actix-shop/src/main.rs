//! A shop on actix-web whose failures error-tracker records. Run
//! `cargo run -p error-tracker-actix-shop`, and open the address that it prints. The pages of
//! error-tracker are at `/dev/error/`; log in as `staff` with the password `kettle`. The code that
//! does not depend on actix-web is in `examples/shop`.

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

use std::net::Ipv4Addr;

use actix_web::web::{self, Html, PayloadConfig};
use actix_web::{App, HttpServer};

use shop::Shop;
use shop_error::ShopError;

/// The maximum length of an uploaded file, in bytes.
const MAX_BODY: usize = 2 * 1024 * 1024;

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(|| async { Html::new(home::page()) }))
        .route("/login", web::post().to(login::login))
        .route("/orders/{id}", web::get().to(orders::show))
        .route("/pay", web::post().to(orders::pay))
        .route("/upload", web::post().to(orders::upload))
        .route("/fail/body", web::post().to(failures::body))
        .route("/fail/{kind}", web::get().to(failures::fail));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (port, database) = arguments::read()?;
    let _tracker =
        error_tracker::builder().database(database).release(env!("CARGO_PKG_VERSION")).install()?;
    let shop = Shop::open()?;
    // The middleware is wrapped last, so that it is around the routes and the pages.
    let app = move || {
        let staff = shop.clone();
        let pages = error_tracker_actix::viewer()
            .permission(move |request| login::is_staff(&staff, request))
            .user(|_| Some(session::USER.to_owned()));
        let middleware = error_tracker_actix::middleware()
            .errors::<ShopError>()
            .event_id_header("x-event-id")
            .problem_json();
        App::new()
            .app_data(web::Data::new(shop.clone()))
            .app_data(PayloadConfig::new(MAX_BODY))
            .configure(routes)
            .service(pages)
            .wrap(middleware)
    };
    let server = HttpServer::new(app).bind((Ipv4Addr::LOCALHOST, port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    // Returns after a signal. Dropping the guard of the tracker then stores all pending events.
    server.run().await?;
    Ok(())
}
