use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::{Body, FrameRef, Guard, List, Piece, PieceKind, Slots, Value};

struct Three;

impl Slots for Three {
    fn slots(&self) -> usize {
        3
    }
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
    let outer = Guard::<_, 3>::new(&Three);
    outer.enter(&list);
    outer.slot(0).0.copy(&(7_u8, 'x'));
    outer.slot(1).0.argument::<Vec<i32>, _>(&numbers);
    let inner = Guard::<_, 3>::new(&Three);
    inner.enter(&list);
    let (slot, chunk) = inner.slot(2);
    let start = chunk.put("text and secret".as_bytes()).unwrap();
    slot.put(const { &PieceKind::text::<str>() }, Piece { start, len: 5, whole: 5, taint: 10 });
    inner.slot(0).0.text_argument::<str>("argument");
    assert!(inner.is_innermost(&list) && !outer.slot(2).0.copy(&[0_u64; 3]));
    assert_eq!(all(&list), [vec!["argument", "text and secret"], vec!["(7, 'x')", "[1, 2]"]]);
    // A variable that is bound again in another way.
    inner.slot(0).0.no_debug::<Three>();
    inner.slot(2).0.copy(&true);
    assert_eq!(all(&list)[0], ["-", "true"]);
    inner.leave(&list);
    inner.give_back();
    assert_eq!((all(&list).len(), list.innermost()), (1, outer.frame().key()));
    outer.leave(&list);
    assert_eq!(list.innermost(), 0);
}

/// A guard that takes itself off the list when dropped, as an expansion's does.
struct Linked<'a>(Guard<Three, 3>, &'a List<Three>);

impl Drop for Linked<'_> {
    fn drop(&mut self) {
        assert!(all(self.1).len() < 3, "the list leads here, too");
        if self.0.is_innermost(self.1) {
            self.0.leave(self.1);
        }
        self.0.give_back();
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
        let linked = Linked(Guard::new(&Three), &list);
        linked.0.enter(&list);
        linked.0.slot(0).0.copy(&1_u8);
        poll_fn(|_| if std::mem::take(&mut pending) { Poll::Pending } else { Poll::Ready(()) }).await;
        linked.0.slot(1).0.copy(&2_u8);
        all(&list)
    }));
    assert_eq!((poll(body.as_mut(), &list), list.innermost()), ((Poll::Pending, 0), 0));
    let caller = Linked(Guard::new(&Three), &list);
    caller.0.enter(&list);
    assert_eq!(poll(body.as_mut(), &list), (Poll::Ready(vec![vec!["1".into(), "2".into()], vec![]]), 2));
    assert_eq!((body.suspended(), all(&list).len()), (0, 1));
}

#[test]
fn a_body_that_is_dropped_or_panics_leaves_no_frame() {
    let list = List::new();
    let never = async {
        let linked = Linked(Guard::new(&Three), &list);
        linked.0.enter(&list);
        pending::<()>().await;
    };
    {
        let mut body = pin!(Body::new(never));
        assert_eq!(poll(body.as_mut(), &list), (Poll::Pending, 0));
        assert_eq!((poll(body.as_mut(), &list), list.innermost()), ((Poll::Pending, 1), 0));
    }
    let mut first = true;
    let mut body = pin!(Body::new(async {
        let linked = Linked(Guard::new(&Three), &list);
        linked.0.enter(&list);
        poll_fn(|_| if std::mem::take(&mut first) { Poll::<()>::Pending } else { panic!("on purpose") })
            .await;
    }));
    assert_eq!(poll(body.as_mut(), &list), (Poll::Pending, 0));
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| poll(body.as_mut(), &list))).is_err());
        assert_eq!((body.suspended(), all(&list).len()), (0, 0));
    }
}
