use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Error, Map, Value, from_str, from_value, json, to_string, to_string_pretty, to_value};
use crate::event::Event;

fn theirs(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

fn float() -> impl Strategy<Value = f64> {
    let near = (any::<i32>(), -12..20_i32)
        .prop_map(|(digits, power)| f64::from(digits) * 10_f64.powi(power));
    prop_oneof![
        any::<f64>(),
        near,
        Just(0.0),
        Just(-0.0),
        Just(1e16),
        Just(1e15),
        Just(1e-5),
        Just(1e-6)
    ]
    .prop_filter("a tie", |float| !tie(float))
}

/// Returns whether the float lies exactly between two texts that are equally short: there
/// `serde_json` takes the even one.
fn tie(float: &impl std::fmt::LowerExp) -> bool {
    let digits =
        |text: String| text.split('e').next().unwrap_or_default().trim_end_matches('0').to_owned();
    let (short, exact) = (digits(format!("{float:e}")), digits(format!("{float:.60e}")));
    exact.len() > short.len() && exact.len() <= short.len() + 2 && exact.ends_with('5')
}

fn text() -> impl Strategy<Value = String> {
    vec(prop_oneof![any::<char>(), proptest::char::range('\0', '~')], 0..12)
        .prop_map(|text| text.into_iter().collect())
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        float().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(text(), inner, 0..6).prop_map(|entries| Map::from_iter(entries).into()),
        ]
    })
}

/// A unit of UTF-16, often half of a surrogate pair.
fn unit() -> impl Strategy<Value = u16> {
    prop_oneof![any::<u16>(), 0xd700..0xe100_u16, Just(0xdbff), Just(0xdc00)]
}

/// Text of the pieces that JSON is made of, mostly no JSON.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\\",
        "\\u",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\udc00\"",
        "\"\\u00e9\"",
        "\\n",
        "0",
        "-",
        "-0",
        "1",
        "00",
        ".",
        "5",
        "e",
        "E",
        "+",
        "1.5",
        "1e400",
        "18446744073709551616",
        "-9223372036854775809",
        "9223372036854775808",
        "null",
        "true",
        "false",
        "nul",
        " ",
        "\n",
        "\u{c}",
        "\u{feff}",
        "é",
        "\0",
        "/",
        "'",
        "NaN",
        "\"\\/\"",
        "\"\\ud83d\\u0041\"",
        "\"\u{7f}\"",
        "1E-2",
        "[]",
        "{}",
        "[1",
        "{\"a\":",
    ];
    vec(proptest::sample::select(PIECES), 0..8).prop_map(|pieces| pieces.concat())
}

/// JSON with one place changed.
fn mutated() -> impl Strategy<Value = String> {
    (tree(), any::<prop::sample::Index>(), any::<Option<char>>(), any::<bool>()).prop_map(
        |(tree, place, put, remove)| {
            let mut chars: Vec<char> = to_string_pretty(&tree).unwrap().chars().collect();
            let place = place.index(chars.len());
            if remove {
                chars.remove(place);
            }
            chars.splice(place..place, put);
            chars.into_iter().collect()
        },
    )
}

/// Both read the text as the same value, or both refuse it.
fn read_alike(text: &str) {
    match (from_str::<Value>(text), serde_json::from_str::<serde_json::Value>(text)) {
        (Ok(ours), Ok(expected)) => {
            assert_eq!(theirs(&ours), expected, "{text}");
            // Not the texts: of two shortest texts for a float, each may take another.
            let again: serde_json::Value =
                serde_json::from_str(&to_string(&ours).unwrap()).unwrap();
            assert_eq!(again, expected);
        }
        (Err(_), Err(_)) => {}
        (ours, expected) => panic!("{text:?}: {ours:?}, but serde_json: {expected:?}"),
    }
}

#[test]
fn a_float_with_two_shortest_texts_is_read_as_by_serde_json() {
    read_alike("-193593171461166.6094");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_value_is_written_as_serde_json_writes_it_and_read_back(value in tree()) {
        let text = to_string(&value).unwrap();
        prop_assert_eq!(&text, &serde_json::to_string(&value).unwrap());
        prop_assert_eq!(to_string_pretty(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap());
        prop_assert_eq!(&from_str::<Value>(&text).unwrap(), &value);
        prop_assert_eq!(to_value(&value).unwrap(), value);
    }

    #[test]
    fn every_float_is_written_as_serde_json_writes_it(
        float in float(),
        short in any::<f32>().prop_filter("a tie", |float| !tie(float)),
    ) {
        prop_assert_eq!(to_string(&float).unwrap(), serde_json::to_string(&float).unwrap());
        prop_assert_eq!(to_string(&short).unwrap(), serde_json::to_string(&short).unwrap());
        prop_assert_eq!(from_str::<f64>(&to_string(&float).unwrap()).ok(), float.is_finite().then_some(float));
    }

    #[test]
    fn pieces_of_json_are_accepted_as_by_serde_json(text in pieces()) {
        read_alike(&text);
    }

    #[test]
    fn changed_json_is_accepted_as_by_serde_json(text in mutated()) {
        read_alike(&text);
    }

    #[test]
    fn arbitrary_text_in_quotes_is_read_as_by_serde_json(text in text()) {
        read_alike(&format!("\"{text}\""));
    }

    #[test]
    fn pairs_of_escapes_are_read_as_by_serde_json(first in unit(), second in unit()) {
        read_alike(&format!("\"\\u{first:04x}\\u{second:04X}\""));
    }

    #[test]
    fn types_of_every_form_are_written_and_read_as_by_serde_json(forms in forms()) {
        let text = to_string(&forms).unwrap();
        prop_assert_eq!(&text, &serde_json::to_string(&forms).unwrap());
        prop_assert_eq!(to_string_pretty(&forms).unwrap(), serde_json::to_string_pretty(&forms).unwrap());
        prop_assert_eq!(theirs(&to_value(&forms).unwrap()), serde_json::to_value(&forms).unwrap());
        prop_assert_eq!(&from_str::<Forms>(&text).unwrap(), &forms);
        prop_assert_eq!(&from_value::<Forms>(to_value(&forms).unwrap()).unwrap(), &forms);
    }

    #[test]
    fn an_event_with_arbitrary_data_comes_back_unchanged(message in text(), value in tree()) {
        let mut event = Event { message, ..Event::default() };
        event.context.extras.insert("any", value);
        let text = to_string(&event).unwrap();
        prop_assert_eq!(&text, &serde_json::to_string(&event).unwrap());
        prop_assert_eq!(from_str::<Event>(&text).unwrap(), event);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Word {
    One,
    Two,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Variant {
    Unit,
    Newtype(Option<u8>),
    Tuple(i16, String),
    Struct { a: char, b: Vec<Self> },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Id(u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Forms {
    unit: (),
    tuple: (bool, i64, u64),
    variants: Vec<Variant>,
    by_number: BTreeMap<i32, Word>,
    by_id: BTreeMap<Id, ()>,
    by_word: BTreeMap<Word, Option<String>>,
    by_bool: BTreeMap<bool, u8>,
    #[serde(flatten)]
    rest: Map,
}

fn forms() -> impl Strategy<Value = Forms> {
    let word = prop_oneof![Just(Word::One), Just(Word::Two)];
    let leaf = prop_oneof![
        Just(Variant::Unit),
        any::<Option<u8>>().prop_map(Variant::Newtype),
        (any::<i16>(), text()).prop_map(|(number, text)| Variant::Tuple(number, text)),
    ];
    let variant = leaf.prop_recursive(3, 10, 3, |inner| {
        (any::<char>(), vec(inner, 0..3)).prop_map(|(a, b)| Variant::Struct { a, b })
    });
    let maps = (
        btree_map(any::<i32>(), word.clone(), 0..3),
        btree_map(any::<u32>().prop_map(Id), Just(()), 0..3),
        btree_map(word, proptest::option::of(text()), 0..3),
        btree_map(any::<bool>(), any::<u8>(), 0..3),
    );
    (any::<(bool, i64, u64)>(), vec(variant, 0..4), maps, btree_map("z[a-z]*", tree(), 0..3))
        .prop_map(|(tuple, variants, (by_number, by_id, by_word, by_bool), rest)| Forms {
            unit: (),
            tuple,
            variants,
            by_number,
            by_id,
            by_word,
            by_bool,
            rest: Map::from_iter(rest),
        })
}

fn refused(text: &str) -> String {
    from_str::<Value>(text).unwrap_err().to_string()
}

#[test]
fn an_error_shows_where_the_text_stops_being_json() {
    let told = [
        "[1,\n  é]",
        "{\"é\": 1 2}",
        "[1",
        "1 1",
        "nul",
        "[01]",
        "1e999",
        "\"\\ud83d!\"",
        "\"\\x\"",
        "\"\n\"",
        "{1:2}",
        "[1,]",
        "",
    ]
    .map(refused);
    insta::assert_snapshot!(told.join("\n"), @r#"
    expected a value at line 2 column 3
    expected `,` or `}` at line 1 column 9
    the text ends too early at line 1 column 3
    text after the end of the value at line 1 column 3
    the text ends too early at line 1 column 4
    a number does not begin with 0 at line 1 column 3
    the number is too large at line 1 column 1
    half of a surrogate pair at line 1 column 4
    no such escape at line 1 column 3
    a control character in a text must be escaped at line 1 column 2
    expected a name in quotes at line 1 column 2
    expected a value at line 1 column 4
    the text ends too early at line 1 column 1
    "#);
}

#[test]
fn deep_nesting_is_refused_with_a_small_stack() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for depth in [127, 128] {
        read_alike(&nested(depth));
    }
    assert_eq!(refused(&nested(128)), "nested too deep at line 1 column 128");
    refused(&"{\"a\":".repeat(1_000_000));
}

#[test]
fn a_type_error_shows_what_was_found() {
    let long = from_str::<(u8, u8)>("[1, 2, 3]").unwrap_err();
    assert_eq!(long.to_string(), "invalid length 3, expected fewer items");
    let refused = |text| from_str::<Id>(text).unwrap_err().to_string();
    insta::assert_snapshot!([refused("null"), refused("-1"), refused("\"1\""), refused("[]")].join("\n"), @r#"
    invalid type: unit value, expected u32
    invalid value: integer `-1`, expected u32
    invalid type: string "1", expected u32
    invalid type: sequence, expected u32
    "#);
    let refused = |text| from_str::<Variant>(text).unwrap_err().to_string();
    let told =
        [refused("\"None\""), refused("{}"), refused("\"Newtype\""), refused("{\"Unit\":1}")];
    insta::assert_snapshot!(told.join("\n"), @r#"
    unknown variant `None`, expected one of `Unit`, `Newtype`, `Tuple`, `Struct`
    invalid type: map, expected a variant's name, or an object with it
    invalid type: unit variant, expected a variant with content
    invalid type: integer `1`, expected a variant without content
    "#);
}

#[test]
fn values_that_json_cannot_represent_are_null_or_refused() {
    assert_eq!(to_string(&[f64::NAN, f64::INFINITY]).unwrap(), "[null,null]");
    assert_eq!(to_value([f32::NAN]).unwrap(), json!([null]));
    assert!(to_value(u128::MAX).is_err());
    assert_eq!(to_string(&u128::MAX).unwrap(), u128::MAX.to_string());
    assert_eq!(to_value(i128::from(i64::MIN)).unwrap(), i64::MIN);
    let key: Result<_, Error> = to_string(&BTreeMap::from([((1, 2), 3)]));
    assert_eq!(key.unwrap_err().to_string(), "a key must be a text");
    assert!(to_string(&BTreeMap::from([(Some("a"), 1)])).is_err());
}

#[test]
fn missing_parts_of_a_value_are_read_as_null() {
    let value = json!({"list": [1, -2, 1.5, "x", true], "null": null});
    let list = &value["list"];
    assert!(list[0] == 1 && list[1] == -2 && list[2] == 1.5 && list[3] == "x" && list[4] == true);
    assert!(list[0] != 1.0 && list[0] != "1" && list[1] != 2_u8);
    assert_eq!((list[0].as_u64(), list[0].as_i64(), list[1].as_u64()), (Some(1), Some(1), None));
    assert!(value["none"]["deeper"][7].is_null());
    assert_eq!(value.to_string(), r#"{"list":[1,-2,1.5,"x",true],"null":null}"#);
    assert_eq!(format!("{:#}", value["list"]), "[\n  1,\n  -2,\n  1.5,\n  \"x\",\n  true\n]");
}
