//! Which messages have the same text without their values.

use proptest::prelude::*;

use super::{MAX_CHARS, ids, normalise};

#[test]
fn values_are_replaced_and_words_stay() {
    for (message, expected) in [
        (
            "index out of bounds: the len is 3 but the index is 17",
            "index out of bounds: the len is # but the index is #",
        ),
        ("order 17 of user42 is gone", "order # of user# is gone"),
        (
            "called `Option::unwrap()` on a `None` value",
            "called `Option::unwrap()` on a `None` value",
        ),
        ("can't open 'a b' of \"x \\\" y\": denied", "can't open \"*\" of \"*\": denied"),
        ("no /var/lib/x.db, ./y or C:\\z\\q.txt", "no <path>, <path> or <path>"),
        ("text/html and/or 50%", "text/html and/or #%"),
        ("GET https://a.b/c?d=1&e=2: 404 Not Found", "GET <url>: # Not Found"),
        ("at 2026-11-24T08:14:12.123Z or 2026-11-24", "at # or #"),
        ("peer 127.0.0.1:8080 or [::1]:80", "peer # or #"),
        ("took 1.5s, -3 left, sum=-1,000.25", "took # left, sum=#"),
        ("id 0xdeadBEEF 550e8400-e29b-41d4-a716-446655440000", "id # #"),
        ("mail to a.b@example.org failed.", "mail to <email> failed."),
        ("[1, 2, 3] of [4]", "[#] of [#]"),
        ("[\"a\", \"b\"] of order-17", "[\"*\"] of order-#"),
        ("  first\nsecond", "first"),
        ("cut \"value without an end", "cut \"*\""),
        ("", ""),
    ] {
        assert_eq!(normalise(message), expected, "{message:?}");
    }
}

/// The texts of each list are alike.
#[test]
fn generated_values_of_any_form_are_alike() {
    let mut unlike = Vec::new();
    for alike in [
        &[
            "customer cus_NffrFeUfNV2Hib",
            "customer cus_9s6XKzkNRiz8i3",
            "customer cus_NeZwdNtLEOXuvB",
        ][..],
        &["req_8sZ4kQ2PpWmX1a failed", "req_Vb0TnG7wYrLq3c failed"],
        &["pi_3MtwBwLkdIwHu7ix28a3tqPa: declined", "pi_1DrPYHLkdIwHu7ixZjl7Bk2q: declined"],
        &[
            "id V1StGXR8_Z5jdHi6B-myT",
            "id FkEM5sYlLMcFSbDZ6_wKR",
            "id 4f90d13a42Xk-QwE_rT1z",
            "id IRFa-VaY2b_x6Tz0-kEMQ",
            "id Uakgb_J5m9g-0JDMbcJqL",
        ],
        &["key order_V1StGXR8_Z5jdHi6B-myT", "key order_FkEM5sYlLMcFSbDZ6_wKR"],
        &["no 01ARZ3NDEKTSV4RRFFQ69G5FAV", "no 01BX5ZZKBKACTAV9WEVGEMMVRZ"],
        &["no 0ujtsYcgvSTl8PAuAdqWYSMnLOv", "no 2JtYsKkDoyhaHPHq7LzBZNpBbVd"],
        &["commit a3f9c21", "commit 0a1b2c3", "commit 1234567", "commit bead4ca"],
        &[
            "pod api-7d4b9c6f5-x2x9z",
            "pod api-5f6d8b9c74-zxw2k",
            "pod api-7c9b8d6f5-xzbqk",
            "pod api-bdc8f7d96f-8sdrt",
        ],
        &["pod/api-7d4b9c6f5-x2x9z is gone", "pod/api-5f6d8b9c74-zxw2k is gone"],
        &["on db-0", "on db-17"],
        &["node gke-pool-x2k9z", "node gke-pool-4zvtw"],
        &["blob dGVzdA==", "blob SGVsbG8gd29ybGQ=", "blob aGVsbG8K/3+kZWVwbGluZw=="],
        &["user-550e8400-e29b-41d4-a716-446655440000", "user-01a20ce5-00c9-74d8-9dc5-787521431aeb"],
        &[
            "from 10.0.0.1:443",
            "from [2001:db8::1]:8443",
            "from 2001:db8:0:0:0:0:0:1",
            "from ::1",
            "from fe80::1%eth0",
        ],
        &["net 10.0.0.0/8", "net 2001:db8::/32"],
        &["mac 00:1a:2b:3c:4d:5e", "mac fe-dc-ba-ab-cd-ef"],
        &[
            "took 1.5s",
            "took 350ms",
            "took 2m30s",
            "took 12 ms",
            "took 2 minutes 30 s",
            "took 1h 2m 3s",
            "took 999.5µs",
        ],
        &["read 512 bytes", "read 1.5 GiB", "read 10MB", "read 3 kB"],
        &[
            "version 1.2.3",
            "version 1.2.3-rc.1",
            "version 2.0.0-beta.2+exp.sha.5114f85",
            "version 10.1",
        ],
        &["tag v1.2.3", "tag v2.0.0-alpha"],
        &[
            "at Mon, 30 Nov 2026 15:46:52 GMT",
            "at Tue, 01 Dec 2026 03:04:05 GMT",
            "at Nov 30 15:46:52",
            "at 30. November 2026",
        ],
        &[
            "at November 30, 2026",
            "at May 5, 2026 at 3:46 PM",
            "at 30/Nov/2026:15:46:52 +0000",
            "at 1er décembre 2026",
            "at 12 déc. 2026",
            "at 3 ene 2026",
        ],
        &[
            "at Mon Nov 30 15:46:52 2026",
            "at Thu Nov  5 15:46:52 CET 2026",
            "at 30-Nov-26",
            "at 2026-11-30T15:46:52Z",
        ],
        &["at 3:46 PM", "at 10:02 AM"],
        &[
            "no «orders»",
            "no « a b »",
            "no “x y”",
            "no „a b“",
            "no ‘x’",
            "no ‚a b‘",
            "no ”x”",
            "no ‹x›",
            "no »x«",
            "no 'x'",
            "no \"x\"",
        ],
        &["no 「注文」", "no 『x』"],
        &["1 row failed", "2 rows failed", "17 rows failed"],
        &["1 entry", "3 entries"],
        &["wait PT5S", "wait P3DT4H", "wait PT1H30M", "wait PT0.5S"],
        &["at 3 dec 2026", "at 30 novembro 2026", "at 1 maggio 2026"],
        &["instance i-0abcd1234ef567890", "instance i-0123456789abcdef0"],
        &["event evt_1NG8Du2eZvKYlo2CUI79vXWy", "event evt_3LqOlH2eZvKYlo2C1example"],
        &["no 9m4e2mr0ui3e8a215n4g", "no cjld2cjxh0000qzrmn831i7rn", "no tz4a98xxat96iws9zmbrgj3a"],
        &["image sha256:9f86d081884c7d65", "image sha256:2c26b46b68ffc68f"],
        &["host ip-10-0-1-23.ec2.internal:5432", "host ip-10-0-117-4.ec2.internal:5433"],
        &[
            "for {550e8400-e29b-41d4-a716-446655440000}",
            "for {01a20ce5-00c9-74d8-9dc5-787521431aeb}",
        ],
        &["at 0x7ffd1234", "at 0x55d0c0ffee"],
        &[
            "trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "trace 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        ],
        &["on 30/11/2026", "on 11/30/26", "on 2026-11-30", "on 15:46"],
        &["pays $1,250.00", "pays $3.5"],
        &["connect 10.0.0.1:443: refused", "connect [::1]:443: refused"],
        &[
            "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4f",
            "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI5OTk5In0.Qx9TKswRJ2MeKKF2Zp7a",
        ],
    ] {
        unlike.extend(
            alike.iter().map(|text| normalise(text)).filter(|text| *text != normalise(alike[0])),
        );
    }
    assert_eq!(unlike, [""; 0]);
}

#[test]
fn names_and_words_are_not_ids() {
    for (one, other) in [
        ("missing field `orderId`", "missing field `customerId`"),
        ("ParseIntError", "ParseFloatError"),
        ("HTTPRequestFailed", "HTTPResponseFailed"),
        ("max_connections", "max_retries"),
        ("order-placed", "order-cancelled"),
        ("user_not_found", "user_not_active"),
        ("ECONNREFUSED", "ECONNRESET"),
        ("pod api-7d4b9c6f5-x2x9z", "pod web-7d4b9c6f5-x2x9z"),
        ("cus_NffrFeUfNV2Hib is gone", "sub_NffrFeUfNV2Hib is gone"),
        ("no decade", "no facade"),
        ("you may not", "you must not"),
        ("march on", "april on"),
        ("it can’t be read", "it can’t be written"),
        ("5 orders left", "5 customers left"),
        ("a::b failed", "a::c failed"),
        ("key= is empty", "name= is empty"),
        ("in-memory-cache", "on-disk-cache"),
        ("getUserById", "getOrderById"),
        ("src utf-8 text", "src latin-1 text"),
        ("注文 17 が", "顧客 17 が"),
    ] {
        assert_ne!(normalise(one), normalise(other));
    }
    for name in [
        "toJsonString",
        "OrderNotFound",
        "getUserById",
        "x-forwarded-for",
        "SomeVeryLongNameOfAType",
        "utf-8",
        "McDonald",
        "iPhone",
        "GitHub",
        "JavaScript",
        "PostgreSQL",
        "TypeScript",
        "LibreOffice",
        "kubectl",
    ] {
        let text = normalise(name);
        assert!(
            text.starts_with(|c: char| c.is_alphabetic()) && text.len() + 1 >= name.len(),
            "{name}: {text}"
        );
    }
}

fn value() -> impl Strategy<Value = (String, String)> {
    let pair = |pattern: &'static str| (pattern, pattern).prop_map(|(a, b)| (a, b));
    prop_oneof![
        any::<(i64, i64)>().prop_map(|(a, b)| (a.to_string(), b.to_string())),
        any::<(u8, u64)>().prop_map(|(a, b)| (a.to_string(), format!("{b}.5"))),
        pair("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        pair("0x[0-9a-fA-F]{1,16}"),
        pair("[0-9a-f]{16,40}"),
        any::<(String, String)>().prop_map(|(a, b)| (format!("{a:?}"), format!("{b:?}"))),
        pair("'[a-z 0-9]{0,30}'"),
        pair("/[a-z]{1,8}/[a-z0-9]{1,8}\\.[a-z]{3}"),
        pair("20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"),
        pair("https://[a-z]{3,9}\\.org/[a-z0-9/=&?]{0,20}"),
        pair("[a-z]{1,8}@[a-z]{1,8}\\.com"),
        pair("[0-9A-HJKMNP-TV-Z]{26}")
            .prop_map(|(a, b)| (format!("0{}", &a[1..]), format!("7{}", &b[1..]))),
        pair("[bcdfghjklmnpqrstvwxz2456789]{9}-[bcdfghjklmnpqrstvwxz2456789]{5}")
            .prop_map(|(a, b)| (format!("api-{a}"), format!("api-{b}"))),
        pair("(1|2)?[0-9] (Jan|Feb|Mar|Sep|Dec) 20[0-9]{2} [01][0-9]:[0-5][0-9]:[0-5][0-9]"),
        pair("«[a-z ]{0,20}»"),
        pair("[0-9]{1,3}(ms|s|m|h| seconds| bytes|KiB| MB)"),
    ]
}

#[test]
fn a_letter_across_the_length_of_a_uuid_does_not_panic() {
    assert_eq!(normalise(&format!("{}é", "a".repeat(35))), format!("{}é", "a".repeat(35)));
}

#[test]
fn the_hexadecimal_digits_of_an_id_are_not_a_duration() {
    let ids = ["00aa0a00-0aa0-0a00-a00a-aa000aa0aaaa", "0a0aaaaa-000a-a000-a0aa-aaa0a000000d"];
    for after in ["aaas", "s", "d", "rows"] {
        let [a, b] = ids.map(|id| normalise(&format!("a {id} {after}")));
        assert_eq!(a, b);
    }
}

proptest! {
    #[test]
    fn messages_that_differ_in_a_value_are_alike(before in "[a-z]{1,9} ", (a, b) in value(), after in "( [a-z]{1,9})?") {
        let (a, b) = (format!("{before}{a}{after}"), format!("{before}{b}{after}"));
        prop_assert_eq!(normalise(&a), normalise(&b), "{:?} {:?}", a, b);
    }

    #[test]
    fn messages_that_differ_in_a_word_differ(a in "[g-z]{2,9}", b in "[g-z]{2,9}") {
        prop_assert_eq!(normalise(&format!("no {a} 7")) == normalise(&format!("no {b} 8")), a == b);
    }

    #[test]
    fn any_message_gives_a_bounded_line_without_numbers(message in any::<String>()) {
        let text = normalise(&message);
        prop_assert!(text.chars().count() <= MAX_CHARS);
        let is_number = |word: &str| word.contains(|c: char| c.is_ascii_digit()) && !ids::is_term(word);
        prop_assert!(!text.contains('\n') && !text.split(|c: char| !c.is_alphanumeric()).any(is_number));
    }
}
