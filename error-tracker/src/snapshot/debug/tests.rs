use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;

use super::{DebugStream, DebugText, RenderLimits, RenderOutcome, render};
use crate::mask::{EventTaint, MASK, Masking};
use crate::user_code::in_user_code;

struct Pretty<'a>(&'a dyn fmt::Debug);

impl fmt::Debug for Pretty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#?}", self.0)
    }
}

/// A `Debug` written by hand that prints just this.
struct Raw<'a>(&'a str);

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const WIDE: RenderLimits =
    RenderLimits { bytes: 1 << 20, elements: 1000, depth: 100, string: 10_000 };

fn shown_with(value: &dyn fmt::Debug, limits: &RenderLimits) -> (String, RenderOutcome) {
    let mut out = String::new();
    let outcome = render(value, limits, &Masking::default(), &mut EventTaint::default(), &mut out);
    (out, outcome)
}

fn shown(value: &dyn fmt::Debug) -> String {
    shown_with(value, &RenderLimits::default()).0
}

#[derive(Debug, Clone)]
#[allow(dead_code)]
struct Login {
    user: &'static str,
    password: Option<Password>,
    tries: Vec<u32>,
}

#[derive(Debug, Clone)]
#[allow(dead_code)]
struct Password(&'static str);

fn login() -> Login {
    Login { user: "bo\"b: {", password: Some(Password("hunter2, }\" x: ")), tries: vec![1, 2] }
}

#[test]
fn a_value_under_a_secret_name_is_masked_whole_and_the_rest_is_unchanged() {
    assert_eq!(
        shown(&login()),
        format!("Login {{ user: \"bo\\\"b: {{\", password: {MASK}, tries: [1, 2] }}")
    );
    let map: BTreeMap<&str, Login> = [("api-key", login()), ("b", login())].into();
    assert_eq!(shown(&map), format!("{{\"api-key\": {MASK}, \"b\": {}}}", shown(&login())));
    assert_eq!(shown(&Password("x")), format!("Password({MASK})"));
    assert_eq!(
        shown(&vec![("secret", "abc"), ("b", "c")]),
        format!("[(\"secret\", {MASK}), (\"b\", \"c\")]")
    );
    assert_eq!(shown(&('"', 'a', '\'', "x: y")), "('\"', 'a', '\\'', \"x: y\")");
}

#[test]
fn below_a_weak_name_values_that_look_like_secrets_are_masked() {
    #[derive(Debug, Default)]
    #[allow(dead_code)]
    struct Login<'a> {
        user: &'a str,
        token: &'a str,
        pin: u32,
        key: Option<&'a str>,
    }
    #[derive(Debug)]
    #[allow(dead_code)]
    struct Token(&'static str);
    let secret = Login { user: "bo", token: "8d1f7c2a", pin: 4711, key: Some("s3cr3t-4f7a1c9") };
    assert_eq!(
        shown(&secret),
        format!("Login {{ user: \"bo\", token: {MASK}, pin: {MASK}, key: {MASK} }}")
    );
    assert_eq!(
        shown(&Pretty(&secret)),
        format!(
            "Login {{\n    user: \"bo\",\n    token: {MASK},\n    pin: {MASK},\n    key: {MASK},\n}}"
        )
    );
    let harmless = Login { user: "bo", token: "}", pin: 17, key: Some("customers") };
    assert_eq!(shown(&harmless), format!("{harmless:?}"));
    assert_eq!(shown(&Pretty(&harmless)), format!("{harmless:#?}"));
    assert_eq!(shown(&Token("8d1f7c2a")), format!("Token({MASK})"));
    assert_eq!(shown(&Token("customers")), "Token(\"customers\")");
    assert_eq!(
        shown(&[("key", "8d1f7c2a9e"), ("key", "x")]),
        format!("[(\"key\", {MASK}), (\"key\", \"x\")]")
    );
    assert_eq!(shown(&Some(("session", [1, 2]))), "Some((\"session\", [1, 2]))");
}

#[test]
fn the_content_of_a_secret_type_is_masked() {
    #[derive(Debug)]
    #[allow(dead_code)]
    struct ApiToken {
        inner: &'static str,
    }
    #[derive(Debug)]
    #[allow(dead_code)]
    struct PasswordTooShort {
        least: u32,
    }
    #[derive(Debug)]
    #[allow(dead_code)]
    struct InvalidPassword(&'static str);
    assert_eq!(shown(&Some(ApiToken { inner: "x" })), format!("Some(ApiToken {{ {MASK} }})"));
    assert_eq!(shown(&Pretty(&ApiToken { inner: "x" })), format!("ApiToken {{ {MASK}\n}}"));
    assert_eq!(shown(&PasswordTooShort { least: 8 }), "PasswordTooShort { least: 8 }");
    assert_eq!(shown(&InvalidPassword("too short")), "InvalidPassword(\"too short\")");
    assert_eq!(shown(&InvalidPassword("hunter2")), format!("InvalidPassword({MASK})"));
}

#[test]
fn pretty_text_is_masked_alike() {
    assert_eq!(
        shown(&Pretty(&login())),
        format!(
            "Login {{\n    user: \"bo\\\"b: {{\",\n    password: {MASK},\n    tries: [\n        1,\n        2,\n    ],\n}}"
        )
    );
}

#[test]
fn hand_written_debug_shows_no_secret() {
    for text in [
        "User { password: a, b CANARY, id: 5 }",
        "User { password: a,CANARY, id: 5 }",
        "User { password: a}b CANARY }",
        "User { password: \"open CANARY, id: 5 }",
        "User { note: say \"hi, password: \"CANARY\" }",
        "User { note: \"hi, password: CANARY }",
        "User { note: it's \" x, secret=CANARY }",
        "password=CANARY",
        "secret = CANARY",
        "secret => CANARY",
        "{\"secret\" => CANARY, 5}",
        "secret:CANARY",
        "[password: x, CANARY]",
        "<api_key: CANARY>",
        "{Key(\"password\"): CANARY, 5: 6}",
        "password: '\"CANARY",
        "password: x) CANARY",
        "User { password: CANARY",
        "secret: (CANARY, id: 5 } CANARY",
    ] {
        let out = shown(&Raw(text));
        assert!(!out.contains("CANARY") && out.contains(MASK), "{text}: {out}");
    }
}

#[test]
fn lists_levels_and_strings_are_cut_with_a_mark() {
    let limits = RenderLimits { bytes: 1024, elements: 3, depth: 2, string: 4 };
    let show = |value: &dyn fmt::Debug| shown_with(value, &limits).0;
    assert_eq!(show(&[1, 2, 3]), "[1, 2, 3]");
    assert_eq!(show(&[1, 2, 3, 4, 5]), "[1, 2, 3, …]");
    assert_eq!(show(&Pretty(&[1, 2, 3])), "[\n    1,\n    2,\n    3,\n]");
    assert_eq!(show(&["abcd", "abcde", "ab\"cd"]), "[\"abcd\", \"abcd\"…, \"ab\\\"c\"…]");
    assert_eq!(show(&["a"; 5]), "[\"a\", \"a\", \"a\", …]");
    assert_eq!(show(&[[[5]], [[6]]]), "[[[…]], [[…]]]");
    assert_eq!(show(&[Some(Some(()))]), "[Some(Some(…))]");
    assert_eq!(show(&Some(Some(login()))), "Some(Some(Login { … }))");
    assert!(shown_with(&[1; 5], &limits).1.cut);
}

#[test]
fn text_is_cut_at_the_limit() {
    let limits = RenderLimits { bytes: 10, ..WIDE };
    let (out, outcome) = shown_with(&vec![1; 100], &limits);
    assert_eq!(out, "[1, 1, 1, …");
    assert!(outcome.cut);
}

#[test]
fn a_debug_that_panics_leaves_what_was_written_and_a_mark() {
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            assert!(in_user_code());
            std::panic::resume_unwind(Box::new("no hook"))
        }
    }
    let (out, outcome) = shown_with(&(1, Panics), &WIDE);
    assert_eq!(out, "(1, <Debug panicked>");
    assert!(outcome.panicked && !in_user_code());
}

#[test]
fn a_debug_that_ignores_errors_is_stopped() {
    struct Endless;
    impl fmt::Debug for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                let _ = f.write_str("");
                let _ = f.write_str("x");
            }
        }
    }
    let limits = RenderLimits::default();
    let (out, outcome) = shown_with(&Endless, &limits);
    assert_eq!(out.len(), limits.bytes + '…'.len_utf8());
    assert!(outcome.cut && !outcome.panicked && !in_user_code());
    #[derive(Debug)]
    #[allow(dead_code)]
    struct Secret {
        password: Endless,
    }
    assert!(shown(&Secret { password: Endless }).len() < 100);
}

#[test]
fn a_string_is_cut_before_it_is_formatted() {
    let show = |text: &str| {
        let mut out = String::new();
        let cut = super::str(text, &RenderLimits { bytes: 20, string: 8, ..WIDE }, &mut out);
        (out, cut)
    };
    assert_eq!(show("a\"b"), ("\"a\\\"b\"".to_owned(), false));
    assert_eq!(show("aaaaaaaaab"), ("\"aaaaaaaa\"… (10 bytes)".to_owned(), true));
    assert_eq!(
        show("\u{1}\u{1}\u{1}\u{1}\u{1}"),
        ("\"\\u{1}\\u{1}\\u{1}\\u{1\"… (5 bytes)".to_owned(), true)
    );
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(String),
    Char(char),
    Number(i64),
    Struct(&'static str, Vec<(String, Tree)>),
    Tuple(&'static str, Vec<Tree>),
    Map(Vec<(String, Tree)>),
    List(Vec<Tree>),
}

/// Shows a tree as `derive(Debug)` would; `masked` puts the mask's text where it belongs.
struct Show<'a> {
    tree: &'a Tree,
    masked: bool,
}

impl fmt::Debug for Show<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = self.masked;
        let show = |tree| Show { tree, masked };
        let under = |name: &str, tree| {
            Under(masked && Masking::default().certain_mask(name).is_some(), show(tree))
        };
        match self.tree {
            Tree::Leaf(text) => text.fmt(f),
            Tree::Char(c) => c.fmt(f),
            Tree::Number(number) => number.fmt(f),
            Tree::Struct(name, fields) => {
                let mut out = f.debug_struct(name);
                for (name, tree) in fields {
                    out.field(name, &under(name, tree));
                }
                out.finish()
            }
            Tree::Tuple(name, items) => {
                let mut out = f.debug_tuple(name);
                for tree in items {
                    out.field(&show(tree));
                }
                out.finish()
            }
            Tree::Map(entries) => {
                f.debug_map().entries(entries.iter().map(|(k, t)| (k, under(k, t)))).finish()
            }
            Tree::List(items) => f.debug_list().entries(items.iter().map(show)).finish(),
        }
    }
}

struct Under<'a>(bool, Show<'a>);

impl fmt::Debug for Under<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 { f.write_str(MASK) } else { self.1.fmt(f) }
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z]{1,6}(_[a-z]{1,4})?",
        1 => prop::sample::select(vec!["password", "api_key", "secrets", "session_id", "user_token"]).prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ]{0,8}", "[\"'\\\\{}()\\[\\]:=,\n a-z…]{0,12}", any::<String>()]
}

/// Returns whether a name masks always or never. What a weak name masks depends on the value, which
/// `Show` does not look at.
#[expect(clippy::ptr_arg, reason = "prop_filter hands the value as it is")]
fn not_weak(name: &String) -> bool {
    Masking::default().verdict(name).is_none_or(|_| Masking::default().certain_mask(name).is_some())
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        text().prop_map(Tree::Leaf),
        any::<char>().prop_map(Tree::Char),
        prop::sample::select(vec!['"', '\'', '\\', ',', '{']).prop_map(Tree::Char),
        any::<i64>().prop_map(Tree::Number),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let fields =
            prop::collection::vec((name().prop_filter("weak", not_weak), inner.clone()), 0..5);
        let key = prop_oneof![name(), text()].prop_filter("weak", not_weak);
        let keys = prop::collection::vec((key, inner.clone()), 0..5);
        let items = prop::collection::vec(inner, 0..5);
        let names = prop::sample::select(vec!["Cart", "User", "Some", "Inner"]);
        // A pair of an unnamed tuple is a key and a value, which `Show` does not know.
        prop_oneof![
            (names.clone(), fields).prop_map(|(name, fields)| Tree::Struct(name, fields)),
            (names, items.clone()).prop_map(|(name, items)| Tree::Tuple(name, items)),
            keys.prop_map(Tree::Map),
            items.prop_map(Tree::List),
        ]
    })
}

/// Replaces every text under a secret name by a canary.
fn plant(tree: &mut Tree, under: bool) {
    match tree {
        Tree::Leaf(text) if under => text.push_str("CANARY"),
        Tree::Struct(_, fields) | Tree::Map(fields) => {
            for (name, tree) in fields {
                plant(tree, under || Masking::default().certain_mask(name).is_some());
            }
        }
        Tree::Tuple(_, items) | Tree::List(items) => {
            items.iter_mut().for_each(|tree| plant(tree, under));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_secret_is_shown_and_everything_else_is(mut tree in tree()) {
        plant(&mut tree, false);
        let (real, wanted) = (Show { tree: &tree, masked: false }, Show { tree: &tree, masked: true });
        prop_assert_eq!(shown_with(&real, &WIDE).0, format!("{wanted:?}"));
        prop_assert_eq!(shown_with(&Pretty(&real), &WIDE).0, format!("{wanted:#?}"));
        let mut out = String::new();
        render(&real, &WIDE, &Masking::off(), &mut EventTaint::default(), &mut out);
        prop_assert_eq!(out, format!("{real:?}"));
    }

    #[test]
    fn limits_hold_and_cut_text_shows_no_secret(
        mut tree in tree(), bytes in 0_usize..200, elements in 0_usize..4, depth in 0_usize..4, string in 0_usize..6,
    ) {
        plant(&mut tree, false);
        let real = Show { tree: &tree, masked: false };
        let limits = RenderLimits { bytes, elements, depth, string };
        for value in [&real as &dyn fmt::Debug, &Pretty(&real)] {
            let (out, _) = shown_with(value, &limits);
            prop_assert!(!out.contains("CANARY") && !out.contains("CANA"), "{}", out);
            prop_assert!(out.len() <= bytes + MASK.len() + 3, "{}", out.len());
        }
    }

    #[test]
    fn no_text_makes_rendering_fail(text in any::<String>(), hand in "[\"'\\\\{}()\\[\\]:=, \na.]{0,40}") {
        for text in [text, hand] {
            shown(&Raw(&text));
            let mut out = String::new();
            render(&Raw(&text), &WIDE, &Masking::off(), &mut EventTaint::default(), &mut out);
            prop_assert_eq!(out, text);
        }
    }
}

#[test]
fn the_start_of_a_text_ends_after_its_first_name() {
    struct Untouched;

    impl fmt::Debug for Untouched {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("nobody asks for it");
        }
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "it is shown")]
    enum Shown {
        Unit,
        Tuple(Untouched),
        Named { field: Untouched },
    }

    let start = |value: &dyn fmt::Debug| DebugText::Unread(value).name(String::new());
    assert_eq!(start(&Shown::Unit), "Unit");
    assert_eq!(start(&Shown::Tuple(Untouched)), "Tuple(");
    assert_eq!(start(&Shown::Named { field: Untouched }), "Named { field:");
    assert_eq!(start(&"text"), "\"");
    assert_eq!(start(&format_args!("No such file")), "No s");
}

#[test]
fn a_stream_that_starts_again_leaves_nothing_of_what_it_was() {
    let (mut out, mut taint) = ("a: ".to_owned(), EventTaint::default());
    let (limits, masking) = (RenderLimits::default(), Masking::default());
    let mut stream = DebugStream::new(&mut out, &limits, &masking, &mut taint);
    "Login { password: Some([\"hunter2\", ".chars().for_each(|c| stream.push(c));
    let mut stream = stream.restart();
    "Shop { id: 1 }".chars().for_each(|c| stream.push(c));
    stream.finish(true);
    assert!(!stream.outcome.masked && !stream.outcome.cut, "{:?}", stream.outcome);
    assert_eq!(out, "a: Shop { id: 1 }");
}
