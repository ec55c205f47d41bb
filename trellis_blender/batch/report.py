# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch has come to, to look at and to count with: `report.html`, one file with nothing from outside, and
`report.csv`."""

import base64
import csv
import io
import time
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..generation.record.costs import dollars
from ..generation.store.spending import harmless
from ..imaging.kinds import kind_of
from .folder import CSV_NAME, HTML_NAME, BatchFolder
from .plan import Plan
from .row import KNOWN
from .row_progress import RowProgress, Stage

PICTURES_MAX_BYTES = 48 * 2**20
"""Of all pictures in the page; browsers get slow with more."""
PICTURE_MAX_BYTES = 2**20
LINKS_MAX = 100
_BAD = frozenset({Stage.FAILED, Stage.REFUSED})
COLUMNS = (
    "row", "name", "prompt", "image", "model", "seed", "variations", "state", "price_usd", "cost_usd", "seconds",
    "triangles", "files", "problem",
)  # fmt: skip
_SHOWN = {"PNG": "png", "WebP": "webp"}
EXTRA_SHOWN, EXTRA_CHARACTERS = 8, 100
"""Of the table's other columns, with each model."""
_STYLE = """
:root{color-scheme:light dark;--line:#d6d6d6;--dim:#595959;--bad:#b3261e;--shade:#f0f0f0}
@media(prefers-color-scheme:dark){:root{--line:#474747;--dim:#adadad;--bad:#ff8a80;--shade:#333}}
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;padding:0 clamp(.75rem,3vw,2rem);max-width:96rem}
h1{font-size:1.4rem;margin:0}header p{margin:.2rem 0;color:var(--dim)}a{color:inherit}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(17rem,100%),1fr));gap:1rem;margin-top:1.25rem}
article{border:1px solid var(--line);border-radius:.5rem;padding:.75rem;overflow-wrap:anywhere}
article:target,article.bad{border-color:var(--bad)}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.5rem}figure{margin:0}
@media(min-width:42rem){.several{grid-column:span 2}}
img{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--shade);border-radius:.3rem}
.none{display:grid;place-items:center;aspect-ratio:1;background:var(--shade);border-radius:.3rem;color:var(--dim)}
h2{font-size:1rem;margin:.6rem 0 .1rem}.facts,figcaption{color:var(--dim);font-size:.85rem}
.said{margin-top:.4rem}.bad .said{color:var(--bad)}
""".strip()


def all_rows(plan: Plan, folder: BatchFolder, own: Sequence[RowProgress]) -> list[RowProgress]:
    """The rows of the whole table: this machine's as it knows them, the others' by their ledgers."""
    known = {each.row.number: each for each in own}
    found = [known.get(row.number) or RowProgress(row) for row in plan.rows]
    others = {each.row.key: each for each in found if each.row.number not in known and not each.row.problem}
    for entry in folder.entries():
        if (progress := others.get(entry.key)) is not None:
            progress.note(entry.kind, entry.said, entry.shard, is_own=False)
    for each in others.values():
        each.stage = Stage.DONE if each.is_made else Stage.FAILED if each.said else Stage.WAITING
    for each in found:
        if each.row.problem:
            each.stage, each.said = Stage.REFUSED, each.row.problem
    return found


def write(plan: Plan, folder: BatchFolder, own: Sequence[RowProgress]) -> None:
    """Writes both files, each whole. Raises GenerationProblem."""
    rows = all_rows(plan, folder, own)
    folder.share(folder.path / HTML_NAME, to_html(rows, folder.path).encode("utf-8", "replace"))
    folder.share(folder.path / CSV_NAME, to_csv(rows, plan.columns))


def to_csv(rows: Sequence[RowProgress], columns: Sequence[str]) -> bytes:
    """A row for each of the table's, with the columns of the table that mean nothing here behind the others."""
    extra = [column for column in columns if column not in KNOWN and column not in COLUMNS]
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow([*COLUMNS, *map(harmless, extra)])
    for each in rows:
        row = each.row
        table.writerow(
            (
                row.number,
                harmless(row.name),
                harmless(row.prompt),
                harmless(" ".join(map(str, row.images))),
                row.model,
                _joined(each.models, "seed"),
                row.variations,
                each.stage.value,
                f"{row.price_usd:.4f}",
                f"{each.usd:.4f}",
                f"{_seconds(each):.1f}" if each.models else "",
                _joined(each.models, "triangles"),
                harmless(" ".join(each.files)),
                harmless(" ".join((row.note, each.said, *_notes(each))).strip()),
                *(harmless(row.extra.get(column, "")) for column in extra),
            )
        )
    return text.getvalue().encode("utf-8-sig", "replace")


def to_html(rows: Sequence[RowProgress], folder: Path) -> str:
    """A contact sheet."""
    there = sum(each.stage is Stage.DONE for each in rows)
    left = PICTURES_MAX_BYTES
    articles: list[str] = []
    for each in rows:
        pictures = [_picture(folder, model) for model in each.models]
        pictures = pictures if sum(map(len, pictures)) <= left else [""] * len(pictures)
        left -= sum(map(len, pictures))
        articles.append(_article(each, pictures))
    when = time.strftime("%Y-%m-%d %H:%M")
    spent = f"{dollars(sum(each.usd for each in rows))} spent"
    models = sum(len(each.models) for each in rows)
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(folder.name)}: {there} of {len(rows)} rows</title><style>{_STYLE}</style>"
        f"<header><h1>{there} of {len(rows)} rows are there</h1>"
        f"<p>{escape(folder.name)} · {models} models · {spent} · {when}</p>{_problems(rows)}</header>"
        f"<main>{''.join(articles)}</main></html>\n"
    )


def _problems(rows: Sequence[RowProgress]) -> str:
    """Where to look, among a thousand rows."""
    bad = [each.row.number for each in rows if each.stage in _BAD]
    links = ", ".join(f'<a href="#row-{number}">{number}</a>' for number in bad[:LINKS_MAX])
    more = f" and {len(bad) - LINKS_MAX} more" if len(bad) > LINKS_MAX else ""
    return f"<p>Not made: row {links}{more}</p>" if bad else ""


def _article(each: RowProgress, pictures: Sequence[str]) -> str:
    row, count = each.row, len(each.models)
    is_bad = each.stage in _BAD
    figures = "".join(
        _figure(uri, model if count > 1 else None) for uri, model in zip(pictures, each.models, strict=True)
    )
    shown = figures or f'<div class="none">{escape(each.stage.value)}</div>'
    facts = [f"row {row.number}", each.stage.value, *([dollars(each.usd)] if each.usd or count else [])]
    facts += [f"{_seconds(each):.0f} s"] if count else []
    facts += _facts(each.models[0]) if count == 1 else []
    facts += [path.name for path in row.images]
    extra = [f"{name} {cell[:EXTRA_CHARACTERS]}" for name, cell in row.extra.items() if cell][:EXTRA_SHOWN]
    prompt = f"<div>{escape(row.prompt[:1000])}</div>" if row.prompt and row.prompt != row.name else ""
    said = " ".join((row.note, each.said, *_notes(each))).strip()
    below = f'<div class="said">{escape(said)}</div>' if said else ""
    kinds = " ".join(kind for kind, is_so in (("bad", is_bad), ("several", count > 1)) if is_so)
    return (
        f'<article id="row-{row.number}" class="{kinds}"><div class="pictures">{shown}</div>'
        f"<h2>{escape(row.name) or '&nbsp;'}</h2>{prompt}"
        f'<div class="facts">{escape(" · ".join([*facts, *extra]))}</div>{below}</article>'
    )


def _figure(uri: str, told: Mapping[str, Any] | None) -> str:
    """A picture, with what is of this model alone below it."""
    image = f'<img loading="lazy" alt="" src="{uri}">' if uri else '<div class="none">no picture</div>'
    below = f"<figcaption>{escape(' · '.join(_facts(told)))}</figcaption>" if told is not None else ""
    return f"<figure>{image}{below}</figure>"


def _facts(model: Mapping[str, Any]) -> list[str]:
    return [f"{model.get('triangles') or 0:,} triangles", f"seed {model.get('seed')}"]


def _picture(folder: Path, model: Mapping[str, Any]) -> str:
    """A picture as an address that holds it, "" where there is none.

    Other machines say in their ledgers what is a picture: no other file of this one gets into the page.
    """
    name = str(model.get("picture") or "")
    try:
        path = (folder / name).resolve()
        is_within = path.is_relative_to(folder.resolve()) and path.is_file()
        content = path.read_bytes() if is_within and path.stat().st_size <= PICTURE_MAX_BYTES else b""
    except (OSError, ValueError):
        return ""
    kind = _SHOWN.get(kind_of(content[:16]))
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}" if kind else ""


def _joined(models: Sequence[Mapping[str, Any]], field: str) -> str:
    return " ".join(str(each.get(field, "")) for each in models)


def _seconds(each: RowProgress) -> float:
    return max((float(model.get("took_s") or 0.0) for model in each.models), default=0.0)


def _notes(each: RowProgress) -> list[str]:
    return [str(note) for model in each.models for note in model.get("notes") or ()]
