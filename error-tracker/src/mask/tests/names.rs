use std::borrow::Cow;

use proptest::prelude::*;

use crate::mask::{MASK, Masking};

fn masked(name: &str) -> bool {
    Masking::default().name(name).is_some()
}

#[test]
fn the_rule_is_described() {
    let rule = |name| Masking::default().name(name).unwrap().rule.to_string();
    assert_eq!(rule("dbPassword"), "name contains `password`");
    assert_eq!(rule("x-api-key"), "name contains `api_key`");
    assert_eq!(rule("session"), "the word `session` in the name");
}

#[test]
fn lists_can_be_extended_replaced_and_turned_off() {
    let masking = Masking::default()
        .mask_containing("card_number")
        .mask_word("vin")
        .allow("session_key")
        .replacement("[x]");
    for name in
        ["cardNumber", "my_card_number2", "CARDNUMBER", "vin", "car_vin", "session_key_password"]
    {
        assert_eq!(&*masking.name(name).unwrap().text, "[x]", "{name}");
    }
    for name in ["vinyl", "session_key", "lastSessionKeys"] {
        assert!(masking.name(name).is_none(), "{name}");
    }
    let only = Masking::default().mask_only(["key"]);
    assert!(only.name("monkey").is_some() && only.name("password").is_none());
    for off in [Masking::off(), Masking::default().mask_only([""; 0])] {
        assert!(off.name("password").is_none());
        assert!(!off.values_in(&mut "Bearer abcdef123456".to_owned()));
    }
    assert!(Masking::default().allow("password").name("password").is_none());
}

#[test]
fn own_rules_come_first_and_one_that_panics_masks() {
    let rule = |name: &str| match name {
        "monkey" => Some(Cow::Borrowed("<ape>")),
        "boom" => std::panic::resume_unwind(Box::new(())),
        _ => None,
    };
    let masking = Masking::off().rule(rule);
    assert_eq!(&*masking.name("monkey").unwrap().text, "<ape>");
    assert_eq!(&*masking.name("boom").unwrap().text, MASK);
    assert!(masking.name("password").is_none());
    assert!(Masking::default().rule(rule).name("password").is_some());
}

#[test]
fn debug_of_masking_shows_no_names() {
    let text = format!("{:?}", Masking::default().mask_containing("codename"));
    assert!(!text.contains("codename"), "{text}");
}

proptest! {
    #[test]
    fn any_name_with_password_or_secret_inside_is_masked(before in "x[a-zA-Z0-9_.-]{0,200}", after in "[0-9_.-]{0,8}") {
        for name in [format!("{before}password{after}"), format!("{before}_SECRET{after}")] {
            prop_assert!(masked(&name), "{}", name);
        }
    }

    #[test]
    fn no_name_makes_masking_panic(name in any::<String>()) {
        masked(&name);
        let _ = Masking::off().mask_containing(&name).mask_word(&name).allow(&name).mask_only([&name]).name(&name);
    }

    #[test]
    fn an_own_part_is_found_in_any_name(part in "\\PC{0,8}[a-zA-Zäß]\\PC{0,8}") {
        prop_assert!(Masking::off().mask_containing(&part).name(&part).is_some());
    }
}
