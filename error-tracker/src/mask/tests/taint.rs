use proptest::prelude::*;

use crate::mask::{EventTaint, MASK};

fn scrub(secret: &str, text: &str) -> String {
    let mut taint = EventTaint::default();
    taint.add(secret);
    let mut text = text.to_owned();
    taint.scrubber().scrub(&mut text, MASK);
    text
}

#[test]
fn a_masked_value_is_found_in_each_encoding() {
    let secret = "p/s\"w <ö>&'1";
    for text in [
        "p/s\"w <ö>&'1",
        "p/s\\\"w <ö>&'1",
        "p/s\\\\\\\"w <ö>&'1",
        "p%2Fs%22w%20%3C%C3%B6%3E%26%271",
        "p%2fs%22w%20%3c%c3%b6%3e%26%271",
        "p%2Fs%22w+%3C%C3%B6%3E%26%271",
        "p/s&quot;w &lt;ö&gt;&amp;&#39;1",
        "p&#x2f;s&#34;w &lt;ö&gt;&amp;&#x27;1",
        "702f732277203cc3b63e262731",
        "702F732277203CC3B63E262731",
        "112, 47, 115, 34, 119, 32, 60, 195, 182, 62, 38, 39, 49",
        "cC9zInc",
        "cC9zIncgPMO2PiYnMQ==",
    ] {
        let found = scrub(secret, &format!("[{text}]"));
        let whole = text != "cC9zInc";
        assert_eq!(found == format!("[{MASK}]"), whole, "{text}: {found}");
    }
}

#[test]
fn a_value_that_was_cut_is_found() {
    for text in ["x hunter", "\"hunter2\"…", "\"hunter2 lo…", "[\"hunter2 l\\\"…"] {
        assert!(scrub("hunter2 longer than text", text).contains(MASK), "{text}");
    }
    assert_eq!(scrub("hunter2 longer", "hunter2 shown"), "hunter2 shown");
    assert!(
        !scrub(&"s3cr3t".repeat(2000), &format!("a {} b", "s3cr3t".repeat(2000)))
            .contains("s3cr3t")
    );
}

#[test]
fn short_values_are_not_searched_for() {
    assert_eq!(scrub("true", "it is true"), "it is true");
    assert_eq!(scrub("*********", "*********"), "*********");
}

#[test]
fn plain_words_are_not_searched_for() {
    for word in ["client", "customers", "database.url", "order_id", "Schlüssel"] {
        assert_eq!(scrub(word, &format!("no {word} here")), format!("no {word} here"));
    }
    for secret in ["hunter2", "correct-horse", "correcthorsebatterystaple"] {
        assert_eq!(scrub(secret, &format!("no {secret} here")), format!("no {MASK} here"));
    }
}

#[test]
fn names_of_fields_stay() {
    for text in [
        "Order { item_id2: 5, x: 1 }",
        "Order {\n    x: 1,\n    item_id2: 5,\n}",
        "{\"item_id2\": 5}",
    ] {
        assert_eq!(scrub("item_id2", text), text);
    }
    for text in [
        "Order { name: item_id2 }",
        "refused item_id2: wrong",
        "a, item_id2: wrong",
        "{\"a\": \"item_id2\"}",
    ] {
        assert_eq!(scrub("item_id2", text), text.replace("item_id2", MASK));
    }
}

#[test]
fn a_masked_value_is_found_in_the_escapes_of_any_format() {
    let secret = "it's \"8d1f\" <7c2a> & /ö";
    for text in [
        "it&#39;s &#34;8d1f&#34; &lt;7c2a&gt; &amp; /ö",
        "it&#x27;s &quot;8d1f&quot; &#60;7c2a&#62; &#38; &#x2F;&#246;",
        "it&apos;s &#x22;8d1f&#x22; &lt;7c2a&gt; &amp; &#47;ö",
        "it's \\\"8d1f\\\" <7c2a> & \\/\\u00f6",
        "it's \\\\\\\"8d1f\\\\\\\" <7c2a> & /\\\\u00f6",
        "it's \\u00228d1f\\u0022 \\u003c7c2a\\u003e \\u0026 /ö",
        "it\\'s \\\"8d1f\\\" <7c2a> & /\\u{f6}",
        "it%27s%20%228d1f%22%20%3c7c2a%3e%20%26%20%2f%c3%b6",
        "it's+%228d1f%22+%3C7c2a%3E+%26+/%C3%B6",
        "it%2527s%2520%25228d1f%2522%2520%253C7c2a%253E%2520%2526%2520%252F%25C3%25B6",
        "it&amp;#39;s &amp;quot;8d1f&amp;quot; &amp;lt;7c2a&amp;gt; &amp;amp; /ö",
    ] {
        assert_eq!(scrub(secret, &format!("[{text}]")), format!("[{MASK}]"), "{text}");
    }
}

#[test]
fn strings_and_long_numbers_of_debug_text_are_remembered() {
    let mut taint = EventTaint::default();
    taint.add_debug("Some(Login { a: \"hun\\\"ter\\n2\", pin: 123456, short: 12, name: Abcdefg })");
    let mut text = "hun\"ter\n2 123456 12 Abcdefg".to_owned();
    taint.scrubber().scrub(&mut text, "*");
    assert_eq!(text, "* * 12 Abcdefg");
}

#[test]
fn debug_of_taint_shows_no_value() {
    let mut taint = EventTaint::default();
    taint.add("hunter2");
    assert!(!format!("{taint:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn no_value_survives_anywhere(secret in "[!-)+-~é]{6,40}", before in any::<String>(), after in any::<String>()) {
        let secret = format!("{secret}7");
        let found = scrub(&secret, &format!("{before}{secret}{after}{secret}"));
        prop_assert!(!found.contains(&secret));
        let shown = format!("{secret:?}");
        let debug = scrub(&secret, &format!("{:?}", format!("{before}{secret}")));
        prop_assert!(!debug.contains(&shown[1..shown.len() - 1]));
    }

    #[test]
    fn other_text_stays(secret in "[0-9]{6,40}", text in "[a-z ]{0,80}") {
        prop_assert_eq!(scrub(&secret, &text), text.clone());
        prop_assert_eq!(scrub(&secret, &format!("{text}{secret}{text}")), format!("{text}{MASK}{text}"));
    }

    #[test]
    fn a_value_in_base64_is_found_at_each_alignment(
        secret in "[a-z0-9]{5,29}7", before in "[ -~]{0,9}", after in "[ -~]{0,9}",
    ) {
        let encode = |bytes: &[u8]| {
            const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            bytes.chunks(3).map(|group| {
                let word = group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
                (0..4).map(|at| match at <= group.len() {
                    true => char::from(DIGITS[(word >> (18 - 6 * at) & 63) as usize]),
                    false => '=',
                }).collect::<String>()
            }).collect::<String>()
        };
        let text = encode(format!("{before}{secret}{after}").as_bytes());
        prop_assert_eq!(scrub(&secret, &text), MASK);
    }
}
