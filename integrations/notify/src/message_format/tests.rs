use error_tracker::event::{Event, Frame, Issue, Request, Variable};

use super::MessageFormat;
use crate::{DigestEntry, Reason};

fn event() -> Event {
    let mut event = Event::default();
    event.id = "018f0000-0000-7000-8000-000000000001".into();
    event.type_name = "shop::OrderError".into();
    event.variant = Some("Negative".into());
    event.message = "quantity is -3".into();
    event.grouping.hash = "ab".repeat(32);
    event.origin.environment = "production".into();
    let mut quantity = Variable::default();
    (quantity.name, quantity.value) = ("quantity".into(), Some("-3 of <b>".into()));
    let mut frame = Frame::default();
    (frame.function, frame.file, frame.line) = ("add".into(), "src/cart.rs".into(), 12);
    frame.expression = "check(quantity)?".into();
    frame.arguments.push(quantity);
    event.frames.push(frame);
    event
}

fn with_request(request: Request) -> Event {
    let mut event = event();
    event.context.request = Some(request);
    event
}

fn subject(format: &MessageFormat, event: &Event) -> String {
    format.about(Reason::New, &Issue::of(event), event, 0).subject
}

#[test]
fn a_subject_has_each_part_that_there_is() {
    let plain = MessageFormat::new();
    let prefixed = MessageFormat::new().prefix("shop");
    let url = "https://shop.example/cart?page=2";
    let request = Request::default().method("POST").url(url);
    let last = "OrderError::Negative: quantity is -3";
    assert_eq!(
        subject(&prefixed, &with_request(request.clone())),
        format!("[shop] [POST] {url} {last}")
    );
    assert_eq!(subject(&plain, &with_request(request)), format!("[POST] {url} {last}"));
    assert_eq!(
        subject(&prefixed, &with_request(Request::default().url(url))),
        format!("[shop] {url} {last}")
    );
    let place = Request::default().method("GET").host("shop.example").path("/cart");
    assert_eq!(subject(&plain, &with_request(place)), format!("[GET] shop.example/cart {last}"));
    assert_eq!(subject(&prefixed, &event()), format!("[shop] {last}"));
    assert_eq!(subject(&plain, &event()), last);
}

#[test]
fn a_subject_is_one_line_of_at_most_200_characters() {
    let mut event = with_request(
        Request::default().method("GET").url("https://a.example/\r\nBcc: b@c.example"),
    );
    event.message = "x".repeat(1_000);
    let subject = subject(&MessageFormat::new().prefix("a\r\nb"), &event);
    assert!(!subject.contains(['\r', '\n']), "{subject}");
    assert_eq!(subject.chars().count(), 200);
    assert!(subject.starts_with("[a b] [GET] https://a.example/ Bcc: b@c.example OrderError"));
}

#[test]
fn a_text_has_the_url_the_reason_facts_and_the_trace_without_variables() {
    let event = with_request(Request::default().method("GET").url("https://shop.example/cart"));
    let format = MessageFormat::new().page_address("https://shop.example/dev/error/");
    let message = format.about(Reason::Milestone(1_000), &Issue::of(&event), &event, 312);
    let mut lines = message.text.lines();
    assert_eq!(lines.next(), Some("https://shop.example/cart"));
    assert_eq!(lines.next(), Some(""));
    assert!(message.text.contains("Seen 1,000 times. 312 more since the last message."));
    assert!(
        message.text.contains(&format!("https://shop.example/dev/error/{}\n", "ab".repeat(32)))
    );
    assert!(message.text.contains("Environment: production"));
    assert!(message.text.contains("check(quantity)?"), "{}", message.text);
    assert!(!message.text.contains("-3 of"), "{}", message.text);
    let with = format.variables(true).about(Reason::New, &Issue::of(&event), &event, 0);
    assert!(with.text.contains("-3 of <b>") && with.html.contains("-3 of &lt;b&gt;"));
}

#[test]
fn no_text_of_an_event_is_markup() {
    let mut event = with_request(
        Request::default().method("<i>").url("https://a.example/\"><script>alert(1)</script>"),
    );
    event.message = "</pre><img src=x onerror='alert(1)'> &amp;".into();
    event.frames[0].function = "<svg onload=alert(1)>".into();
    let message = MessageFormat::new().prefix("<b>").page_address("javascript:alert(1)//").about(
        Reason::New,
        &Issue::of(&event),
        &event,
        0,
    );
    for tag in ["<script", "<img", "<svg", "<i>", "<b>", "javascript:"] {
        assert!(!message.html.contains(tag), "{tag}: {}", message.html);
    }
    assert!(message.html.contains("&amp;amp;"));
}

#[test]
fn a_message_has_the_same_id_each_time_and_unlike_ones_have_not() {
    let (event, format) = (event(), MessageFormat::new());
    let issue = Issue::of(&event);
    let id = |reason| format.about(reason, &issue, &event, 0).id;
    assert_eq!(id(Reason::New), id(Reason::New));
    assert_ne!(id(Reason::New), id(Reason::Regression));
    assert_ne!(id(Reason::Milestone(10)), id(Reason::Milestone(100)));
    assert_ne!(format.test("a").id, format.test("b").id);
}

#[test]
fn a_digest_lists_issues_with_what_was_held_back() {
    let entry = |n: u32| {
        DigestEntry::new(format!("{n:064}"), format!("Error{n}: gone")).held_back(3).count(1_234)
    };
    let message =
        MessageFormat::new().prefix("shop").digest("1", 450, (0..150).map(entry).collect());
    assert_eq!(message.subject, "[shop] 450 messages held back, of 150 issues");
    assert!(message.text.contains("Error0: gone (seen 1,234 times, 3 held back)"));
    assert!(message.text.contains("50 more issues") && message.html.contains("50 more issues"));
}
