"""Processes that fork, and that end: each has a chain of its own, and what waits is written."""

import multiprocessing
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from rolecall.audit import open_store

sys.path.insert(0, str(Path(__file__).parent))
from chains import walk
from logs_of import STORES, ask, opened, url_of


@pytest.mark.parametrize("store", STORES)
def test_a_forked_child_has_a_chain_of_its_own(store, tmp_path):
    """Neither writes what is the other's, while both go on."""
    audit, one = opened(url_of(store, tmp_path))
    ids = [ask(one).id for _ in range(50)]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            theirs = [ask(one).id for _ in range(20)]
            audit.close()
            os.write(writing, f"{audit.writer} {' '.join(theirs)}".encode())
            code = 0
        finally:
            os._exit(code)
    ids += [ask(one).id for _ in range(50)]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    ids += [ask(one).id for _ in range(50)]
    audit.close()
    name, *theirs = os.read(reading, 1 << 16).decode().split()
    os.close(reading)
    os.close(writing)
    assert [entry.id for entry in walk(audit.store, audit.writer)] == ids
    assert [entry.id for entry in walk(audit.store, name)] == theirs


@pytest.mark.parametrize("store", STORES)
def test_a_forked_child_outlives_its_parent(store, tmp_path):
    """The parent forks in the midst of recording, closes, and is gone: what the child records then is kept."""
    url = url_of(store, tmp_path)
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        audit, one = opened(url)
        ask(one)
        audit.flush()
        child = os.fork()
        if child == 0:
            ask(one)
            audit.flush()
            os.read(reading, 1)  # until the parent is gone
            theirs = [ask(one).id for _ in range(20)]
            audit.close()
            (tmp_path / "child").write_text(f"{audit.writer} {' '.join(theirs)}")
        else:
            audit.close()
        os._exit(0)
    os.waitpid(parent, 0)
    walk(open_store(url), open_store(url).writers()[0])  # opens and closes it: the last one to do so tidies up
    os.write(writing, b"x")
    until_there = time.monotonic() + 20
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        assert time.monotonic() < until_there
        time.sleep(0.02)
    os.close(reading)
    os.close(writing)
    name, *theirs = (tmp_path / "child").read_text().split()
    assert [entry.id for entry in walk(open_store(url), name)][1:] == theirs
    assert open_store(url).integrity() == []


@pytest.mark.parametrize("before", [True, False])
def test_a_process_of_multiprocessing_that_ends_writes_what_waits(before, tmp_path):
    """Whether the log was opened before the fork or after it."""
    more = {"every": timedelta(seconds=60)}
    held = opened(tmp_path / "audit.db", **more) if before else None

    def work():
        _, one = held or opened(tmp_path / "audit.db", **more)
        for _ in range(30):
            ask(one)

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(20)
    assert child.exitcode == 0
    if held:
        held[0].close()
    assert open_store(tmp_path / "audit.db").count() == 30


def run_to_its_end(folder, work):
    """Run a program that does some work with `one`, an authoriser whose log is in the folder, and ends."""
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from datetime import timedelta\n"
        "from logs_of import opened, ask\n" + work
    )
    here = Path(__file__).parent
    subprocess.run([sys.executable, "-c", program, folder / "audit.db", here, here.parent], check=True)
    return open_store(folder / "audit.db").count()


OPENED = "audit, one = opened(sys.argv[1], every=timedelta(seconds=60))\n"


def test_a_log_that_was_let_go_of_is_written_at_exit(tmp_path):
    """Whoever opened it holds it no more, and its records wait."""
    work = f"def work():\n    {OPENED}    for _ in range(30): ask(one)\nwork(); import gc; gc.collect()\n"
    assert run_to_its_end(tmp_path, work) == 30


def test_a_process_that_ends_writes_what_waits(tmp_path):
    """At exit, without `close`."""
    assert run_to_its_end(tmp_path, f"{OPENED}for _ in range(30): ask(one)\n") == 30
