use super::group;
use crate::event::{BacktraceFrame, Event, Frame, Kind, Location};

fn event_at_site() -> Event {
    let frame = Frame {
        function: "Cart::total".into(),
        module: "shop::cart".into(),
        file: "/build/1/src/cart.rs".into(),
        line: 10,
        expression: "price.parse()?".into(),
        ..Frame::default()
    };
    Event {
        type_name: "shop::OrderError".into(),
        variant: Some("Gone".into()),
        message: "order 17 is gone".into(),
        frames: vec![frame],
        ..Event::default()
    }
}

fn with(mut event: Event, change: impl FnOnce(&mut Event)) -> Event {
    change(&mut event);
    event
}

fn same(a: &Event, b: &Event) -> bool {
    group(a).hash == group(b).hash
}

#[test]
fn the_same_error_of_another_time_or_host_is_the_same_issue() {
    let event = event_at_site();
    for other in [
        with(event_at_site(), |event| event.frames[0].line = 99),
        with(event_at_site(), |event| event.frames[0].file = "/build/2/src/cart.rs".into()),
        with(event_at_site(), |event| event.frames[0].expression = "price\n    .parse()?".into()),
        with(event_at_site(), |event| event.message = "order 18 is gone".into()),
        with(event_at_site(), |event| event.origin.release = "shop@2".into()),
        with(event_at_site(), |event| event.origin.host = "other".into()),
        with(event_at_site(), |event| event.thread = "worker-7".into()),
        with(event_at_site(), |event| event.type_name = "shop::OrderError<u8>".into()),
        with(event_at_site(), |event| event.frames.push(Frame::default())),
    ] {
        assert!(same(&event, &other), "{other:#?}");
    }
}

#[test]
fn another_cause_or_place_is_another_issue() {
    let event = event_at_site();
    for other in [
        with(event_at_site(), |event| event.kind = Kind::None),
        with(event_at_site(), |event| event.type_name = "shop::PriceError".into()),
        with(event_at_site(), |event| event.variant = Some("Negative".into())),
        with(event_at_site(), |event| event.variant = None),
        with(event_at_site(), |event| event.frames[0].function = "Cart::weight".into()),
        with(event_at_site(), |event| event.frames[0].module = "shop::basket".into()),
        with(event_at_site(), |event| event.frames[0].expression = "weight.parse()?".into()),
        with(event_at_site(), |event| event.frames[0].ordinal = 1),
    ] {
        assert!(!same(&event, &other), "{other:#?}");
    }
}

#[test]
fn errors_of_an_opaque_type_are_distinguished_by_text_and_not_by_values() {
    for opaque in
        ["anyhow::Error", "alloc::string::String", "alloc::boxed::Box<dyn core::error::Error>"]
    {
        let event = with(event_at_site(), |event| event.type_name = opaque.into());
        assert!(same(
            &event,
            &with(event.clone(), |event| event.message = "order 99 is gone".into())
        ));
        assert!(!same(
            &event,
            &with(event.clone(), |event| event.message = "no such order".into())
        ));
    }
}

#[test]
fn panics_group_by_file_and_text_and_not_by_whether_a_backtrace_was_taken() {
    let panic = Event {
        kind: Kind::Panic,
        type_name: "panic".into(),
        message: "index out of bounds: the len is 3 but the index is 5".into(),
        location: Some(Location { file: "/home/a/shop/src/main.rs".into(), line: 3, column: 1 }),
        ..Event::default()
    };
    let call =
        BacktraceFrame { function: "shop::main".into(), in_app: true, ..BacktraceFrame::default() };
    assert!(same(&panic, &with(panic.clone(), |event| event.backtrace.push(call.clone()))));
    assert!(same(&panic, &with(panic.clone(), |event| event.location.as_mut().unwrap().line = 4)));
    assert!(!same(&panic, &with(panic.clone(), |event| event.message = "division by zero".into())));
    assert!(!same(
        &panic,
        &with(panic.clone(), |event| event.location.as_mut().unwrap().file = "src/x.rs".into())
    ));
    let in_std = with(panic, |event| {
        event.location.as_mut().unwrap().file = "/rustc/1/library/core/x.rs".into();
    });
    let called = with(in_std.clone(), |event| event.backtrace.push(call));
    assert!(same(&in_std, &called), "names may be found late, or never");
}

#[test]
fn messages_group_by_the_literal_that_they_were_rendered_from() {
    let message = |template: &str, text: &str| Event {
        kind: Kind::Message,
        type_name: "message".into(),
        template: Some(template.into()),
        message: text.into(),
        ..Event::default()
    };
    assert!(same(&message("{} is slow", "a is slow"), &message("{} is slow", "b is slow")));
    assert!(!same(&message("{} is slow", "a is slow"), &message("{} is fast", "a is slow")));
}

#[test]
fn a_custom_fingerprint_is_used_alone() {
    let own = |parts: &[&str], event: Event| {
        with(event, |event| {
            event.fingerprint = parts.iter().map(|part| (*part).to_owned()).collect();
        })
    };
    assert!(same(&own(&["a", "b"], event_at_site()), &own(&["a", "b"], Event::default())));
    assert!(
        !same(&own(&["a", "b"], event_at_site()), &own(&["ab"], event_at_site())),
        "no two lists may read alike"
    );
    assert!(!same(&own(&["a", "b"], event_at_site()), &own(&["a", "b", ""], event_at_site())));
}

#[test]
fn a_fingerprint_does_not_change_from_one_version_of_this_crate_to_the_next() {
    let grouping = group(&event_at_site());
    assert_eq!(grouping.version, "g1");
    let labels: Vec<_> =
        grouping.components.iter().map(|part| (part.label.as_str(), part.value.as_str())).collect();
    assert_eq!(
        labels,
        [
            ("kind", "error"),
            ("type", "shop::OrderError"),
            ("variant", "Gone"),
            ("function", "shop::cart::Cart::total"),
            ("expression", "price.parse()?"),
        ]
    );
    assert_eq!(grouping.hash, "07ce7b0c8a7afa1132fdc6aacc625c22ee8b30bc7cda12c50ebebfb121c3fd7b");
}
