use error_tracker::auto_track_exception;

#[auto_track_exception]
struct Cart;

#[auto_track_exception]
enum Kind {
    Small,
}

trait Total {
    #[auto_track_exception]
    fn total(&self) -> Result<u32, String>;
}

impl Total for Cart {
    #[auto_track_exception(unknown)]
    fn total(&self) -> Result<u32, String> {
        Err("empty".into())
    }
}

fn main() {
    let _ = (Cart.total(), Kind::Small);
}
