//! Names from an ELF file: from its debug information, else its symbol table. Nothing is cached.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;

use addr2line::gimli::{self, EndianSlice, RunTimeEndian};
use object::{
    CompressionFormat, Object as _, ObjectSection as _, ObjectSymbol as _, ReadCache, ReadRef,
    Symbol, SymbolKind,
};

use crate::event::BacktraceFrame;

type ElfSection<'a> = EndianSlice<'a, RunTimeEndian>;

/// Returns the build id in a segment of notes, as hexadecimal digits.
pub(super) fn build_id(mut notes: &[u8], align: usize) -> Option<String> {
    const GNU_BUILD_ID: u32 = 3;
    let align = if align == 8 { 8 } else { 4 };
    let word =
        |notes: &[u8], at: usize| Some(u32::from_ne_bytes(notes.get(at..at + 4)?.try_into().ok()?));
    loop {
        let (name, length) = (word(notes, 0)? as usize, word(notes, 4)? as usize);
        let kind = word(notes, 8)?;
        let start = 12_usize.checked_add(name)?.next_multiple_of(align);
        let content = notes.get(start..start.checked_add(length)?)?;
        if kind == GNU_BUILD_ID && notes.get(12..12 + name)? == b"GNU\0" {
            return Some(hexadecimal(content));
        }
        notes = notes.get((start + length).next_multiple_of(align)..)?;
    }
}

/// Returns a substitute for the build id of a file that has none.
pub(super) fn version(found: &Metadata) -> String {
    format!("{} bytes of {}.{:09}", found.len(), found.mtime(), found.mtime_nsec())
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15].map(digit)).collect()
}

/// Returns the names of calls by offset. Returns `None` for a file that is not an ELF file or has
/// another build id.
pub(super) fn names(
    file: File,
    build_id: &str,
    offsets: &[u64],
) -> Option<HashMap<u64, Vec<BacktraceFrame>>> {
    // Read, not mapped: if a mapped file is truncated, reading it ends the program. Only the
    // sections that are needed are read.
    let version = file.metadata().map(|found| version(&found)).ok()?;
    let cache = ReadCache::new(file);
    let elf = object::File::parse(&cache).ok()?;
    let found = elf.build_id().ok()?.map_or(version, hexadecimal);
    (found == build_id).then(|| names_in(&elf, offsets))
}

/// Returns the names of calls by offset, from a file in memory that is known to be the right one.
pub(super) fn names_in_memory(
    file: &[u8],
    offsets: &[u64],
) -> Option<HashMap<u64, Vec<BacktraceFrame>>> {
    let elf = object::File::parse(file).ok()?;
    Some(names_in(&elf, offsets))
}

fn names_in<'a, R: ReadRef<'a>>(
    elf: &'a object::File<'a, R>,
    offsets: &[u64],
) -> HashMap<u64, Vec<BacktraceFrame>> {
    let endian = if elf.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let section = |id: gimli::SectionId| -> Result<ElfSection<'_>, gimli::Error> {
        let section = elf.section_by_name(id.name());
        let data = section.and_then(|section| section.compressed_data().ok());
        // Compressed debug information is ignored: there is no decompressor.
        let plain = data.filter(|data| data.format == CompressionFormat::None);
        Ok(EndianSlice::new(plain.map_or(&[], |data| data.data), endian))
    };
    let debug = gimli::Dwarf::load(section).and_then(addr2line::Context::from_dwarf).ok();
    let symbols = SymbolTable::of(elf);
    let name = |offset: &u64| {
        let inlined = debug.as_ref().and_then(|debug| by_debug_information(debug, *offset));
        let mut calls = inlined.unwrap_or_default();
        if let Some(symbol) = symbols.at(*offset) {
            if calls.is_empty() {
                calls.push(BacktraceFrame::default());
            }
            // Without full debug information these names are the functions' last names only.
            if let Some(outer) = calls.last_mut() {
                outer.function = symbol;
            }
        }
        (*offset, calls)
    };
    offsets.iter().map(name).collect()
}

fn by_debug_information(
    debug: &addr2line::Context<ElfSection<'_>>,
    offset: u64,
) -> Option<Vec<BacktraceFrame>> {
    let mut frames = debug.find_frames(offset).skip_all_loads().ok()?;
    let mut calls = Vec::new();
    while let Ok(Some(frame)) = frames.next() {
        let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
        let location = frame.location.as_ref();
        calls.push(BacktraceFrame {
            function: name.map(|name| demangled(&name)).unwrap_or_default(),
            file: location.and_then(|location| location.file).map(Into::into),
            line: location.and_then(|location| location.line).filter(|line| *line > 0),
            ..BacktraceFrame::default()
        });
    }
    Some(calls)
}

fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// Functions by their first offset. A name is read only when it is needed: each is an access to the
/// file.
struct SymbolTable<'a, R: ReadRef<'a>>(Vec<Symbol<'a, 'a, R>>);

impl<'a, R: ReadRef<'a>> SymbolTable<'a, R> {
    fn of(elf: &'a object::File<'a, R>) -> Self {
        let all = elf.symbols().chain(elf.dynamic_symbols());
        let mut functions: Vec<_> = all
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
            .collect();
        functions.sort_unstable_by_key(Symbol::address);
        Self(functions)
    }

    fn at(&self, offset: u64) -> Option<String> {
        let behind = self.0.partition_point(|symbol| symbol.address() <= offset);
        let symbol = self.0.get(behind.checked_sub(1)?)?;
        let is_inside = offset - symbol.address() < symbol.size().max(1);
        symbol.name().ok().filter(|_| is_inside).map(demangled)
    }
}
