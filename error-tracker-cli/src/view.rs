//! `view`: serves the page.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use error_tracker::store::{Store, StoreError};
use error_tracker::viewer::{AccessToken, Server, ServerBuilder, ServerError, Viewer};

use crate::arguments::ViewArguments;
use crate::failure::{self, CommandError};
use crate::open;
use crate::output::{BOLD, TerminalOutput};

/// The port unless one is given.
const PORT: u16 = 8765;

/// Prints the address of the page, and serves it until the program is stopped.
///
/// # Errors
/// The file cannot be read, or the port is in use.
pub(crate) fn run(
    options: &ViewArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let store = open(&options.file)?;
    let builder = || -> ServerBuilder {
        let names = options.allow_host.iter();
        let builder = names.fold(Server::builder(Viewer::new(store.clone())), |builder, name| {
            builder.allow_host(name)
        });
        let reachable = !options.host.to_canonical().is_loopback();
        if options.token || reachable { builder.token(AccessToken::random()) } else { builder }
    };
    let server = match builder().bind((options.host, options.port.unwrap_or(PORT))) {
        Err(ServerError::InUse(_)) if options.port.is_none() => builder().bind((options.host, 0)),
        other => other,
    };
    let server = server.map_err(|error| CommandError::Impossible(error.to_string()))?;
    output.text(BOLD, server.url())?;
    output.end_line()?;
    output.line(&format!("shows {}; Ctrl-C ends it", open::name(&options.file)))?;
    output.finish()?;
    if options.open && !browse(server.url()) {
        failure::print_error("no browser could be started; open the address above by hand");
    }
    server.wait();
    Ok(())
}

/// Opens the file or database to change it, or only to read it where that is not allowed.
fn open(file: &Path) -> Result<Arc<dyn Store>, CommandError> {
    let readable = open::to_read(file)?;
    match open::to_change(file) {
        Ok(store) => Ok(store),
        Err(StoreError::Open(_) | StoreError::Unavailable(_) | StoreError::Full(_)) => Ok(readable),
        Err(error) => Err(error.into()),
    }
}

/// Starts the browser. Returns whether that was possible.
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
