//! A list of statics that only grows. It has no lock: a program that forks could leave one locked
//! in the child.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use Ordering::{AcqRel, Acquire, Relaxed};

/// The list.
pub(super) struct StaticRegistry<T: 'static> {
    head: AtomicPtr<T>,
    link: fn(&T) -> &RegistryLink<T>,
}

/// The list's part of each static.
#[derive(Debug)]
pub(super) struct RegistryLink<T: 'static> {
    added: AtomicBool,
    next: AtomicPtr<T>,
}

impl<T> RegistryLink<T> {
    pub(super) const fn new() -> Self {
        Self { added: AtomicBool::new(false), next: AtomicPtr::new(ptr::null_mut()) }
    }
}

impl<T> StaticRegistry<T> {
    pub(super) const fn new(link: fn(&T) -> &RegistryLink<T>) -> Self {
        Self { head: AtomicPtr::new(ptr::null_mut()), link }
    }

    /// Adds a static, unless it was added before.
    pub(super) fn add(&self, it: &'static T) {
        let link = (self.link)(it);
        if link.added.load(Relaxed) || link.added.swap(true, Relaxed) {
            return;
        }
        let us = ptr::from_ref(it).cast_mut();
        let mut head = self.head.load(Acquire);
        loop {
            link.next.store(head, Relaxed);
            match self.head.compare_exchange_weak(head, us, AcqRel, Acquire) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Returns the statics of the list, the last one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static T> {
        let mut next = self.head.load(Acquire);
        std::iter::from_fn(move || {
            // SAFETY: only `&'static T` are added to the list, and none is removed.
            let it: &'static T = unsafe { next.as_ref() }?;
            next = (self.link)(it).next.load(Relaxed);
            Some(it)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{RegistryLink, StaticRegistry};
    use std::thread;

    struct Node(usize, RegistryLink<Node>);

    static NODES: [Node; 4] = [
        Node(0, RegistryLink::new()),
        Node(1, RegistryLink::new()),
        Node(2, RegistryLink::new()),
        Node(3, RegistryLink::new()),
    ];

    #[test]
    fn entries_added_by_several_threads_are_there_once_while_another_reads() {
        let known = StaticRegistry::<Node>::new(|node| &node.1);
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
