use proptest::prelude::*;

use crate::mask::{MASK, Masking};

fn mask(text: &str) -> String {
    let mut text = text.to_owned();
    Masking::default().values_in(&mut text);
    text
}

#[test]
fn secrets_of_known_shape_are_masked_in_text() {
    for (text, wanted) in [
        ("got Bearer abcdef123456, then", "got Bearer *, then"),
        ("authorization basic dXNlcjpwYXNz", "authorization basic *"),
        ("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-bmF0 y", "x * y"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- b", "a * b"),
        ("a -----BEGIN PRIVATE KEY-----\nabc cut", "a *"),
        ("postgres://shop:hun@ter2@db:5432/x?y", "postgres://shop:*@db:5432/x?y"),
        ("redis://:hunter2@cache/0", "redis://:*@cache/0"),
        ("id AKIAIOSFODNN7EXAMPLE.", "id *."),
        ("\\nghp_abcdefghijklmnop1234 x", "\\n* x"),
        ("xoxb-12345678-abcdef sk_live_abcdefgh12 glpat-abcdefghij12", "* * *"),
        ("paid with 4111 1111 1111 1111 today", "paid with * today"),
        ("4111111111111111", "*"),
        ("378282246310005", "*"),
        ("to DE89 3704 0044 0532 0130 00 EUR", "to * EUR"),
        ("iban GB82WEST12345698765432.", "iban *."),
        (
            "Server=x;Password=hunter2;AccountKey=abc==;Port=1",
            "Server=x;Password=*;AccountKey=*;Port=1",
        ),
        ("/path?id=1&access_token=abc%20d&x=2", "/path?id=1&access_token=*&x=2"),
        ("pwd=\"a b\" id=\"c\"", "pwd=\"*\" id=\"c\""),
        (
            "bad body {\"user\":\"bo\",\"password\":\"hun\\\"ter\",\"n\":1}",
            "bad body {\"user\":\"bo\",\"password\":\"*\",\"n\":1}",
        ),
        (
            "\"{\\\"password\\\": \\\"hunter2\\\", \\\"n\\\": 1}\"",
            "\"{\\\"password\\\": \\\"*\\\", \\\"n\\\": 1}\"",
        ),
        (
            "Login { user: \"bo\", password: \"x\", secret: Some(\"y\") }",
            "Login { user: \"bo\", password: \"*\", secret: Some(\"*\") }",
        ),
        ("{\"secret\": {\"a\": [1]}, \"b\": 2}", "{\"secret\": *, \"b\": 2}"),
        ("x-api-key: abc, host: b", "x-api-key: *, host: b"),
        ("password=hun)ter2", "password=*"),
    ] {
        assert_eq!(mask(text), wanted.replace('*', MASK), "{text}");
    }
}

#[test]
fn ordinary_text_stays() {
    for text in [
        "basic authentication failed",
        "invalid password: too short",
        "http://localhost:8080/a@b",
        "4111111111111112 0.4111111111111111 1700000000123456",
        "4d1e8a4e-4111-4111-8111-111111111111",
        "2024-01-01 12:30:45.123456789 +0000",
        "token == x, key => y, a != b, auth=true",
        "std::key::Key: a::b",
        "DE89 is no IBAN",
        "Cart { items: [1, 2], note: \"a = b\" }",
    ] {
        assert_eq!(mask(text), text);
    }
}

#[test]
fn masking_twice_changes_nothing_more() {
    for text in ["token=abcdef", "{\"password\":\"x\"}", "Bearer abcdef123456", "x://u:p@h"] {
        assert_eq!(mask(&mask(text)), mask(text));
    }
}

#[test]
fn text_that_is_not_examined_is_cut() {
    let text = mask(&"é".repeat(100_000));
    assert!(text.len() < 70_000 && text.ends_with('…'));
}

proptest! {
    #[test]
    fn no_text_makes_masking_panic(text in any::<String>(), like in "([a-z]{0,3}(token|key)?[=:\"'\\\\ {}\\[\\]é]{1,3}){0,8}") {
        mask(&text);
        mask(&like);
    }

    #[test]
    fn a_named_value_in_text_is_masked(before in "[a-z ,.]{0,20}", value in "[a-zA-Z0-9_.-]{1,30}") {
        prop_assume!(!["true", "false", "null", "None"].contains(&&*value));
        for text in [format!("{before} password={value}"), format!("{before}{{\"api_key\":\"{value}\"}}")] {
            let masked = mask(&text);
            prop_assert!(masked.contains(MASK), "{}", masked);
        }
    }
}
