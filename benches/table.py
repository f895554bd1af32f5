#!/usr/bin/env python3
"""Reads gungraun's report and prints the instructions of one call over those of the plain function."""
import re
import sys

text = re.sub(r"\x1b\[[0-9;]*m", "", sys.stdin.read())
counts, name = {}, None
for line in text.splitlines():
    if match := re.search(r"thousand_calls (\w+):", line):
        name = match.group(1)
    elif (match := re.search(r"Instructions:\s+(\d+)", line)) and name:
        counts[name] = int(match.group(1)) / 1000
print("| function | instructions a call | over plain |\n|---|---|---|")
for name, count in counts.items():
    plain = counts["plain_" + name.split("_")[1]]
    print(f"| {name} | {count:.0f} | {count - plain:+.0f} |")
