use std::borrow::Cow;

use proptest::prelude::*;

use crate::mask::{MASK, Masking};

fn masked(name: &str) -> bool {
    Masking::default().name(name).is_some()
}

const SECRET: &str = "password Password PASSWORD userPassword user_password mypasswordfield passwordHash pass_word \
    passwd db_passwd passphrase pass_phrase ssh-passphrase pwd userPwd secret client_secret clientSecret topsecrets \
    SECRET_KEY xsecretx token accessToken refresh_token TOKENS idToken x-auth-token credential credentials \
    awsCredentials authorization Authorization proxy-authorization bearer jwt JWT userJwt cookie Set-Cookie cookies \
    csrf csrf_token csrfmiddlewaretoken xsrf X-XSRF private_key privateKey PRIVATE_KEY rsa.private.key api_key apikey \
    apiKey APIKey API_KEY X-Api-Key my_apikey_2 api_keys access_key AccessKey aws_access_key_id SharedAccessKey \
    signing_key signature X-Hub-Signature auth oauth_auth x-auth http_auth OAuthKey key key1 encryptionKey KEY \
    AccountKey session SESSION user_session session_id sessionid JSESSIONID PHPSESSID sid connect.sid sso saml \
    saml_response otp otp_code pin user_pin cvv CVV2 cvc ssn userSSN salt password_salt dsn SENTRY_DSN smtp_pass \
    password_length secretary_password author_token key_count_secret tokenizer_token";

const BENIGN: &str = "monkey keyboard author authors authority sidebar tokenizer tokenizers tokenize primary_key \
    primaryKey PrimaryKey foreign_key foreignKeys key_count keyCount secretary secretaries keystroke keyframe keyword \
    keywords turkey hockey donkey whiskey jockey monkeys keynote keypad compass compass_width bypass bypass_wait \
    passenger passengers passage pass passed passing passive passport first_pass second_pass assess assessment \
    assets obsession possession sessions_total session_count session_timeout inside outside side beside consider \
    resident president reside sidecar offside basic assassin pinned pinning pinball spin spinner opinion pineapple \
    shipping mapping typing ping pinged saltwater basalt exalted cobalt adsn dsnap cvs cvcs optional option \
    options hotplug potpourri authenticity authored coauthor authentic broadcast tokenized tokenization max_tokens \
    prompt_tokens completion_tokens total_tokens token_count token_type tokenKind token_index token_stream sort_key \
    partition_key partitionKey cache_key map_key object_key row_key public_key publicKey key_len key_type key_size \
    key_index unique_key index_key lookup_key routing_key translation_key arrow_key key_code keyCode key_down \
    key_press key_event key_value id user user_id email name first_name last_name address street city zip country \
    phone price amount total quantity currency order order_id order_total cart item items product sku count index \
    offset limit page size length width height depth weight color title description body content text message \
    error cause source path file folder line column url uri host port scheme method status code reason retries \
    timeout delay interval duration start end created_at updated_at deleted_at timestamp date time year month day \
    hour minute second zone locale language format encoding charset mime content_type content-length user-agent \
    accept referer origin etag last-modified cache-control connection upgrade via forwarded x-request-id trace \
    span parent child root node edge graph tree leaf branch commit version release build target platform arch \
    cpu memory disk network buffer bytes chunk block frame packet header footer payload request response client \
    server worker thread task job queue topic channel stream reader writer parser lexer scanner state mode flag \
    enabled visible active valid ready done result value values input output left right top bottom x y z n i j \
    min max sum mean median ratio rate score rank level kind type class group category tag tags label labels \
    comment comments note notes draft published archived status_code http_status is_admin role roles permission \
    permissions owner members team company department job_title salary invoice invoice_id payment_method \
    shipping_address billing_address discount coupon tax vat subtotal balance account account_id iban_country \
    latitude longitude altitude speed distance temperature pressure humidity sensor device device_id firmware \
    serial model brand vendor supplier customer customers customer_id contact website domain subdomain registry \
    package module crate function argument arguments local locals variable field fields record row rows table \
    schema database query statement transaction cursor migration seed hash digest checksum crc keyless keyed \
    signal signed design designated assigned assignment significant signum insignia resignation";

#[test]
fn names_of_secrets_are_masked() {
    for name in SECRET.split_whitespace() {
        assert!(masked(name), "{name}");
    }
}

#[test]
fn look_alikes_are_masked_in_at_most_one_percent_of_cases() {
    let all: Vec<&str> = BENIGN.split_whitespace().collect();
    let wrong: Vec<&&str> = all.iter().filter(|name| masked(name)).collect();
    assert!(all.len() > 300 && wrong.len() * 100 <= all.len(), "{} of {}: {wrong:?}", wrong.len(), all.len());
}

#[test]
fn the_rule_is_told_in_words() {
    let rule = |name| Masking::default().name(name).unwrap().rule.to_string();
    assert_eq!(rule("dbPassword"), "name contains `password`");
    assert_eq!(rule("x-api-key"), "name contains `api_key`");
    assert_eq!(rule("session"), "the word `session` in the name");
}

#[test]
fn lists_can_be_extended_replaced_and_turned_off() {
    let masking = Masking::default().part("card_number").word("vin").allow("session_key").text("[x]");
    for name in ["cardNumber", "my_card_number2", "CARDNUMBER", "vin", "car_vin", "session_key_password"] {
        assert_eq!(&*masking.name(name).unwrap().text, "[x]", "{name}");
    }
    for name in ["vinyl", "session_key", "lastSessionKeys"] {
        assert!(masking.name(name).is_none(), "{name}");
    }
    let only = Masking::default().only(["key"]);
    assert!(only.name("monkey").is_some() && only.name("password").is_none());
    for off in [Masking::off(), Masking::default().only([""; 0])] {
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
fn debug_of_masking_tells_no_names() {
    let text = format!("{:?}", Masking::default().part("codename"));
    assert!(!text.contains("codename"), "{text}");
}

proptest! {
    #[test]
    fn any_name_with_password_or_secret_inside_is_masked(before in "[a-zA-Z0-9_.-]{0,200}", after in "[A-Z0-9_.-]{0,8}") {
        for name in [format!("{before}password{after}"), format!("{before}_SECRET{after}")] {
            prop_assert!(masked(&name), "{}", name);
        }
    }

    #[test]
    fn no_name_makes_it_fail(name in any::<String>()) {
        masked(&name);
        let _ = Masking::off().part(&name).word(&name).allow(&name).only([&name]).name(&name);
    }

    #[test]
    fn an_own_part_is_found_in_any_name(part in "\\PC{0,8}[a-zA-Zäß]\\PC{0,8}") {
        prop_assert!(Masking::off().part(&part).name(&part).is_some());
    }
}
