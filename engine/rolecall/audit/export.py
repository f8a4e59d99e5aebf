"""Records written for other programs: CSV, JSON lines, Parquet, OCSF. Memory stays constant, however many they are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rolecall.audit import ocsf
from rolecall.audit.entry import Entry
from rolecall.audit.rebuild import Blobs
from rolecall.audit.rows import COLUMNS, row
from rolecall.errors import FactsError

# A spreadsheet takes a cell that begins so for a formula; ids are anybody's text.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LISTS: Final = ("acting_as", "roles", "school", "permissions", "given_by", "cut_by")
_BATCH: Final = 4096


def csv_lines(entries: Iterable[Entry], blobs: Blobs) -> Iterator[str]:
    """Give CSV (RFC 4180): a head, then a line a record; lists joined by `; `.

    Where a text begins as a spreadsheet's formula does, an apostrophe is put before it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    yield buffer.getvalue()
    for entry in entries:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_cell(value) for value in row(entry, blobs).values()])
        yield buffer.getvalue()


def json_lines(entries: Iterable[Entry], blobs: Blobs) -> Iterator[str]:
    """Give a JSON object a line, with the names of `COLUMNS`."""
    yield from _lines(entries, blobs, row)


def ocsf_lines(entries: Iterable[Entry], blobs: Blobs) -> Iterator[str]:
    """Give an OCSF event a line."""
    yield from _lines(entries, blobs, ocsf.event)


def write_parquet(entries: Iterable[Entry], blobs: Blobs, file: Path) -> None:
    """Write a Parquet file; raises `FactsError` where the extra `parquet` is not installed."""
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        raise FactsError("Parquet needs `pyarrow`, which comes with `pip install 'rolecall[parquet]'`") from None
    text = arrow.string()
    kinds = dict.fromkeys(COLUMNS, text) | dict.fromkeys(_LISTS, arrow.list_(text)) | {"pseudonymised": arrow.bool_()}
    schema = arrow.schema([(name, kinds[name]) for name in COLUMNS])
    remaining = iter(entries)
    with parquet.ParquetWriter(str(file), schema, compression="zstd") as writer:
        while batch := list(islice(remaining, _BATCH)):
            writer.write_table(arrow.Table.from_pylist([row(entry, blobs) for entry in batch], schema))


def _lines(entries: Iterable[Entry], blobs: Blobs, shape: Callable[[Entry, Blobs], dict[str, Any]]) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for entry in entries:
        yield encode(shape(entry, blobs)) + "\n"


def _cell(value: object) -> str:
    """Give a value as a cell's text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "; ".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
