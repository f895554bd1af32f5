//! The `error-tracker` program: reads and tends the files that the library writes.

mod arguments;
mod change;
mod check;
mod export;
mod failure;
mod list;
mod open;
mod output;
mod show;
mod view;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::new(arguments.color.into());
    match run(arguments.command, &mut output).and_then(|()| Ok(output.finish()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::View(options) => view::run(&options, output),
        Command::List(options) => list::run(&options, output),
        Command::Show(options) => show::run(&options, output),
        Command::Export(options) => export::run(&options, output),
        Command::Resolve(issues) => change::set_status(&issues, change::RESOLVE, output),
        Command::Mute(issues) => change::set_status(&issues, change::MUTE, output),
        Command::Reopen(issues) => change::set_status(&issues, change::REOPEN, output),
        Command::Delete(options) => change::delete(&options, output),
        Command::Prune(options) => change::prune(&options, output),
        Command::Check { file } => check::run(&file, output),
    }
}
