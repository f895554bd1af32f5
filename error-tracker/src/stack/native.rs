//! Call stacks on Linux and Android, by the unwinder of the C runtime and the loader's list of
//! objects. Takes no lock of this library that a thread could hold at a fork, and reads nothing
//! from the disk.

use std::collections::HashMap;
use std::ffi::{CStr, c_int, c_void};
use std::fs::File;
use std::ops::Deref;
use std::os::fd::AsRawFd as _;

use super::cleanup::{self, UnwindEffect};
use super::{LoadedObject, elf};
use crate::event::{BacktraceFrame, ObjectFile};
use crate::fork::LazyPerProcess;

type CallVisitor<'a> = dyn FnMut(usize, usize) -> bool + 'a;

unsafe extern "C" {
    fn _Unwind_Backtrace(
        trace: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIPInfo(context: *mut c_void, before: *mut c_int) -> usize;
    fn _Unwind_GetCFA(context: *mut c_void) -> usize;
    fn _Unwind_GetRegionStart(context: *mut c_void) -> usize;
    fn _Unwind_GetLanguageSpecificData(context: *mut c_void) -> *const u8;
}

/// A call on the stack, for as long as it is visited.
struct StackCall {
    context: *mut c_void,
}

impl StackCall {
    /// Returns an address within the call.
    fn address(&self) -> usize {
        let mut before = 0;
        // SAFETY: the unwinder's own context, which it does not change while the call is visited.
        let address = unsafe { _Unwind_GetIPInfo(self.context, &raw mut before) };
        // The return address is after the call; only an interrupted instruction has its own
        // address.
        address.saturating_sub(usize::from(before == 0))
    }

    /// Returns the begin of its stack frame.
    fn stack(&self) -> usize {
        // SAFETY: as above.
        unsafe { _Unwind_GetCFA(self.context) }
    }

    /// Returns the effect of the call on its function when it unwinds. Returns `None` if it must
    /// not unwind or that is not known.
    fn unwinds(&self) -> Option<UnwindEffect> {
        // SAFETY: as above.
        let (start, table) = unsafe {
            (_Unwind_GetRegionStart(self.context), _Unwind_GetLanguageSpecificData(self.context))
        };
        if table.is_null() {
            return Some(UnwindEffect::Through);
        }
        // SAFETY: the compiler made the table for the unwinder; it is read up to its own end.
        let mut bytes = (0..).map(|at| unsafe { *table.add(at) });
        cleanup::unwinds(&mut bytes, self.address().wrapping_sub(start))
    }
}

/// Calls `visit` with an address within each call of this thread and the begin of its stack frame,
/// innermost first, until it returns false.
pub(super) fn walk(visit: &mut CallVisitor<'_>) {
    visit_calls(&mut |call| call.address() != 0 && visit(call.address(), call.stack()));
}

/// Calls `visit` with each call of this thread, innermost first, until it returns false.
fn visit_calls(visit: &mut dyn FnMut(&StackCall) -> bool) {
    extern "C" fn step(context: *mut c_void, argument: *mut c_void) -> c_int {
        const GO_ON: c_int = 0;
        const END: c_int = 5;
        // SAFETY: `visit_calls` passes a pointer to its own local, which is not used elsewhere
        // meanwhile.
        let visit = unsafe { &mut *argument.cast::<&mut dyn FnMut(&StackCall) -> bool>() };
        if visit(&StackCall { context }) { GO_ON } else { END }
    }
    if cfg!(miri) {
        return;
    }
    let mut visit = visit;
    // SAFETY: `step` does not unwind, and the pointer lives until the call returns. The unwinder
    // reads this thread's stack and the objects' tables, for which it needs no lock of ours.
    unsafe { _Unwind_Backtrace(step, (&raw mut visit).cast()) };
}

/// Returns whether unwinding from one running function to another would run no code, such as a
/// destructor, and would not stop on the way. The functions are given by the address of a local.
/// Returns false if that is not certain.
pub(crate) fn runs_nothing_between(inner: usize, outer: usize) -> bool {
    let mut between = None;
    let mut is_reached = false;
    visit_calls(&mut |call| {
        let stack = call.stack();
        if stack > outer {
            // The call before is the outer function itself.
            is_reached = between.is_some();
            return false;
        }
        if between == Some(false) {
            return false;
        }
        if stack > inner {
            between = Some(call.unwinds() == Some(UnwindEffect::Through));
        }
        true
    });
    is_reached
}

/// Returns whether a panic ends the program: it reaches a call that must not unwind before it is
/// caught. The panic begins in a function further out than the one whose local is at `own`.
#[cfg(feature = "panic")]
pub(crate) fn must_not_unwind(own: usize) -> bool {
    let mut ends = false;
    visit_calls(&mut |call| {
        let unwinds = if call.stack() > own { call.unwinds() } else { Some(UnwindEffect::Through) };
        ends = unwinds.is_none();
        !ends && unwinds != Some(UnwindEffect::Caught)
    });
    ends
}

/// Returns whether `address` is in the stack frame of the function that called the one with the
/// local `own`.
#[cfg(feature = "panic")]
pub(crate) fn is_in_caller(address: usize, own: &u8) -> bool {
    let own = std::ptr::from_ref(own).addr();
    let mut begin = None;
    let mut is_in = false;
    walk(&mut |_, stack| {
        match begin {
            None if stack > own => begin = Some(stack),
            None => {}
            Some(begin) => is_in = (begin..stack).contains(&address),
        }
        !is_in && begin.is_none_or(|begin| stack == begin)
    });
    is_in
}

/// Returns the executable, and the library that contains this code if that is another file.
pub(super) fn objects() -> &'static [LoadedObject] {
    static OBJECTS: LazyPerProcess<Vec<LoadedObject>> = LazyPerProcess::new(find_objects);
    OBJECTS.get()
}

fn find_objects() -> Vec<LoadedObject> {
    extern "C" fn visit(
        info: *mut libc::dl_phdr_info,
        _: libc::size_t,
        found: *mut c_void,
    ) -> c_int {
        // SAFETY: the loader's entry, and the list in the frame of `find_objects`, for the length
        // of this call.
        let (info, found) = unsafe { (&*info, &mut *found.cast::<Vec<LoadedObject>>()) };
        let is_executable = found.is_empty();
        let object = read(info, is_executable);
        if is_executable || object.holds(objects as *const () as usize) {
            found.push(object);
        }
        0
    }
    let mut found: Vec<LoadedObject> = Vec::new();
    if !cfg!(miri) {
        // SAFETY: `visit` does not unwind, and the list lives until the call returns. The first
        // entry is the executable.
        unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut found).cast()) };
    }
    found
}

fn read(info: &libc::dl_phdr_info, is_executable: bool) -> LoadedObject {
    let bias = usize::try_from(info.dlpi_addr).unwrap_or_default();
    let mut object = LoadedObject { file: ObjectFile::default(), bias, code: Vec::new() };
    // SAFETY: the loader's program headers.
    let headers =
        unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    for header in headers {
        let number = |value| usize::try_from(value).unwrap_or_default();
        #[allow(clippy::useless_conversion, reason = "of 32 bits on some targets")]
        let (start, length) = (bias.wrapping_add(number(header.p_vaddr)), number(header.p_memsz));
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0 {
            object.code.push(start..start.saturating_add(length));
        }
        if header.p_type == libc::PT_NOTE && object.file.build_id.is_empty() {
            let at = std::ptr::with_exposed_provenance(start);
            // SAFETY: notes lie in a loaded segment, which stays as long as the object.
            let notes = unsafe { std::slice::from_raw_parts(at, length) };
            object.file.build_id = elf::build_id(notes, number(header.p_align)).unwrap_or_default();
        }
    }
    object.file.path = if is_executable || info.dlpi_name.is_null() {
        std::env::current_exe().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
    } else {
        // SAFETY: the loader's text.
        let name = unsafe { CStr::from_ptr(info.dlpi_name) };
        String::from_utf8_lossy(name.to_bytes()).into_owned()
    };
    if object.file.build_id.is_empty() {
        let found = std::fs::metadata(if is_executable { RUNNING } else { &object.file.path });
        object.file.build_id = found.map(|found| elf::version(&found)).unwrap_or_default();
    }
    object
}

/// The path of the executable, also when the file at its former path was replaced.
const RUNNING: &str = "/proc/self/exe";

/// Returns the names of calls in an object file, by offset; inlined calls of one offset are
/// several. Returns `None` if the file is missing or is another one than at the failure.
pub(crate) fn names(
    file: &ObjectFile,
    offsets: &[u64],
) -> Option<HashMap<u64, Vec<BacktraceFrame>>> {
    if objects().first().is_some_and(|executable| executable.file == *file) {
        return elf::names_in_memory(&MappedFile::of(&File::open(RUNNING).ok()?)?, offsets);
    }
    elf::names(File::open(&file.path).ok()?, &file.build_id, offsets)
}

/// The running executable, mapped into memory, so that the system can reclaim pages: debug
/// information may be larger than the memory that the program is allowed to use.
struct MappedFile {
    start: *mut c_void,
    length: usize,
}

impl MappedFile {
    fn of(executable: &File) -> Option<Self> {
        let length =
            usize::try_from(executable.metadata().ok()?.len()).ok().filter(|length| *length > 0)?;
        let (read, private, file) = (libc::PROT_READ, libc::MAP_PRIVATE, executable.as_raw_fd());
        // SAFETY: a mapping of its own, at an address that the system chooses.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), length, read, private, file, 0) };
        (start != libc::MAP_FAILED).then_some(Self { start, length })
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: mapped for reading until it is dropped. The system allows no write to a running
        // executable, so the file is neither changed nor truncated.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.length) }
    }
}

impl Drop for MappedFile {
    fn drop(&mut self) {
        // SAFETY: the mapping of this value, which is not used any more.
        unsafe { libc::munmap(self.start, self.length) };
    }
}

/// Lowers the priority of the calling thread, so that it runs when no other needs the processor.
pub(crate) fn lower_priority() {
    // SAFETY: changes the calling thread alone, which Linux counts as a process here.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
}

/// Returns the free memory of the C library's allocator to the system, where that is glibc; else
/// does nothing.
pub(crate) fn trim_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes the allocator's own locks and frees only what no one uses.
    unsafe {
        libc::malloc_trim(0)
    };
}
