use std::fmt::{self, Debug};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::{Body, FrameRef, Guard, List, Piece, Slot, Slots, Value, Written};

struct Three;

impl Slots for Three {
    fn slots(&self) -> usize {
        3
    }
}

struct Plainly;

impl<T: Debug> Written<T> for Plainly {
    const FMT: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result = T::fmt;
}

fn shown(frame: FrameRef<'_, Three>) -> Vec<String> {
    let mut values = Vec::new();
    for slot in frame.slots() {
        slot.read(&mut |value| {
            values.push(match value {
                Value::Bits(value) | Value::Reference(value) => format!("{value:?}"),
                Value::Str(text) => text.into(),
                Value::Text(piece) | Value::Rendered(piece) => frame.text(piece) + &frame.masked(piece),
                Value::NoDebug | Value::NotNow => "-".into(),
                Value::Unfollowed => "?".into(),
            });
        });
    }
    values
}

fn all(list: &List<Three>) -> Vec<Vec<String>> {
    list.read(|frames| frames.map(shown).collect())
}

#[test]
fn frames_are_read_from_the_innermost_with_what_their_slots_hold() {
    let list = List::new();
    let numbers = vec![1, 2];
    let outer = Guard::<_, 3>::new();
    assert!(outer.entered().is_none());
    outer.unlinked().link(&Three, &list);
    outer.slot(0).copy(&(7_u8, 'x'));
    outer.slot(1).argument::<Vec<i32>, Plainly>(&numbers);
    let inner = Guard::<_, 3>::new();
    inner.unlinked().link(&Three, &list);
    let untaken = inner.slot(2).untaken::<_, Plainly>(&"text");
    untaken.show(|value| assert_eq!(format!("{value:?}"), "\"text\""));
    inner.slot(0).text_argument::<str>("argument");
    assert!(inner.frame().is_innermost(&list) && !outer.slot(2).copy(&[0_u64; 3]));
    assert_eq!(all(&list), [vec!["argument", "-"], vec!["(7, 'x')", "[1, 2]"]]);
    let start = inner.frame().put(b"text and secret").unwrap();
    inner.slot(2).put(Piece::rendered(start, 5, 10, false));
    assert_eq!(all(&list)[0], ["argument", "text and secret"]);
    // A variable that is bound again in another way.
    inner.slot(0).no_debug::<Three>();
    inner.slot(2).copy(&u128::MAX);
    assert_eq!(all(&list)[0], ["-".to_owned(), u128::MAX.to_string()]);
    inner.frame().leave(&list);
    assert_eq!((all(&list).len(), list.innermost()), (1, outer.frame().key()));
    list.mark(outer.frame().key());
    assert!(!outer.frame().is_innermost(&list), "it is marked");
    outer.frame().leave(&list);
    assert_eq!(list.innermost(), 0);
}

#[test]
fn a_frame_that_stands_alone_is_the_innermost_until_it_is_dismissed() {
    let list = List::new();
    let guard = Guard::<_, 3>::new();
    let caller = guard.unlinked().link(&Three, &list);
    for round in 0..2_u8 {
        let alone = FrameRef::alone(&Three, &list);
        alone.slots().for_each(Slot::unfollowed);
        assert!(alone.slot(1).unwrap().copy(&round) && alone.slot(3).is_none());
        let start = alone.put(b"text").unwrap();
        alone.slot(2).unwrap().untaken::<_, Plainly>(&"text");
        alone.slot(2).unwrap().put(Piece::rendered(start, 4, 0, false));
        assert_eq!(all(&list), [vec!["?", &round.to_string(), "text"], vec![]]);
        assert_eq!(alone.caller(), caller.key());
        alone.dismiss(&list);
        assert_eq!(list.innermost(), caller.key());
    }
    caller.leave(&list);
}

/// A guard that takes itself off the list when dropped, as an expansion's does.
struct Linked<'a>(Guard<Three, 3>, &'a List<Three>);

impl<'a> Linked<'a> {
    fn new(list: &'a List<Three>) -> Self {
        Self(Guard::new(), list)
    }

    fn enter(&self) {
        self.0.unlinked().link(&Three, self.1);
    }
}

impl Drop for Linked<'_> {
    fn drop(&mut self) {
        assert!(all(self.1).len() < 3, "the list leads here, too");
        let Some(frame) = self.0.entered() else { return };
        if frame.is_innermost(self.1) {
            frame.leave(self.1);
        } else {
            frame.give_back();
        }
    }
}

fn poll<T: Future>(body: Pin<&mut Body<T, Three>>, list: &List<Three>) -> (Poll<T::Output>, usize) {
    let mut resumed = 0;
    let polled = body.poll(list, || resumed = all(list).len(), &mut Context::from_waker(Waker::noop()));
    (polled, resumed)
}

#[test]
fn a_body_is_linked_while_it_is_polled() {
    let list = List::new();
    let mut pending = true;
    let mut body = pin!(Body::new(async {
        let linked = Linked::new(&list);
        linked.enter();
        linked.0.slot(0).copy(&1_u8);
        poll_fn(|_| if std::mem::take(&mut pending) { Poll::Pending } else { Poll::Ready(()) }).await;
        linked.0.slot(1).copy(&2_u8);
        all(&list)
    }));
    assert_eq!((poll(body.as_mut(), &list), list.innermost()), ((Poll::Pending, 0), 0));
    let caller = Linked::new(&list);
    caller.enter();
    assert_eq!(poll(body.as_mut(), &list), (Poll::Ready(vec![vec!["1".into(), "2".into()], vec![]]), 2));
    assert_eq!((body.suspended(), all(&list).len()), (0, 1));
}

#[test]
fn a_body_that_is_dropped_or_panics_leaves_no_frame() {
    let list = List::new();
    let never = async {
        let linked = Linked::new(&list);
        linked.enter();
        pending::<()>().await;
    };
    {
        let mut body = pin!(Body::new(never));
        assert_eq!(poll(body.as_mut(), &list), (Poll::Pending, 0));
        assert_eq!((poll(body.as_mut(), &list), list.innermost()), ((Poll::Pending, 1), 0));
    }
    let mut first = true;
    let mut body = pin!(Body::new(async {
        let linked = Linked::new(&list);
        linked.enter();
        poll_fn(|_| if std::mem::take(&mut first) { Poll::<()>::Pending } else { panic!("on purpose") })
            .await;
    }));
    assert_eq!(poll(body.as_mut(), &list), (Poll::Pending, 0));
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| poll(body.as_mut(), &list))).is_err());
        assert_eq!((body.suspended(), all(&list).len()), (0, 0));
    }
}

#[test]
fn what_a_slot_says_of_a_type() {
    let list = List::new();
    let guard = Guard::<_, 3>::new();
    guard.unlinked().link(&Three, &list);
    let text = "é".repeat(1 << 12);
    guard.slot(0).untaken_text::<String>();
    guard.slot(1).argument::<str, Plainly>(&text);
    guard.slot(2).untaken_text::<String>();
    let start = guard.frame().put(&text.as_bytes()[..64]).unwrap();
    guard.slot(2).put(Piece::text(start, 64, text.len()));
    let types: Vec<_> = guard.frame().slots().map(|slot| slot.type_name().unwrap()).collect();
    assert_eq!(types, ["alloc::string::String", "&str", "alloc::string::String"]);
    guard.slot(2).read(&mut |value| {
        let Value::Text(piece) = value else { panic!("it was taken") };
        assert_eq!((guard.frame().text(piece).as_str(), piece.whole()), (&text[..64], text.len() as u64));
    });
    guard.frame().leave(&list);
}

#[test]
fn a_guard_that_leaves_gives_its_chunk_back() {
    let list = List::new();
    // More than there may be at once.
    for _ in 0..1100 {
        let guard = Guard::<_, 3>::new();
        guard.unlinked().link(&Three, &list);
        assert!(guard.frame().put(b"text").is_some());
        guard.frame().leave(&list);
    }
}
