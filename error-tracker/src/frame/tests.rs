use std::collections::HashSet;
use std::fmt::{self, Debug};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::{
    ArgumentValue, CallArgument, ChunkPiece, FormatValue, FrameList, FrameRef, FramedFuture,
    PendingText, PendingValue, SlotContent, SlotCount, SlotValue,
};

struct Three;

impl SlotCount for Three {
    fn slots(&self) -> usize {
        3
    }
}

struct Plainly;

impl<T: Debug> FormatValue<T> for Plainly {
    const FMT: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result = T::fmt;
}

fn shown(frame: FrameRef<'_, Three>) -> Vec<String> {
    let mut values = Vec::new();
    for slot in frame.slots() {
        slot.read(&mut |value| {
            values.push(match value {
                SlotValue::Bits(value) | SlotValue::Reference(value) => format!("{value:?}"),
                SlotValue::Str(text) => text.into(),
                SlotValue::Text(piece) | SlotValue::Rendered(piece) => {
                    frame.text(piece) + &frame.masked(piece)
                }
                SlotValue::NoDebug | SlotValue::NotCaptured => "-".into(),
                SlotValue::Untracked => "?".into(),
            });
        });
    }
    values
}

fn all(list: &FrameList<Three>) -> Vec<Vec<String>> {
    list.read(|frames| frames.map(shown).collect())
}

fn enter(list: &FrameList<Three>) -> FrameRef<'static, Three> {
    FrameRef::enter(&Three, list).unwrap()
}

#[test]
fn frames_are_read_from_the_innermost_with_the_values_of_their_slots() {
    let list = FrameList::new();
    let numbers = vec![1, 2];
    let outer = enter(&list);
    outer.fill(0, SlotContent::bits((7_u8, 'x')).unwrap());
    outer.fill(1, SlotContent::argument::<Vec<i32>, Plainly>(&numbers));
    let inner = enter(&list);
    let omitted = PendingValue::new::<_, Plainly>(&"text");
    omitted.show(|value| assert_eq!(format!("{value:?}"), "\"text\""));
    inner.slot(2).unwrap().set_omitted(omitted.descriptor(), None);
    inner.fill(0, SlotContent::text_argument::<str>("argument"));
    assert!(inner.is_innermost(&list) && SlotContent::bits([0_u64; 3]).is_none());
    assert_eq!(all(&list), [vec!["argument", "-"], vec!["(7, 'x')", "[1, 2]"]]);
    let span = inner.chunk().put(b"text and secret", None).unwrap();
    inner
        .slot(2)
        .unwrap()
        .set_stored(ChunkPiece::rendered(span, 5, 10, false), omitted.descriptor());
    assert_eq!(all(&list)[0], ["argument", "text and secret"]);
    // A variable that is bound again in another way.
    inner.fill(0, SlotContent::no_debug::<Three>());
    inner.fill(2, SlotContent::bits(u128::MAX).unwrap());
    assert!(inner.slot(3).is_none(), "there is none of this index");
    assert_eq!(all(&list)[0], ["-".to_owned(), u128::MAX.to_string()]);
    assert_eq!(inner.caller(), outer.key());
    inner.leave(&list);
    assert_eq!((all(&list).len(), list.innermost()), (1, outer.key()));
    list.mark(outer.key());
    assert!(!outer.is_innermost(&list), "it is marked");
    outer.leave(&list);
    assert_eq!(list.innermost(), 0);
}

#[test]
fn arguments_show_their_original_values_and_later_only_those_without_borrows() {
    let (text, value) = (String::from("text"), vec![1, 2]);
    let arguments = [
        CallArgument::text(PendingText::new::<String>(&text)),
        CallArgument::value(PendingValue::new::<_, Plainly>(&value)),
        CallArgument::content(SlotContent::bits(7_u8).unwrap()),
        CallArgument::content(SlotContent::argument::<Vec<i32>, Plainly>(&value)),
    ];
    let list = FrameList::new();
    let frame = enter(&list);
    assert!(
        matches!(arguments[0].into_value(), ArgumentValue::Text(given) if given.text() == "text")
    );
    let ArgumentValue::Value(given) = arguments[1].into_value() else {
        panic!("a value is given as one")
    };
    given.show(|value| assert_eq!(format!("{value:?}"), "[1, 2]"));
    for (index, argument) in arguments[2..].iter().enumerate() {
        let ArgumentValue::Content(content) = argument.into_value() else {
            panic!("content is returned as it is")
        };
        frame.fill(index, content);
    }
    assert_eq!(shown(frame), ["7", "[1, 2]"]);
    let past = CallArgument::deferred(arguments);
    drop(text);
    assert_eq!(past.map(|argument| argument.content().is_some()), [false, false, true, true]);
    frame.fill(1, past[2].content().unwrap());
    assert_eq!(shown(frame), ["7", "7"]);
    frame.leave(&list);
}

#[test]
fn frames_may_leave_in_any_order() {
    let list = FrameList::new();
    let frames = [enter(&list), enter(&list), enter(&list)];
    for (left, index) in [(2, 1), (1, 2), (0, 0)] {
        frames[index].leave(&list);
        assert_eq!(all(&list).len(), left);
    }
}

#[test]
fn memory_of_frames_is_used_again_and_empty() {
    let list = FrameList::new();
    let mut places = Vec::new();
    // More than a thread keeps.
    for round in 0..3_u8 {
        let frames: Vec<_> = (0..40).map(|_| enter(&list)).collect();
        for frame in &frames {
            assert!(shown(*frame).is_empty(), "values of another call are gone");
            frame.fill(1, SlotContent::bits(round).unwrap());
            frame.chunk().put(b"text", None).unwrap();
        }
        places.push(frames[8..].iter().map(|frame| frame.key()).collect::<HashSet<_>>());
        frames.iter().rev().for_each(|frame| frame.leave(&list));
    }
    assert!(places[1].intersection(&places[2]).count() >= 24);
}

/// A guard that takes its frame off the list when dropped, as an expansion's does.
struct Linked<'a>(FrameRef<'static, Three>, &'a FrameList<Three>);

impl<'a> Linked<'a> {
    fn enter(list: &'a FrameList<Three>) -> Self {
        Self(enter(list), list)
    }
}

impl Drop for Linked<'_> {
    fn drop(&mut self) {
        assert!(all(self.1).len() < 3, "the list leads here, too");
        if self.0.is_innermost(self.1) {
            self.0.leave(self.1);
        } else {
            self.0.free();
        }
    }
}

/// Answers how many frames there were when it was resumed, and whether it is suspended.
fn poll<T: Future>(
    body: Pin<&mut FramedFuture<T, Three>>,
    list: &FrameList<Three>,
) -> (Poll<T::Output>, usize, bool) {
    let mut resumed = 0;
    let (polled, suspended) =
        body.poll(list, || resumed = all(list).len(), &mut Context::from_waker(Waker::noop()));
    (polled, resumed, suspended != 0)
}

#[test]
fn a_body_is_linked_while_it_is_polled() {
    let list = FrameList::new();
    let mut pending = true;
    let mut body = pin!(FramedFuture::new(async {
        let linked = Linked::enter(&list);
        linked.0.fill(0, SlotContent::bits(1_u8).unwrap());
        poll_fn(|_| if std::mem::take(&mut pending) { Poll::Pending } else { Poll::Ready(()) })
            .await;
        linked.0.fill(1, SlotContent::bits(2_u8).unwrap());
        all(&list)
    }));
    assert_eq!((poll(body.as_mut(), &list), list.innermost()), ((Poll::Pending, 0, true), 0));
    let caller = Linked::enter(&list);
    assert_eq!(
        poll(body.as_mut(), &list),
        (Poll::Ready(vec![vec!["1".into(), "2".into()], vec![]]), 2, false)
    );
    assert_eq!(all(&list).len(), 1);
    drop(caller);
}

#[test]
fn a_body_that_is_dropped_or_panics_leaves_no_frame() {
    let list = FrameList::new();
    let never = async {
        let _linked = Linked::enter(&list);
        pending::<()>().await;
    };
    {
        let mut body = pin!(FramedFuture::new(never));
        assert_eq!(poll(body.as_mut(), &list), (Poll::Pending, 0, true));
        assert_eq!((poll(body.as_mut(), &list), list.innermost()), ((Poll::Pending, 1, true), 0));
    }
    let mut first = true;
    let mut body = pin!(FramedFuture::new(async {
        let _linked = Linked::enter(&list);
        poll_fn(|_| {
            if std::mem::take(&mut first) { Poll::<()>::Pending } else { panic!("on purpose") }
        })
        .await;
    }));
    assert_eq!(poll(body.as_mut(), &list), (Poll::Pending, 0, true));
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| poll(body.as_mut(), &list))).is_err());
        assert_eq!(all(&list).len(), 0);
    }
}

#[test]
fn a_slot_knows_whether_its_type_may_be_read() {
    let list = FrameList::new();
    let frame = enter(&list);
    let text = "é".repeat(1 << 12);
    let slots: Vec<_> = frame.slots().collect();
    let descriptor = PendingText::new::<String>(&text).descriptor();
    slots[0].set_omitted(descriptor, None);
    slots[1].set(SlotContent::argument::<str, Plainly>(&text));
    assert_eq!(slots[2].span(), None);
    let span = frame.chunk().put(&text.as_bytes()[..64], None).unwrap();
    slots[2].set_stored(ChunkPiece::text(span, 64, text.len()), descriptor);
    assert_eq!((slots[0].span(), slots[2].span()), (None, Some(span)));
    let types: Vec<_> = slots.iter().map(|slot| slot.type_name().unwrap()).collect();
    assert_eq!(types, ["alloc::string::String", "&str", "alloc::string::String"]);
    slots[2].read(&mut |value| {
        let SlotValue::Text(piece) = value else { panic!("it was taken") };
        assert_eq!((frame.text(piece).as_str(), piece.whole()), (&text[..64], text.len() as u64));
    });
    frame.leave(&list);
}

#[test]
fn a_frame_that_leaves_gives_its_chunk_back() {
    let list = FrameList::new();
    // More than there may be at once.
    for _ in 0..1100 {
        let frame = enter(&list);
        assert!(frame.chunk().put(b"text", None).is_some());
        frame.leave(&list);
    }
}
