#!/usr/bin/env python3
"""Compares the plain and the annotated programs that benches/whole built:  measure.py FOLDER [csv | json | sql]...

Instructions are counted once by callgrind, the same on a busy machine; times are the least of many runs, in turns.
"""
import math
import os
import pathlib
import re
import subprocess
import sys

ROUNDS = int(os.environ.get("WHOLE_ROUNDS", 5))
KINDS = ("plain", "annotated")


def output(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


class Program:
    def __init__(self, folder, name):
        self.name, self.folder = name, folder
        self.files = {kind: folder / f"target-{kind}/release/{name}" for kind in KINDS}
        self.workloads = output(self.files["plain"]).split()

    def instructions(self):
        """Of each workload, run once."""
        counts = {}
        for kind in KINDS:
            out = self.folder / f"callgrind.{self.name}.{kind}"
            for old in out.parent.glob(out.name + "*"):
                old.unlink()
            measured = "whole_measured"
            subprocess.run(
                ["valgrind", "-q", "--tool=callgrind", f"--toggle-collect={measured}", f"--dump-after={measured}",
                 f"--callgrind-out-file={out}", self.files[kind], "--count"],
                check=True, stderr=subprocess.DEVNULL)
            # One file for each workload, in their order; the last one is of what comes behind them.
            files = sorted(out.parent.glob(out.name + ".*"), key=lambda file: int(file.suffix[1:]))
            totals = [int(re.search(r"^(?:summary|totals): (\d+)", file.read_text(), re.M)[1]) for file in files]
            assert len(totals) == len(self.workloads), (len(totals), len(self.workloads))
            counts[kind] = dict(zip(self.workloads, totals))
        return counts

    def times(self):
        """The least of each workload, in nanoseconds."""
        least = {kind: dict.fromkeys(self.workloads, math.inf) for kind in KINDS}
        for _ in range(ROUNDS):
            for workload in self.workloads:
                for kind in KINDS:
                    took = int(output(self.files[kind], workload))
                    least[kind][workload] = min(least[kind][workload], took)
        return least

    def sizes(self):
        """Bytes of each kind in groups of sections, and how many annotated functions are in the program."""
        # One static for each annotated function that was linked, whatever the number of its generic instances; and the
        # one of `refuse`, which is in both.
        symbols = output("nm", "--demangle", self.files["annotated"]).splitlines()
        functions = sum(symbol.endswith("::__ERROR_TRACKER") for symbol in symbols) - 1
        return {kind: sections(self.files[kind]) for kind in KINDS}, functions


CODE = (".text", ".rodata", ".data")
# Tables for unwinding and, in a position-independent program, for the loader.
TABLES = (".data.rel.ro", ".eh_frame", ".eh_frame_hdr", ".gcc_except_table", ".rela.dyn")


def sections(file):
    rows = (line.split() for line in output("size", "-A", "-d", file).splitlines())
    sizes = {row[0]: int(row[1]) for row in rows if row and row[0].startswith(".")}
    return [sum(sizes.get(name, 0) for name in group) for group in (CODE, TABLES)]


def group(workload):
    """csv has each of its benchmarks for four files."""
    return re.sub(r"_(nfl|game|pop|mbta)_", " ", workload).replace("count ", "")


def slower(program):
    counts, times = program.instructions(), program.times()
    groups = {}
    for workload in program.workloads:
        groups.setdefault(group(workload), []).append(workload)
    groups["all together"] = program.workloads
    for name, workloads in groups.items():
        ratios = []
        for measured in (counts, times):
            plain, annotated = (sum(measured[kind][workload] for workload in workloads) for kind in KINDS)
            worst = max(measured["annotated"][workload] / measured["plain"][workload] for workload in workloads)
            ratios += [f"{annotated / plain:.2f}", f"{worst:.2f}"]
        millions = sum(counts["plain"][workload] for workload in workloads) / 1e6
        print(f"| {program.name} {name} | {millions:.0f} | {' | '.join(ratios)} |")


def main(folder, *names):
    programs = [Program(pathlib.Path(folder), name) for name in names or ("csv", "json", "sql")]
    print(f"Load while measured: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
    print("| program, workload | plain, million instructions | annotated, instructions | worst file | annotated, time | worst file |")
    print("|---|---|---|---|---|---|")
    for program in programs:
        slower(program)
    print("\nTimes the plain program.\n")
    print("| program | annotated functions linked | code and constants, bytes a function | tables, bytes a function |\n|---|---|---|---|")
    for program in programs:
        sizes, functions = program.sizes()
        code, tables = ((more - plain) / functions for plain, more in zip(sizes["plain"], sizes["annotated"]))
        print(f"| {program.name} | {functions} | {code:.0f} | {tables:.0f} |")


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(*sys.argv[1:])
