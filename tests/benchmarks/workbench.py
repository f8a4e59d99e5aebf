"""`python -m benchmarks.workbench`: how long the tools of a policy take from the shell, and how much memory they need."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from demo import POLICIES
from rolecall.analysis.grids import Bench, read_tests
from rolecall.analysis.mutants import mutants
from rolecall.analysis.mutation import mutate
from rolecall.compiler import load_table, table_sizes
from rolecall.loader import load_policy
from rolecall.testing import demo_district

from benchmarks.large_policy import write_large_policy
from benchmarks.run import target

SMALL: Final = 1.0
LARGE: Final = 10.0
MEMORY: Final = 1024.0
PEOPLE: Final = 30.0


STARTER: Final = """
import json, os, sys, time
began, nowhere = time.perf_counter(), os.open(os.devnull, os.O_WRONLY)
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                         file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1), (os.POSIX_SPAWN_DUP2, nowhere, 2)])
_, status, used = os.wait4(process, 0)
took = time.perf_counter() - began
print(json.dumps([took, used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status)]))
"""


class Run(msgspec.Struct, frozen=True):
    """A command's wall time and processor time in seconds, its largest memory in MiB, and its exit code."""

    seconds: float
    cpu: float
    memory: float
    code: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5, help="how often each command is run; the median is told")
    parser.add_argument("--users", type=int, default=100_000, help="how many people there are in the people-level diff")
    asked = parser.parse_args()
    print("From the shell, Python's start included and its bytecode at hand: the median of the runs, the processor's")
    print("share of that (less where other work goes on at the same time), and the largest memory.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = folder / "large"
        write_large_policy(large)
        print_policy("the shipped policy", POLICIES)
        shipped = measure_all(POLICIES, edited(POLICIES, folder / "edited"), asked.rounds)
        print_policy("a large policy", large)
        big = measure_all(large, edited(large, folder / "large-edited"), asked.rounds)
        people = measure_people(folder, asked.users)
        print(
            f"\nOf {asked.users:,} people, whom an edit affects: {people.seconds:.1f} s, {people.cpu:.1f} s of "
            f"processor, {people.memory:,.0f} MiB, exit code {people.code}"
        )
        print_mutation(large)
    print("\nTargets")
    for tool, one in shipped.items():
        target(f"{tool} of the shipped policy, seconds", one.seconds, SMALL)
    for tool, one in big.items():
        target(f"{tool} of a large policy, seconds", one.seconds, LARGE)
        target(f"{tool} of a large policy, MiB", one.memory, MEMORY)
    target(f"people-level diff over {asked.users:,} people, seconds", people.seconds, PEOPLE)


def print_policy(name: str, folder: Path) -> None:
    """Say how large a policy is."""
    policy = load_policy(folder)
    cells = sum(table_sizes(load_table(policy)).values())
    print(
        f"\n{name}: {len(policy.rules)} rules, {len(policy.resources)} resource types, "
        f"{len(policy.roles)} roles of its own, {cells:,} reachable cells"
    )


def edited(folder: Path, copy: Path) -> Path:
    """Copy a policy and let a rule of each file speak of all staff of the district, so that there is a difference to tell."""
    shutil.copytree(folder, copy)
    for file in copy.glob("*.yaml"):
        text = file.read_text("utf-8")
        if "rolecall: 1\n" in text:
            file.write_text(text.replace("when: {staff: school}", "when: {staff: anywhere}", 1), "utf-8")
    return copy


def measure_all(folder: Path, other: Path, rounds: int) -> dict[str, Run]:
    """Run each tool, and print what it took."""
    commands = {
        "check": ("check", folder), "test": ("test", folder), "prove": ("prove", folder), "diff": ("diff", folder, other),
        "matrix": ("matrix", folder, "--format", "html"),
    }  # fmt: skip
    found = {}
    for tool, command in commands.items():
        runs = [rolecall(*command) for _ in range(rounds + 1)][1:]  # the first one writes bytecode
        one = found[tool] = Run(
            median(run.seconds for run in runs),
            median(run.cpu for run in runs),
            max(run.memory for run in runs),
            runs[0].code,
        )
        said = f"  {tool:8}{one.seconds:8.2f} s{one.cpu:8.2f} s of processor{one.memory:8,.0f} MiB"
        print(f"{said}   exit code {one.code}", flush=True)
    return found


def rolecall(*arguments: object) -> Run:
    """Run the command as a process that a small one starts and waits for: Linux counts a starter's memory as the child's."""
    command = [sys.executable, "-c", STARTER, sys.executable, "-m", "rolecall_cli", *map(str, arguments)]
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    kept = {key: value for key, value in os.environ.items() if key not in left_out and not key.startswith("ROLECALL_")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=kept)
    seconds, cpu, kilobytes, code = json.loads(done.stdout)
    return Run(seconds, cpu, kilobytes / 1024, code)


def measure_people(folder: Path, users: int) -> Run:
    """Ask which of so many people an edit of the shipped policy affects, out of a snapshot in a file."""
    file = folder / "district.json"
    file.write_text(json.dumps(demo_district(users=users)), "utf-8")
    return rolecall("diff", POLICIES, folder / "edited", "--snapshot", file)


def print_mutation(large: Path, most: int = 100) -> None:
    """Say how long `rolecall mutate` takes: the shipped policy whole, of the large one what some of its mutants take."""
    one = rolecall("mutate", POLICIES)
    print(f"\nmutate of the shipped policy: {one.seconds:.1f} s, {one.memory:,.0f} MiB")
    policy = load_policy(large)
    table = load_table(policy)
    files, _ = read_tests(large, policy)
    results = Bench(table).run(files)
    every = sum(1 for _ in mutants(policy))
    rules = list(dict.fromkeys(mutant.rule for mutant in islice(mutants(policy), 0, every, max(every // 12, 1))))
    began, tried = time.perf_counter(), 0
    for rule in rules:
        tried += len(mutate(policy, table, results, rule).outcomes)
        if tried >= most:
            break
    each = (time.perf_counter() - began) / max(tried, 1)
    print(
        f"mutate of the large policy: {every:,} mutants; {tried} of them took {each * 1000:.0f} ms each, "
        f"so that all would take about {each * every / 60:.0f} minutes (no target)"
    )


if __name__ == "__main__":
    main()
