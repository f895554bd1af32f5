//! The library and its dependencies bring no impl that makes the compiler's inference ambiguous: with `serde_json`
//! among them, `u8: PartialEq<_>` would have more than one.

#[error_tracker::auto_track_exception]
fn port(text: &str) -> Result<u16, std::num::ParseIntError> {
    let port = text.parse()?;
    assert_eq!(80u16, port);
    Ok(port)
}

fn main() {
    assert_eq!(1u8, "1".parse().unwrap());
    assert_eq!(1.5f64, "1.5".parse().unwrap());
    assert_eq!(true, "true".parse().unwrap());
    assert_eq!(80u16, "80".parse().unwrap());
    assert_eq!(port("80"), Ok(80));
}
