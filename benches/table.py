#!/usr/bin/env python3
"""Prints tables of what the benchmarks measured.

    table.py instructions [--check] < REPORT    gungraun's report: instructions of one call, and those over the plain function
    table.py failure FOLDER                     criterion's results

With --check it fails when a call costs more than is allowed.
"""
import json
import pathlib
import re
import sys

# The most instructions over the plain function that `--check` allows: more than are measured, because compilers differ.
MAX_OVER_PLAIN = {
    "tracked_five": 15, "tracked_five_first": 155, "tracked_fiveinlibrary": 15, "tracked_six": 8, "tracked_six_first": 210,
    "tracked_strings": 12, "tracked_strings_first": 840,
}


def instructions(check):
    text = re.sub(r"\x1b\[[0-9;]*m", "", sys.stdin.read())
    counts, name = {}, None
    for line in text.splitlines():
        if match := re.search(r"thousand_calls (\w+):", line):
            name = match.group(1)
        elif (match := re.search(r"Instructions:\s+(\d+)", line)) and name:
            counts[name] = int(match.group(1)) / 1000
    if not counts:
        sys.exit("table.py: there is no count in the report")
    missed = []
    print("| function | instructions a call | over plain |\n|---|---|---|")
    for name, count in counts.items():
        over = count - counts["plain_" + name.split("_")[1]]
        print(f"| {name} | {count:.0f} | {over:+.0f} |")
        if round(over) > MAX_OVER_PLAIN.get(name, round(over)):
            missed.append(f"{name} costs {over:.0f} instructions over plain, more than {MAX_OVER_PLAIN[name]}")
    if check and missed:
        sys.exit("table.py: " + "; ".join(missed))


def failure(folder):
    rows = []
    for file in sorted(pathlib.Path(folder).glob("*/*/new/estimates.json")):
        about = json.loads(file.with_name("benchmark.json").read_text())
        group, name = about["group_id"], about["function_id"]
        rows.append((group, json.loads(file.read_text())["median"]["point_estimate"] / 1000, name))
    print("| failure of 3 functions with 10 variables | median, µs |\n|---|---|")
    for group, micros, name in sorted(rows):
        print(f"| {name}{group.removeprefix('failure')} | {micros:.2f} |")


match sys.argv[1:]:
    case ["instructions"]:
        instructions(check=False)
    case ["instructions", "--check"]:
        instructions(check=True)
    case ["failure", folder]:
        failure(folder)
    case _:
        sys.exit(__doc__)
