# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables as people save them: CSV of any spreadsheet, JSON lines, or a plain list of prompts, one a line."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass, field
from pathlib import Path

BYTES_MAX = 64 * 2**20
ROWS_MAX = 20_000
COLUMNS_MAX = 200
CELL_MAX = 20_000
"""Characters; a prompt has at most 1,000."""
NAME_SHOWN = 40
DELIMITERS = ",;\t|"
RECORD_LINES_MAX = 30
"""A cell may have several lines; of more than so many, a quotation mark was not closed."""
ASK = frozenset({"prompt", "image", "images"})
JSON_ENDINGS = frozenset({".jsonl", ".ndjson", ".json"})
LIST_ENDINGS = frozenset({".txt", ".md", ""})


class TableUnusable(ValueError):
    """There is no table to be read. `str(error)` is a sentence; nothing was sent."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row as it stands in the table. `number` is the line that an editor shows it at, where rows are lines, else the
    row of the spreadsheet. `problem` is a sentence where it cannot be read."""

    number: int
    cells: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file has in it. `columns` are its headings in their order, in small letters."""

    rows: tuple[TableRow, ...]
    columns: tuple[str, ...] = field(default=())


def read_table(path: Path) -> Table:
    """The table in a file. Raises TableUnusable."""
    try:
        if not path.is_file():
            raise TableUnusable(f"There is no table “{path}”.")
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise TableUnusable(f"The table “{path}” cannot be read ({error.strerror}).") from None
    if len(content) > BYTES_MAX:
        raise TableUnusable(f"The table “{path.name}” has more than {BYTES_MAX // 2**20} MB. Divide it.")
    return parse_table(content, path.suffix.lower())


def parse_table(content: bytes, ending: str = ".csv") -> Table:
    """The table in a file's bytes, of which `ending` tells the kind. Raises TableUnusable."""
    text = _text(content)
    if ending in JSON_ENDINGS or (ending not in LIST_ENDINGS and text.lstrip()[:1] == "{"):
        table = _read_json(text)
    elif ending in LIST_ENDINGS and not _names_columns(text):
        table = list_of_prompts(text)
    else:
        table = _read_csv(text)
    if not table.rows:
        raise TableUnusable("There are no rows in the table. Write one for each model.")
    return table


def list_of_prompts(text: str) -> Table:
    """A prompt a line; empty lines, and those that begin with #, are passed over. Raises TableUnusable."""
    found: list[TableRow] = []
    for number, line in enumerate(_lines(text), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(TableRow(number, {"prompt": line.strip()}))
            _check_count(len(found))
    return Table(tuple(found), ("prompt",))


def _text(content: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else what Windows writes in Western Europe."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if b"\0" in content[:4096]:
        raise TableUnusable("This is no table. Save it as CSV from your spreadsheet, then give that file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _lines(text: str) -> list[str]:
    """With their ends. What Unicode takes for the end of a line besides, a cell may have in it: texts that were copied
    from elsewhere do."""
    return list(io.StringIO(text, newline=""))


def _delimiter_of(line: str) -> str:
    return max(DELIMITERS, key=line.count)


def _heading(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def _names_columns(text: str) -> bool:
    """Whether a list begins as a table does: spreadsheets save tables with tabs as .txt, too. A comma is a prompt's."""
    first = (_lines(text) or [""])[0]
    delimiter = _delimiter_of(first)
    headings = {_heading(each.strip().strip('"')) for each in first.split(delimiter)}
    return delimiter != "," and len(headings) > 1 and not ASK.isdisjoint(headings)


def _check_count(count: int) -> None:
    if count > ROWS_MAX:
        raise TableUnusable(f"The table has more than {ROWS_MAX:,} rows. Divide it into several tables.")


def _read_csv(text: str) -> Table:
    lines = _lines(text)
    delimiter = _delimiter_of((lines or [""])[0])
    csv.field_size_limit(BYTES_MAX)
    records = _records(lines, delimiter)
    columns = tuple(map(_heading, next(records, (1, None))[1] or []))
    if not ASK.intersection(columns):
        raise TableUnusable(
            "The table's first line has to name its columns, and one of them has to be prompt or image. For a plain "
            "list of prompts, call the file something.txt."
        )
    _check_columns(columns)
    if twice := next((each for each in columns if each and columns.count(each) > 1), ""):
        raise TableUnusable(f"The table has two columns “{twice}”. Rename one of them.")
    found: list[TableRow] = []
    for number, cells in records:
        if cells is None or any(each.strip() for each in cells):
            found.append(_csv_row(number, cells, columns))
            _check_count(len(found))
    return Table(tuple(found), tuple(filter(None, columns)))


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """The cells of each record with the line that it begins at; None for one with a quotation mark that is not closed,
    which must not take in the lines behind it."""
    at = 0
    while at < len(lines):
        counts = range(1, min(RECORD_LINES_MAX, len(lines) - at) + 1)
        count = next((n for n in counts if not _is_open(lines[at : at + n], delimiter)), 0)
        # One that is closed in the middle of another one's cell was not closed at all.
        is_whole = count == 1 or (count > 1 and not _why_torn(lines[at : at + count], delimiter))
        yield at + 1, next(csv.reader(lines[at : at + count], delimiter=delimiter), []) if is_whole else None
        at += count if is_whole else 1


def _is_open(record: list[str], delimiter: str) -> bool:
    """Whether a quotation mark is not closed in it."""
    return "end of data" in _why_torn(record, delimiter)


def _why_torn(record: list[str], delimiter: str) -> str:
    """What a strict reader says against it; "" for nothing."""
    try:
        list(csv.reader(record, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return str(error)
    return ""


def _csv_row(number: int, cells: list[str] | None, columns: tuple[str, ...]) -> TableRow:
    if cells is None:
        return TableRow(number, {}, "One of its quotation marks is not closed.")
    found = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
    if any(len(each) > CELL_MAX for each in cells):
        return TableRow(number, {}, "One of its cells is far too long.")
    if any(each.strip() for each in cells[len(columns) :]):
        return TableRow(
            number,
            found,
            f"It has {len(cells)} cells, and the table has {len(columns)} columns. Put a cell with commas in it into "
            "quotation marks.",
        )
    return TableRow(number, found)


def _check_columns(columns: Sized) -> None:
    if len(columns) > COLUMNS_MAX:
        raise TableUnusable(f"The table has {len(columns):,} columns; at most {COLUMNS_MAX} are read.")


def _read_json(text: str) -> Table:
    """JSON lines, or one list of objects."""
    if text.lstrip()[:1] == "[":
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise TableUnusable(f"The table cannot be read as JSON ({error}).") from None
        _check_count(len(listed))
        rows = tuple(_json_row(number, each) for number, each in enumerate(listed, start=1))
    else:
        rows = tuple(_json_lines(text))
    columns = dict.fromkeys(name for row in rows for name in row.cells)
    _check_columns(columns)
    return Table(rows, tuple(columns))


def _json_lines(text: str) -> Iterator[TableRow]:
    count = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        count += 1
        _check_count(count)
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            yield TableRow(number, {}, "It is not JSON. Each line has to be an object with a prompt or an image.")
            continue
        yield _json_row(number, found)


def _json_row(number: int, found: object) -> TableRow:
    if not isinstance(found, dict):
        return TableRow(number, {}, "It is not an object with a prompt or an image.")
    cells: dict[str, str] = {}
    for name, value in list(found.items())[:COLUMNS_MAX]:
        if value is None:
            continue
        is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if isinstance(value, dict | list) and not is_list:
            return TableRow(number, {}, f"{name[:NAME_SHOWN]} holds more than one value.")
        said = ";".join(value) if is_list else str(value).strip()
        if len(said) > CELL_MAX:
            return TableRow(number, {}, f"{name[:NAME_SHOWN]} is far too long.")
        cells[_heading(name)] = said
    return TableRow(number, cells)
