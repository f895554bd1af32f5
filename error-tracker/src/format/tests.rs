use proptest::prelude::*;

use super::{Color, Format};
use crate::event::{
    BacktraceFrame, CaptureTime, Cause, Event, Exit, Frame, Grouping, Kind, Level, Location,
    Snippet, Variable,
};

fn variable(name: &str, type_name: &str, value: &str) -> Variable {
    let (name, type_name) = (name.into(), type_name.into());
    Variable {
        name,
        type_name,
        value: Some(value.into()),
        taken: CaptureTime::Failure,
        ..Variable::default()
    }
}

fn when_bound(name: &str, type_name: &str, value: &str) -> Variable {
    Variable { taken: CaptureTime::Bound, ..variable(name, type_name, value) }
}

fn masked(name: &str) -> Variable {
    Variable {
        taken: CaptureTime::Never,
        masked: true,
        masked_by: Some("name contains `passw`".into()),
        ..variable(name, "&str", "**************")
    }
}

fn not_kept(name: &str, type_name: &str, note: &str) -> Variable {
    let (name, type_name) = (name.into(), type_name.into());
    Variable { name, type_name, note: Some(note.into()), ..Variable::default() }
}

fn frame(function: &str, line: u32, column: u32, expression: &str, source: &[&str]) -> Frame {
    let snippet = Snippet {
        first_line: line - 1,
        lines: source.iter().map(|line| (*line).to_owned()).collect(),
    };
    Frame {
        function: function.into(),
        module: "shop::orders".into(),
        file: "src/orders.rs".into(),
        line,
        column,
        expression: expression.into(),
        snippet: (!source.is_empty()).then_some(snippet),
        ..Frame::default()
    }
}

fn an_order_fails() -> Event {
    let mut quantity = frame("parse_quantity", 61, 5, "text.parse::<u32>()", &[]);
    quantity.arguments = vec![variable("text", "&str", r#""12,50""#)];
    quantity.exit = Exit::Tail;
    let mut row = frame(
        "Order::parse",
        48,
        24,
        "parse_quantity(&row[4])?",
        &[
            "    fn parse(..) -> ..",
            "        let quantity = parse_quantity(&row[4])?; // pieces",
            "    }",
        ],
    );
    row.arguments = vec![
        when_bound("row", "&csv::StringRecord", r#"["1007", "Ann", "12,50"]"#),
        masked("password"),
    ];
    row.locals = vec![
        when_bound("id", "u64", "1007"),
        not_kept("client", "shop::payment::Client<alloc::string::String>", "no Debug"),
    ];
    row.error = Some(Cause {
        type_name: Some("shop::orders::OrderError".into()),
        message: "order 1007: bad quantity".into(),
        ..Cause::default()
    });
    let mut main = frame("main", 12, 1, "", &[]);
    main.exit = Exit::Running;
    main.arguments = vec![variable("path", "&str", r#""orders.csv""#)];
    Event {
        type_name: "core::num::error::ParseIntError".into(),
        message: "invalid digit found in string".into(),
        frames: vec![quantity, row],
        callers: vec![main],
        chain: vec![
            Cause {
                type_name: None,
                message: "order 1007: bad quantity".into(),
                ..Cause::default()
            },
            Cause {
                type_name: None,
                message: "invalid digit found in string".into(),
                ..Cause::default()
            },
        ],
        thread: "main".into(),
        ..Event::default()
    }
}

fn plain(event: &Event) -> String {
    Format::new().color(Color::Never).event(event)
}

#[test]
fn an_error_reads_from_the_outermost_call_inwards_with_the_error_last() {
    insta::assert_snapshot!(plain(&an_order_fails()));
}

#[test]
fn colours_distinguish_the_parts() {
    let coloured = Format::new().color(Color::Always).event(&an_order_fails());
    insta::assert_snapshot!(coloured.replace('\x1b', "␛"));
}

#[test]
fn the_text_is_the_same_with_and_without_colours() {
    let coloured = Format::new().color(Color::Always).event(&an_order_fails());
    assert_eq!(without_colours(&coloured), plain(&an_order_fails()));
}

#[test]
fn a_panic_names_its_place_when_no_frame_shows_it() {
    let mut import =
        frame("import", 20, 13, "charge(&order)", &["{", "    let _ = charge(&order);", "}"]);
    import.exit = Exit::Panic;
    let mut event = Event {
        kind: Kind::Panic,
        type_name: "panic".into(),
        message: "index out of bounds: the len is 3 but the index is 7".into(),
        level: Level::Fatal,
        frames: vec![import],
        location: Some(Location { file: "src/prices.rs".into(), line: 9, column: 17 }),
        thread: "worker-2".into(),
        ..Event::default()
    };
    insta::assert_snapshot!("panic_below_a_frame", plain(&event));

    event.frames.clear();
    let call = |function: &str, in_app, line| BacktraceFrame {
        function: function.into(),
        file: Some("src/prices.rs".into()),
        line: Some(line),
        in_app,
        ..BacktraceFrame::default()
    };
    event.backtrace = vec![
        call("core::panicking::panic", false, 1),
        call("shop::price", true, 9),
        call("shop::main", true, 3),
    ];
    insta::assert_snapshot!("panic_without_frames", plain(&event));
}

#[test]
fn explicitly_captured_messages_and_errors_are_marked() {
    let mut checkout = frame("checkout", 30, 9, "capture_message!(\"user {id} has no cart\")", &[]);
    checkout.exit = Exit::Captured;
    checkout.locals = vec![variable("id", "u32", "7")];
    let message = Event {
        kind: Kind::Message,
        type_name: "message".into(),
        message: "user 7 has no cart".into(),
        level: Level::Warning,
        handled: true,
        frames: vec![checkout],
        ..Event::default()
    };
    insta::assert_snapshot!("message", plain(&message));

    let by_hand = Event {
        type_name: "std::io::error::Error".into(),
        message: "No such file or directory (os error 2)".into(),
        handled: true,
        location: Some(Location { file: "src/main.rs".into(), line: 5, column: 9 }),
        grouping: Grouping { hash: "0123456789abcdef".repeat(4), ..Grouping::default() },
        cut: vec!["3 variables".into()],
        ..Event::default()
    };
    insta::assert_snapshot!("captured_by_hand", plain(&by_hand));
}

#[test]
fn a_none_shows_where_it_left() {
    let event = Event {
        kind: Kind::None,
        type_name: "None".into(),
        variant: None,
        frames: vec![frame("find", 8, 5, "map.get(key)?", &["{", "    map.get(key)?", "}"])],
        ..Event::default()
    };
    insta::assert_snapshot!(plain(&event));
}

#[test]
fn an_error_with_its_own_causes_lists_them_once() {
    let cause =
        |message: &str| Cause { type_name: None, message: message.into(), ..Cause::default() };
    let event = Event {
        type_name: "shop::OrderError".into(),
        variant: Some("Negative".into()),
        message: "first line\nsecond line\n  File fake.rs:1, in fake".into(),
        chain: vec![
            cause("first line\nsecond line\n  File fake.rs:1, in fake"),
            cause("connection reset"),
            cause("os error 104\nby peer"),
        ],
        ..Event::default()
    };
    insta::assert_snapshot!(plain(&event));
}

#[test]
fn an_expression_over_several_lines_is_marked_on_each() {
    let lines = ["fn f() {", "\tlet x = client", "\t\t.get(url) ", "\t\t.send()?;", "}"];
    let three = frame("fetch", 10, 10, "client . get (url) . send () ?", &lines);
    let long: Vec<String> = std::iter::once("    build(".to_owned())
        .chain((0..8).map(|n| format!("        argument_{n},")))
        .chain(["    )?".to_owned()])
        .collect();
    let expression = long.concat();
    let long: Vec<&str> = std::iter::once("{").chain(long.iter().map(String::as_str)).collect();
    let ten = frame("build_all", 31, 5, &expression, &long);
    insta::assert_snapshot!(plain(&Event {
        frames: vec![ten, three],
        type_name: "E".into(),
        ..Event::default()
    }));
}

#[test]
fn wide_characters_and_long_lines_keep_the_mark_under_the_expression() {
    let wide = frame("wide", 2, 24, "注文(x)?", &["", r#"    let 値段 = ("日本語", 注文(x)?);"#]);
    let source = format!("    let x = ({}, f(y)?, {});", "a + ".repeat(40), "b + ".repeat(40));
    let column = u32::try_from(source.find("f(y)").unwrap()).unwrap() + 1;
    let long = frame("long", 2, column, "f(y)?", &["", &source]);
    insta::assert_snapshot!(plain(&Event {
        frames: vec![long, wide],
        type_name: "E".into(),
        ..Event::default()
    }));
}

#[test]
fn text_of_a_megabyte_takes_linear_time() {
    let long = "a\u{1b}".repeat(500_000);
    let mut frame = frame("long", 2, 900_000, "b", &["", &long]);
    frame.locals = ["[", "'\\u{", "\"\\u{", "[1, ", "a ", "\n"]
        .map(|part| variable("x", "X", &part.repeat(300_000)))
        .into();
    let event =
        Event { frames: vec![frame], type_name: "E".into(), message: long, ..Event::default() };
    let started = std::time::Instant::now();
    let text = plain(&event);
    assert!(text.len() < 6_000_000);
    // Linear work takes less than a second, quadratic work hours.
    assert!(started.elapsed().as_secs() < 300, "{:?}", started.elapsed());
}

#[test]
fn source_that_does_not_fit_the_expression_is_marked_to_its_end() {
    let edited = frame("edited", 2, 9, "old(x)?", &["", "    let new_text = 1;"]);
    let moved = frame("moved", 2, 90, "old(x)?", &["", "    let new_text = 1;"]);
    let mut gone = frame("gone", 40, 9, "old(x)?", &["", ""]);
    gone.snippet = Some(Snippet { first_line: 1, lines: vec![] });
    let frames = vec![edited, moved, gone];
    insta::assert_snapshot!(plain(&Event { frames, type_name: "E".into(), ..Event::default() }));
}

#[test]
fn long_values_are_wrapped_and_limits_cut() {
    let mut first = frame("import", 3, 1, "x?", &[]);
    let list = format!("{:?}", (0..50).collect::<Vec<_>>());
    let text = format!("{:?}", "lorem ipsum ".repeat(60));
    first.locals = vec![
        variable("list", "alloc::vec::Vec<i32>", &list),
        when_bound("text", "alloc::string::String", &text),
        variable("fields", "shop::Order", &format!("Order {{ {} }}", "price: 12.50, ".repeat(60))),
        variable("a_name_that_is_much_too_long_to_line_up", "u8", "1"),
        variable("lines", "&str", "two\nlines\tand \u{1b}[31mred"),
    ];
    let event = Event { frames: vec![first], type_name: "E".into(), ..Event::default() };
    insta::assert_snapshot!("default_limits", plain(&event));
    let narrow =
        Format::new().color(Color::Never).max_elements(3).max_string(10).max_recursion(0).width(60);
    insta::assert_snapshot!("own_limits", narrow.event(&event));
}

#[test]
fn deep_recursion_is_counted() {
    let frames = vec![frame("walk", 8, 5, "walk(n - 1)?", &[]); 40];
    insta::assert_snapshot!(plain(&Event { frames, type_name: "E".into(), ..Event::default() }));
}

#[test]
fn one_line_shows_error_and_place() {
    let format = Format::new();
    assert_eq!(
        format.line(&an_order_fails()),
        "core::num::error::ParseIntError: order 1007: bad quantity: invalid digit found in string at src/orders.rs:61 in \
         shop::orders::parse_quantity"
    );
    let event = Event { type_name: "E".into(), message: "a\nb\x07cdef".into(), ..Event::default() };
    assert_eq!(format.max_string(8).line(&event), r"E: a\nb\u{7…");
    assert_eq!(Format::new().line(&Event::default()), "");
}

#[test]
fn colours_follow_the_usual_variables() {
    let decide = |set: &[(&str, &str)], terminal| {
        let find = |name: &str| {
            set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Color::Auto.decide(find, || terminal)
    };
    assert!(decide(&[], true) && !decide(&[], false));
    assert!(!decide(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true));
    assert!(decide(&[("NO_COLOR", "")], true));
    assert!(
        decide(&[("CLICOLOR_FORCE", "1")], false) && !decide(&[("CLICOLOR_FORCE", "0")], false)
    );
    assert!(!decide(&[("CLICOLOR", "0")], true) && !decide(&[("TERM", "dumb")], true));
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('m').expect("a colour code ends");
        assert!(
            code.strip_prefix('[')
                .is_some_and(|code| code.chars().all(|c| c.is_ascii_digit() || c == ';')),
            "{code}"
        );
        plain.push_str(rest);
    }
    plain
}

fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x1f\\x7f-\\x9f\u{202e}\u{2066}\u{200b}a\"'\\\\,\\[\\](){} ]{0,40}",
        Just("\x1b]8;;http://x\x07\r\nTraceback\n".to_owned()),
        "[日本a\t \\x1b]{0,150}",
    ]
}

prop_compose! {
    fn a_variable()(name in nasty(), type_name in nasty(), value in proptest::option::of(nasty()), masked: bool,
                    note in proptest::option::of(nasty())) -> Variable {
        Variable { name, type_name, value, masked, note: note.clone(), masked_by: note, taken: CaptureTime::Bound }
    }
}

prop_compose! {
    fn a_frame()(text in proptest::collection::vec(nasty(), 5), line in 0u32..5, column in 0u32..50,
                 lines in proptest::option::of(proptest::collection::vec(nasty(), 0..4)),
                 variables in proptest::collection::vec(a_variable(), 0..3), from in 0usize..20,
                 exit in prop_oneof![Just(Exit::Running), Just(Exit::Question)]) -> Frame {
        let expression = match lines.iter().flatten().next() {
            Some(line) => line.chars().skip(from).collect(),
            None => text[3].clone(),
        };
        Frame {
            function: text[0].clone(), module: text[1].clone(), file: text[2].clone(), line, column, expression, exit,
            error: Some(Cause { type_name: Some(text[4].clone()), message: text[3].clone(), ..Cause::default() }),
            arguments: variables.clone(), locals: variables, ordinal: 0,
            root: "",
            extent: (0, 0),
            snippet: lines.map(|lines| Snippet { first_line: 1, lines }),
        }
    }
}

proptest! {
    #[test]
    fn no_text_of_an_event_reaches_the_terminal_as_a_control(
        text in proptest::collection::vec(nasty(), 8),
        frames in proptest::collection::vec(a_frame(), 0..4),
        globals in proptest::collection::vec(a_variable(), 0..3),
        (elements, string, depth, width) in (0usize..4, 0usize..9, 0usize..3, 0usize..120),
    ) {
        let event = Event {
            type_name: text[0].clone(), variant: Some(text[1].clone()), message: text[2].clone(),
            thread: text[3].clone(), callers: frames.clone(), frames, globals,
            chain: vec![Cause { type_name: Some(text[4].clone()), message: text[5].clone(), ..Cause::default() }; 3],
            location: Some(Location { file: text[6].clone(), line: 1, column: 1 }),
            backtrace: vec![BacktraceFrame { function: text[7].clone(), file: Some(text[6].clone()), line: None, in_app: true, ..BacktraceFrame::default() }],
            grouping: Grouping { hash: text[6].clone(), ..Grouping::default() },
            cut: text.clone(),
            ..Event::default()
        };
        let format = Format::new().max_elements(elements).max_string(string).max_recursion(depth).width(width);
        let plain = format.clone().color(Color::Never).event(&event);
        let unsafe_text = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        prop_assert!(!plain.contains(unsafe_text), "{plain:?}");
        prop_assert!(plain.ends_with('\n'));
        let coloured = format.clone().color(Color::Always).event(&event);
        prop_assert_eq!(without_colours(&coloured), plain);
        let line = format.line(&event);
        prop_assert!(!line.contains(|c: char| c == '\n' || unsafe_text(c)), "{line:?}");
    }
}
