use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use error_tracker::store::{SqliteStore, StoreError};
use error_tracker::viewer::{Server, ServerBuilder, ServerError, Token, Viewer};

use crate::arguments::View;
use crate::failure::Failure;
use crate::open;
use crate::output::{BOLD, Output};

const PORT: u16 = 8765;

pub(crate) fn run(options: &View, output: &mut Output) -> Result<(), Failure> {
    let store = Arc::new(open(&options.file)?);
    let builder = || -> ServerBuilder {
        let builder = Server::builder(Viewer::new(store.clone()));
        let reachable = !options.host.to_canonical().is_loopback();
        if options.token || reachable { builder.token(Token::random()) } else { builder }
    };
    let server = match builder().bind((options.host, options.port.unwrap_or(PORT))) {
        Err(ServerError::InUse(_)) if options.port.is_none() => builder().bind((options.host, 0)),
        other => other,
    };
    let server = server.map_err(|error| Failure::Impossible(error.to_string()))?;
    output.text(BOLD, server.url())?;
    output.end_line()?;
    output.line(&format!("shows {}; Ctrl-C ends it", options.file.display()))?;
    output.finish()?;
    if options.open && !browse(server.url()) {
        eprintln!("error-tracker: no browser could be started; open the address above by hand");
    }
    server.wait();
    Ok(())
}

/// For changes, too; a file that may only be read is shown all the same.
fn open(file: &Path) -> Result<SqliteStore, Failure> {
    let readable = open::to_read(file)?;
    match SqliteStore::open(file) {
        Ok(store) => Ok(store),
        Err(StoreError::Open(_) | StoreError::Unavailable(_)) => Ok(readable),
        Err(error) => Err(error.into()),
    }
}

fn browse(url: &str) -> bool {
    let (program, before): (_, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(before).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}
