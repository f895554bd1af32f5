//! A list of statics that only grows. It has no lock, which a program that forks could leave locked in the child.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use Ordering::{AcqRel, Acquire, Relaxed};

pub(super) struct Registry<T: 'static> {
    head: AtomicPtr<T>,
    linked: fn(&T) -> &Linked<T>,
}

/// What a static has of the list.
#[derive(Debug)]
pub(super) struct Linked<T: 'static> {
    added: AtomicBool,
    next: AtomicPtr<T>,
}

impl<T> Linked<T> {
    pub(super) const fn new() -> Self {
        Self { added: AtomicBool::new(false), next: AtomicPtr::new(ptr::null_mut()) }
    }
}

impl<T> Registry<T> {
    pub(super) const fn new(linked: fn(&T) -> &Linked<T>) -> Self {
        Self { head: AtomicPtr::new(ptr::null_mut()), linked }
    }

    /// Adds a static, unless it was added before.
    pub(super) fn add(&self, it: &'static T) {
        let linked = (self.linked)(it);
        if linked.added.load(Relaxed) || linked.added.swap(true, Relaxed) {
            return;
        }
        let us = ptr::from_ref(it).cast_mut();
        let mut head = self.head.load(Acquire);
        loop {
            linked.next.store(head, Relaxed);
            match self.head.compare_exchange_weak(head, us, AcqRel, Acquire) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'static T> {
        let mut next = self.head.load(Acquire);
        std::iter::from_fn(move || {
            // SAFETY: only `&'static T` are ever put into the list, and none is taken out.
            let it: &'static T = unsafe { next.as_ref() }?;
            next = (self.linked)(it).next.load(Relaxed);
            Some(it)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Linked, Registry};
    use std::thread;

    struct Node(usize, Linked<Node>);

    static NODES: [Node; 4] =
        [Node(0, Linked::new()), Node(1, Linked::new()), Node(2, Linked::new()), Node(3, Linked::new())];

    #[test]
    fn what_threads_add_at_once_is_there_once_while_another_reads() {
        let known = Registry::<Node>::new(|node| &node.1);
        thread::scope(|scope| {
            for first in 0..2 {
                let known = &known;
                scope.spawn(move || (0..NODES.len()).for_each(|at| known.add(&NODES[at ^ first])));
            }
            scope.spawn(|| assert!(known.iter().count() <= NODES.len()));
        });
        let mut found: Vec<_> = known.iter().map(|node| node.0).collect();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2, 3]);
    }
}
