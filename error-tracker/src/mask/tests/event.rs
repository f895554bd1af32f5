use crate::event::{Breadcrumb, Cause, Context, Event, Frame, Request, Snippet, Variable};
use crate::json::json;
use crate::mask::{EventTaint, MASK, Masking, event};

fn variable(name: &str, value: &str) -> Variable {
    Variable { name: name.to_owned(), value: Some(value.to_owned()), ..Variable::default() }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Returns an event with a different canary at each place that has a secret name.
fn planted() -> Event {
    let object = |value: crate::json::Value| value.as_object().cloned().unwrap_or_default();
    Event {
        frames: vec![Frame {
            arguments: vec![variable("password", "\"canary-argument\"")],
            locals: vec![variable("token", "Some(Token { a: \"canary-8d1f7c2a-local\" })")],
            ..Frame::default()
        }],
        callers: vec![Frame {
            locals: vec![variable("apiKey", "\"canary-caller\"")],
            ..Frame::default()
        }],
        globals: vec![variable("SECRET", "\"canary-global\"")],
        context: Context {
            extras: object(
                json!({"a": [{"b": {"password": {"c": ["canary-extra", 8_123_456_789_u64]}}}]}),
            ),
            tags: [pair("auth", "canary-8d1f7c2a-tag")].into(),
            user: [pair("session", "canary-8d1f7c2a-user")].into(),
            breadcrumbs: vec![Breadcrumb {
                data: object(json!({"x": {"pin": "canary-8d1f7c2a-crumb"}})),
                ..Breadcrumb::default()
            }],
            request: Some(Request {
                url: "https://bo:canary-userinfo@host/p?id=1&token=canary-8d1f7c2a-url#x"
                    .to_owned(),
                query: vec![pair("user[password]", "canary-query")],
                headers: vec![
                    pair("authorization", "Bearer canary-bearer"),
                    pair("cookie", "a=canary-cookies"),
                    pair("set-cookie", "canary-set-cookie"),
                    pair("x-api-key", "canary-x-api-key"),
                    pair("x-auth-token", "canary-x-auth-token"),
                ],
                cookies: vec![pair("remember_me", "canary-cookie")],
                form: vec![pair("pwd", "canary-form")],
                json: json!([{"deep": {"client_secret": "canary-json"}}]),
                ..Request::default()
            }),
        },
        ..Event::default()
    }
}

fn canaries(event: &Event) -> Vec<String> {
    let text = crate::json::to_string(event).unwrap();
    let places = text.split("canary-").skip(1);
    places
        .map(|place| place.chars().take_while(|c| c.is_alphanumeric() || *c == '-').collect())
        .collect()
}

#[test]
fn a_canary_at_each_place_is_masked() {
    let mut event_ = planted();
    let all = canaries(&event_);
    assert_eq!(all.len(), 19);
    event(&Masking::default(), &mut event_, EventTaint::default());
    assert_eq!(canaries(&event_), [""; 0]);
    let frame = &event_.frames[0];
    assert!(frame.arguments[0].masked && frame.arguments[0].value.as_deref() == Some(MASK));
    assert_eq!(frame.arguments[0].masked_by.as_deref(), Some("name contains `password`"));
    // Only strings that look like secrets are masked in a struct with a weak name.
    assert_eq!(frame.locals[0].value, Some(format!("Some(Token {{ a: {MASK} }})")));
    let request = event_.context.request.unwrap();
    assert_eq!(request.url, format!("https://bo:{MASK}@host/p?id=1&token={MASK}#x"));
}

#[test]
fn with_masking_off_every_canary_is_there() {
    let mut event_ = planted();
    event(&Masking::off(), &mut event_, EventTaint::default());
    assert_eq!(event_, planted());
}

#[test]
fn a_masked_value_is_removed_from_every_other_text() {
    for canary in canaries(&planted()) {
        let secret = format!("canary-{canary}");
        let text = || format!("it was {secret} there");
        let mut event_ = planted();
        event_.message = text();
        event_.debug = Some(format!("Error({:?})", text()));
        event_.chain = vec![Cause { message: text(), ..Cause::default() }];
        event_.frames[0].error = event_.chain.first().cloned();
        event_.frames[0].locals.push(variable("note", &text()));
        event_.context.breadcrumbs.push(Breadcrumb { message: text(), ..Breadcrumb::default() });
        event_.context.extras.insert("note".to_owned(), json!([text()]));
        event_.context.tags.insert("note".to_owned(), text());
        event_.context.request.as_mut().unwrap().path = text();
        event_.fingerprint = vec![text()];
        event(&Masking::default(), &mut event_, EventTaint::default());
        assert_eq!(canaries(&event_), [""; 0]);
        assert_eq!(event_.message, format!("it was {MASK} there"));
    }
}

#[test]
fn a_number_that_was_masked_is_removed() {
    let mut event_ = planted();
    event_.message = "call 8123456789".to_owned();
    event_.context.extras.insert("n".to_owned(), json!([8_123_456_789_u64, 5, 1.5]));
    event(&Masking::default(), &mut event_, EventTaint::default());
    assert_eq!(event_.message, format!("call {MASK}"));
    assert_eq!(event_.context.extras["n"], json!([MASK, 5, 1.5]));
}

#[test]
fn source_text_is_masked_by_shape_only() {
    let line = "let token=read(\"password: \\\"x\\\"\")?; connect(\"pg://u:hunter2@h\")";
    let mut event_ = Event {
        frames: vec![Frame {
            expression: line.to_owned(),
            snippet: Some(Snippet { first_line: 1, lines: vec![line.to_owned()] }),
            ..Frame::default()
        }],
        ..Event::default()
    };
    event(&Masking::default(), &mut event_, EventTaint::default());
    let wanted = line.replace("hunter2", MASK);
    assert_eq!(event_.frames[0].expression, wanted);
    assert_eq!(event_.frames[0].snippet.as_ref().unwrap().lines, [wanted]);
}

#[test]
fn json_that_nests_without_end_is_masked_whole() {
    let deep =
        (0..1000).fold(json!("canary-deep"), |inner, _| crate::json::Value::Array(vec![inner]));
    let mut event_ = Event::default();
    event_.context.extras.insert("deep".to_owned(), deep);
    event(&Masking::default(), &mut event_, EventTaint::default());
    let mut level = &event_.context.extras["deep"];
    while let Some(inner) = level.as_array().and_then(|items| items.first()) {
        level = inner;
    }
    assert_eq!(level, MASK);
}
