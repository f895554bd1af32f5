//! The program `error-tracker`: shows and changes the files and databases that the library writes.

mod annotate;
mod arguments;
mod change;
mod check;
mod database;
mod export;
mod failure;
mod list;
mod notify;
mod open;
mod output;
mod show;
mod view;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::CommandError;
use output::TerminalOutput;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = TerminalOutput::new(arguments.color.into());
    match run(arguments.command, &mut output).and_then(|()| Ok(output.finish()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs a command.
fn run(command: Command, output: &mut TerminalOutput) -> Result<(), CommandError> {
    match command {
        Command::Annotate(options) => annotate::run(&options, output),
        Command::View(options) => view::run(&options, output),
        Command::List(options) => list::run(&options, output),
        Command::Show(options) => show::run(&options, output),
        Command::Export(options) => export::run(&options, output),
        Command::Resolve(options) => change::resolve(&options, output),
        Command::Mute(options) => change::mute(&options, output),
        Command::Reopen(issues) => change::reopen(&issues, output),
        Command::Assign(options) => change::assign(&options, output),
        Command::Note(options) => change::note(&options, output),
        Command::Merge(issues) => change::merge(&issues, output),
        Command::Unmerge(issues) => change::unmerge(&issues, output),
        Command::Notify(options) => notify::run(&options, output),
        Command::Delete(options) => change::delete(&options, output),
        Command::Prune(options) => change::prune(&options, output),
        Command::Check { file } => check::run(&file, output),
    }
}
