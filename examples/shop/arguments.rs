//! The command-line arguments of the shop.

/// Reads `--port N --database FILE`. Returns the port, by default 0 for any free one, and the path
/// of the tracker's file, by default `errors.db`.
pub(crate) fn read() -> Result<(u16, String), Box<dyn std::error::Error>> {
    let (mut port, mut database) = (0, "errors.db".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--port" => port = value.parse()?,
            "--database" => database = value,
            _ => return Err(format!("unknown argument {name}: --port N --database FILE").into()),
        }
    }
    Ok((port, database))
}
