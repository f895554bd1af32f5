//! Reads what the macros write. Their writer is a part of this module, as the two crates have no other code in common.

#[path = "../../../../error-tracker-macros/src/meta_text.rs"]
mod meta_text;

use meta_text::{
    ExitEntry, ExitKind, HandlerEntry, HeadEntry, HiddenExit, MetaText, ThreadCrossing,
    VariableEntry, VariableRole,
};

use super::{ErrorHandler, FailureSite, FunctionMeta, HiddenExits};
use crate::event::{Exit, Level};
use crate::snapshot::capture_kind::SlotRole;

const HEAD: HeadEntry<'_> = HeadEntry {
    first_line: 3,
    last_line: 120,
    renamed: false,
    silent: false,
    small: false,
    hidden: HiddenExit::Never,
    level: "",
    file: "src/shop.rs",
    name: "total",
};

const EXIT: ExitEntry<'_> = ExitEntry {
    line: 5,
    column: 12,
    kind: ExitKind::Question,
    creates_error: false,
    crossing: ThreadCrossing::Never,
    ordinal: 0,
    order: 4,
    calls: "",
    text: "read(path)?",
};

const HANDLER: HandlerEntry<'_> = HandlerEntry {
    line: 1,
    column: 0,
    names_it: false,
    crossing: ThreadCrossing::Never,
    leads: false,
    from: 6,
    to: 9,
    calls: "",
    leads_to: &[],
};

const VARIABLE: VariableEntry<'_> = VariableEntry {
    name: "path",
    role: VariableRole::Local,
    masked: false,
    from: 2,
    changes: &[],
    to: Some(7),
};

/// Returns a function with this text.
fn function(text: MetaText) -> &'static FunctionMeta {
    let text = Box::leak(text.finish().into_boxed_str());
    Box::leak(Box::new(FunctionMeta::new::<()>("shop", "/shop", text, 0)))
}

/// Returns a function with these exits and handlers, and no variables.
fn with_sites(write: impl FnOnce(&mut MetaText)) -> &'static FunctionMeta {
    let mut text = MetaText::new(&HEAD);
    text.end_group();
    write(&mut text);
    function(text)
}

#[test]
fn the_head_that_the_macros_write_is_read() {
    let head = function(MetaText::new(&HEAD)).head();
    assert_eq!(
        (head.first_line, head.last_line, head.file, head.name),
        (3, 120, "src/shop.rs", "total")
    );
    assert_eq!((head.renamed, head.silent, head.small), (false, false, false));
    assert_eq!((head.hidden, head.level), (HiddenExits::Never, None));
    for (hidden, read) in
        [(HiddenExit::Possible, HiddenExits::Possible), (HiddenExit::Likely, HiddenExits::Likely)]
    {
        assert_eq!(function(MetaText::new(&HeadEntry { hidden, ..HEAD })).head().hidden, read);
    }
    for (level, read) in [
        ("debug", Level::Debug),
        ("info", Level::Info),
        ("warning", Level::Warning),
        ("error", Level::Error),
        ("fatal", Level::Fatal),
    ] {
        assert_eq!(function(MetaText::new(&HeadEntry { level, ..HEAD })).head().level, Some(read));
    }
    let flags = |renamed, silent, small| {
        let head = function(MetaText::new(&HeadEntry { renamed, silent, small, ..HEAD })).head();
        (head.renamed, head.silent, head.small)
    };
    for given in [(true, false, false), (false, true, false), (false, false, true)] {
        assert_eq!(flags(given.0, given.1, given.2), given);
    }
}

#[test]
fn the_variables_that_the_macros_write_are_read() {
    let mut text = MetaText::new(&HEAD);
    text.variable(&VariableEntry { role: VariableRole::Argument, from: 0, to: None, ..VARIABLE });
    text.variable(&VariableEntry { role: VariableRole::Context, masked: true, ..VARIABLE });
    text.variable(&VariableEntry { name: "naïve", changes: &[(3, 4), (5, 0)], ..VARIABLE });
    text.end_group();
    text.exit(&EXIT);
    let read: Vec<_> = function(text).variables().collect();
    let [argument, context, local] = &read[..] else { panic!("three variables: {read:?}") };
    assert_eq!(
        (argument.name, argument.role, argument.masked),
        ("path", SlotRole::Argument, false)
    );
    assert_eq!((argument.from, argument.to, argument.changes), (0, u32::MAX, ""));
    assert_eq!((context.role, context.masked), (SlotRole::Context, true));
    assert_eq!((local.name, local.role), ("naïve", SlotRole::Local));
    assert_eq!((local.from, local.to, local.changes), (2, 7, "3:4,5:0"));
}

#[test]
fn the_exits_that_the_macros_write_are_read() {
    let function = with_sites(|text| {
        text.exit(&EXIT);
        text.exit(&ExitEntry { kind: ExitKind::Return, creates_error: true, ordinal: 2, ..EXIT });
        let calls = "load -parse";
        text.exit(&ExitEntry {
            kind: ExitKind::Tail,
            crossing: ThreadCrossing::Possible,
            calls,
            ..EXIT
        });
        let parted = "a\u{1d}b\u{1e}c\u{1f}d";
        text.exit(&ExitEntry {
            kind: ExitKind::Macro,
            crossing: ThreadCrossing::Inline,
            text: parted,
            ..EXIT
        });
    });
    let read: Vec<FailureSite> = function.sites().collect();
    let [first, second, third, fourth] = &read[..] else { panic!("four sites: {read:?}") };
    assert_eq!((first.line, first.column, first.ordinal, first.order), (5, 12, 0, 4));
    assert_eq!((first.exit, first.text, first.calls), (Exit::Question, "read(path)?", ""));
    assert_eq!((first.creates_error, first.crosses_thread, first.is_inline), (false, false, false));
    assert_eq!((second.exit, second.creates_error, second.ordinal), (Exit::Return, true, 2));
    assert_eq!((third.exit, third.crosses_thread, third.is_inline), (Exit::Tail, true, false));
    assert_eq!(third.calls, "load -parse");
    assert_eq!((fourth.exit, fourth.crosses_thread, fourth.is_inline), (Exit::Macro, true, true));
    assert_eq!(fourth.text, "abcd");
    assert!(read.iter().all(|site| site.handler.is_none()));
}

#[test]
fn the_handlers_that_the_macros_write_are_read() {
    let function = with_sites(|text| {
        text.handler(&HANDLER);
        text.handler(&HandlerEntry { names_it: true, leads: true, leads_to: &[12, 14], ..HANDLER });
        let crossing = ThreadCrossing::Inline;
        text.handler(&HandlerEntry { crossing, calls: "load", ..HANDLER });
    });
    let read: Vec<FailureSite> = function.sites().collect();
    let [plain, leading, crossing] = &read[..] else { panic!("three sites: {read:?}") };
    let leads = |site: &FailureSite| site.handler.map(|scope| scope.leads);
    assert_eq!((plain.creates_error, plain.crosses_thread, plain.is_inline), (false, false, false));
    assert_eq!((leads(plain), leads(leading)), (Some(false), Some(true)));
    assert!(leading.creates_error);
    assert_eq!((crossing.crosses_thread, crossing.is_inline, crossing.calls), (true, true, "load"));

    let exit_at = |order| with_sites(|text| text.exit(&ExitEntry { order, ..EXIT })).sites().next();
    let around = plain.handler.unwrap();
    assert!([6, 9].into_iter().filter_map(exit_at).all(|site| around.is_around(&site)));
    assert!([5, 10].into_iter().filter_map(exit_at).all(|site| !around.is_around(&site)));
    let leading = ErrorHandler::at(function, leading).unwrap();
    assert!(
        [12, 14].into_iter().filter_map(exit_at).all(|site| leading.may_leave_at(&site, false))
    );
    assert!(exit_at(13).is_some_and(|site| !leading.may_leave_at(&site, false)));
}
