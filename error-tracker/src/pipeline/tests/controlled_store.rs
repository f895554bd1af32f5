//! A store that a test controls, and a gate that blocks it.

use super::*;

type RecordHook = dyn Fn(&[Sighting]) -> Result<(), StoreError> + Send + Sync;

/// A store that calls a closure of the test before it records.
pub(super) struct ControlledStore {
    pub(super) inner: MemoryStore,
    take_unreported: Box<RecordHook>,
    pub(super) pruned: AtomicUsize,
    /// Whether stored events are lost; reported once.
    pub(super) lost: AtomicBool,
}

impl ControlledStore {
    pub(super) fn new(
        take_unreported: impl Fn(&[Sighting]) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (pruned, lost) = (AtomicUsize::new(0), AtomicBool::new(false));
        Arc::new(Self {
            inner: MemoryStore::new(),
            take_unreported: Box::new(take_unreported),
            pruned,
            lost,
        })
    }
}

impl std::fmt::Debug for ControlledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ControlledStore")
    }
}

impl Store for ControlledStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        (self.take_unreported)(batch)?;
        self.inner.record(batch)
    }
    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.inner.issues(query)
    }
    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.inner.issue(hash)
    }
    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        self.inner.event(hash, which)
    }
    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError> {
        self.inner.change(hashes, change)
    }
    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.inner.delete(hashes)
    }
    fn restore_missing(&self) -> Result<Option<String>, StoreError> {
        let lost = self.lost.swap(false, Ordering::SeqCst);
        if lost { Err(StoreError::Damaged("deleted".into())) } else { Ok(None) }
    }
    fn prune(&self, _: &Retention) -> Result<Pruned, StoreError> {
        self.pruned.fetch_add(1, Ordering::SeqCst);
        Ok(Pruned::default())
    }
}

/// Blocks the threads that pass until it is opened.
#[derive(Default)]
pub(super) struct Gate {
    open: Mutex<bool>,
    waiting: AtomicBool,
    changed: Condvar,
}

impl Gate {
    pub(super) fn pass(&self) {
        let open = self.open.lock().unwrap();
        self.waiting.store(true, Ordering::SeqCst);
        self.changed.notify_all();
        drop(self.changed.wait_while(open, |open| !*open).unwrap());
    }

    pub(super) fn until_somebody_waits(&self) {
        let open = self.open.lock().unwrap();
        drop(self.changed.wait_while(open, |_| !self.waiting.load(Ordering::SeqCst)).unwrap());
    }

    pub(super) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

pub(super) fn blocked() -> (Arc<Gate>, Arc<ControlledStore>) {
    let gate = Arc::new(Gate::default());
    let shared_clone = Arc::clone(&gate);
    let store = ControlledStore::new(move |_| {
        shared_clone.pass();
        Ok(())
    });
    (gate, store)
}
