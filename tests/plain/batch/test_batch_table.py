"""Tables as people save them, and what is asked of their rows."""

import json
from pathlib import Path

import pytest
from models import picture_png

from trellis_blender.batch import table
from trellis_blender.batch.budget import budget_for
from trellis_blender.batch.plan import OptionUnusable, Plan, Shard, make_plan, read_plan, read_shard
from trellis_blender.batch.row import Defaults
from trellis_blender.batch.table import TableUnusable, parse_table

WHOLE = Shard()
HEAD = "name,prompt,seed\n"


def plan_of(tmp_path: Path, text: str, shard: Shard = WHOLE, ending: str = ".csv") -> Plan:
    return make_plan(parse_table(text.encode(), ending), Defaults(tmp_path), shard)


@pytest.mark.parametrize(
    "content",
    [
        "name,prompt\nStuhl,ein grüner Stuhl\n".encode(),
        "\ufeffname;prompt\r\nStuhl;ein grüner Stuhl\r\n".encode(),
        "Name\tPrompt\nStuhl\tein grüner Stuhl".encode("cp1252"),
        "name|prompt\nStuhl|ein grüner Stuhl\n".encode("utf-16"),
        'NAME , PROMPT\n"Stuhl","ein grüner Stuhl"\n\n , \n'.encode(),
        '{"name": "Stuhl", "prompt": "ein grüner Stuhl"}\n'.encode(),
        '[{"name": "Stuhl", "prompt": "ein grüner Stuhl", "tags": null}]'.encode(),
    ],
)
def test_every_way_to_save_a_table(content: bytes) -> None:
    ending = ".jsonl" if content[:1] in b"{[" else ".csv"
    (row,) = parse_table(content, ending).rows
    assert row.cells == {"name": "Stuhl", "prompt": "ein grüner Stuhl"}


def test_a_list_of_prompts() -> None:
    found = parse_table(b"# props\na chair\n\n  a lamp, brass\n", ".txt")
    assert [(row.number, row.cells["prompt"]) for row in found.rows] == [(2, "a chair"), (4, "a lamp, brass")]


@pytest.mark.parametrize(
    "content", ["name\tprompt\r\nchair\ta chair\r\n".encode("utf-16"), b"name;prompt\nchair;a chair"]
)
def test_a_table_that_is_saved_as_text_is_no_list_of_prompts(content: bytes) -> None:
    (row,) = parse_table(content, ".txt").rows
    assert row.cells == {"name": "chair", "prompt": "a chair"}


def test_a_list_whose_first_prompt_is_like_headings() -> None:
    assert len(parse_table(b"a frame, image\na lamp\n", ".txt").rows) == 2


@pytest.mark.parametrize("letter", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_what_unicode_alone_takes_for_the_end_of_a_line_is_none(letter: str) -> None:
    """Each line that is torn in two would be paid for twice."""
    text = f"a chair{letter}of wood"
    (row,) = parse_table(f"prompt,name\n{text},chair\n".encode()).rows
    assert row.cells == {"prompt": text, "name": "chair"}
    (row,) = parse_table(text.encode(), ".txt").rows
    assert row.cells == {"prompt": text}


def test_a_quotation_mark_that_is_not_closed_takes_in_no_other_row() -> None:
    lines = [HEAD, 'a,"a chair,1\n', "b,a lamp,2\n", 'c,"a ""big""\nbox",3\n', 'd,a 5" pipe,4\n', "e,a cup,5,,x\n"]
    found = parse_table("".join(lines).encode()).rows
    assert [(row.number, bool(row.problem)) for row in found] == [
        (2, True),
        (3, False),
        (4, False),
        (6, False),
        (7, True),
    ]
    assert found[2].cells["prompt"] == 'a "big"\nbox'
    assert found[3].cells["prompt"] == 'a 5" pipe'


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"", ".csv"),
        (b"a chair\na lamp\n", ".csv"),
        (b"prompt,prompt\na,b\n", ".csv"),
        (b"prompt\n", ".csv"),
        (b"prompt\n" + b"a\n" * (table.ROWS_MAX + 1), ".csv"),
        (b"prompt," + b",".join(b"c%d" % n for n in range(300)) + b"\na\n", ".csv"),
        (b"PK\x03\x04\0\0\0", ".csv"),
        (b"[1, 2", ".json"),
        (b"\n\n", ".txt"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, ending: str) -> None:
    with pytest.raises(TableUnusable) as refused:
        parse_table(content, ending)
    assert str(refused.value).endswith(".")


def test_a_file_that_is_not_there_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "gone.csv", tmp_path):
        with pytest.raises(TableUnusable):
            table.read_table(path)
    monkeypatch.setattr(table, "BYTES_MAX", 10)
    (tmp_path / "large.csv").write_text("prompt\na chair\n")
    with pytest.raises(TableUnusable, match="more than"):
        table.read_table(tmp_path / "large.csv")


def test_json_lines_that_are_none_are_told_by_their_number() -> None:
    found = parse_table(
        b'{"prompt": "a"}\nnonsense\n[1]\n{"prompt": {"a": 1}}\n{"prompt": "b", "n": 1}\n', ".jsonl"
    ).rows
    assert [bool(row.problem) for row in found] == [False, True, True, True, False]


def test_rows_are_checked_priced_and_keep_what_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "chair.png").write_bytes(picture_png(64, 48))
    text = (
        "prompt;image;model;variations;size_m;finish;tags;catalog;artist;ss_sampling_steps\n"
        "a chair;;;3;0,75;game asset;wood, seat;Props / Chairs;Ann;12\n"
        ";chair.png;Qubico/trellis2;;;;;;Bob;\n"
    )
    first, second = plan_of(tmp_path, text).rows
    assert (first.problem, second.problem) == ("", "")
    assert (first.price_usd, second.price_usd) == (0.12, 0.10)
    assert (first.size_m, first.finish, first.catalog) == (0.75, "GAME_ASSET", "Props/Chairs")
    assert first.tags == ("wood", "seat")
    assert first.extra == {"artist": "Ann"}
    assert first.parameters == {"ss_sampling_steps": 12}
    assert second.name == "chair"


@pytest.mark.parametrize(
    "cells",
    [
        {"prompt": ""},
        {"prompt": "a", "model": "Qubico/none"},
        {"prompt": "a", "model": "Qubico/trellis2"},
        {"prompt": "a", "seed": "many"},
        {"prompt": "a", "seed": "nan"},
        {"prompt": "a", "seed": "1,5"},
        {"prompt": "a", "slat_sampling_steps": "12.5"},
        {"prompt": "a", "ss_guidance_strength": "11"},
        {"prompt": "a", "variations": "0"},
        {"prompt": "a", "variations": "1.5"},
        {"prompt": "a", "size_m": "-1"},
        {"prompt": "a", "finish": "nice"},
        {"image": "gone.png"},
        {"image": "https://example.com/a.png"},
        {"k" * 10_000: {}},
        {"images": "a.png;b.png"},
        {"images": ";".join("abcdefg")},
        {"image": "."},
    ],
)
def test_a_row_that_cannot_be_made_says_so_and_costs_nothing(tmp_path: Path, cells: dict[str, str]) -> None:
    text = json.dumps(cells) + '\n{"prompt": "a lamp"}\n'
    bad, good = plan_of(tmp_path, text, ending=".jsonl").rows
    assert bad.problem.endswith(".")
    assert len(bad.problem) < 300
    assert (bad.price_usd, good.problem) == (0.0, "")


def test_halves_of_letters_keep_no_model_from_being_saved(tmp_path: Path) -> None:
    text = r'{"prompt": "a\ud800", "name": "b\ud800", "tags": "c\ud800", "catalog": "d\ud800", "image": null}'
    (row,) = plan_of(tmp_path, text, ending=".jsonl").rows
    assert not row.problem
    for said in (row.prompt, row.name, row.stem, row.catalog, *row.tags):
        said.encode()


def test_several_pictures_of_one_thing(tmp_path: Path) -> None:
    for number, name in enumerate("abc"):
        (tmp_path / name).write_bytes(picture_png(64, 48 + number))
    rows = plan_of(tmp_path, "image,images,model\na,b;c,\na,,\na,b,Qubico/trellis2\n").rows
    assert [path.name for path in rows[0].images] == ["a", "b", "c"]
    assert [row.price_usd for row in rows] == [0.04, 0.04, 0.0]
    assert rows[0].key != rows[1].key
    assert rows[2].problem


def test_twins_and_names_that_are_one_file(tmp_path: Path) -> None:
    text = HEAD + "Chair,a chair,1\nchair,a stool,2\nother,a chair,1\na:b,a jug,3\n,a jug,4\n,a jug,5\nCON,a cup,6\n"
    rows = plan_of(tmp_path, text).rows
    assert [bool(row.problem) for row in rows] == [False, True, True, False, False, False, False]
    assert "row 2" in rows[1].problem
    assert "row 2" in rows[2].problem
    assert "a_b" in rows[3].note
    stems = [row.stem.casefold() for row in rows if not row.problem]
    assert len(set(stems)) == len(stems)
    assert "con" not in stems


def test_what_is_paid_for_makes_the_key_and_the_rest_the_look(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture_png(64, 48))
    (tmp_path / "b.png").write_bytes(picture_png(64, 48))

    def row(**cells: str) -> tuple[str, str]:
        (found,) = plan_of(tmp_path, json.dumps(cells), ending=".jsonl").rows
        assert not found.problem
        return found.key, found.look

    before = row(prompt="a chair", name="chair")
    assert row(prompt=" a  chair", name="chair") == before
    for cells in ({"size_m": "2"}, {"tags": "x"}, {"catalog": "P"}, {"name": "seat"}, {"finish": "QUADS"}):
        key, look = row(**{"prompt": "a chair", "name": "chair", **cells})
        assert (key == before[0], look == before[1]) == (True, False)
    for cells in ({"prompt": "a seat"}, {"seed": "4"}, {"variations": "2"}):
        assert row(**{"prompt": "a chair", "name": "chair", **cells})[0] != before[0]
    assert row(image="a.png", name="x") == row(image="b.png", name="x")
    (tmp_path / "b.png").write_bytes(picture_png(64, 50))
    assert row(image="a.png", name="x") != row(image="b.png", name="x")


def test_shards_have_every_row_once_and_the_budget_between_them(tmp_path: Path) -> None:
    text = "prompt,variations\n" + "".join(f"chair {n},{n % 8 + 1}\n" for n in range(37))
    plans = [plan_of(tmp_path, text, read_shard(f"{number}/10")) for number in range(1, 11)]
    assert sorted(row.number for plan in plans for row in plan.own) == list(range(2, 39))
    whole = plans[0].price_usd
    budgets = [budget_for(plan, 3.0) for plan in plans]
    assert sum(budget.share for budget in budgets) == pytest.approx(1)
    for plan in plans:
        own = sum(row.price_usd for row in plan.own)
        assert budget_for(plan, whole).allows(0, own)
    assert not budgets[0].allows(0, 3.0 * budgets[0].share + 0.001)
    assert not budget_for(plans[0], 3.0, elsewhere_usd=2.99).allows(0, 0.02)
    assert budget_for(plans[0], 0.0).allows(0, 0)
    assert not budget_for(plans[0], 0.0).allows(0, 0.04)


@pytest.mark.parametrize("said", ["", "3", "0/3", "4/3", "1/9999", "a/b"])
def test_a_shard_that_is_none(said: str) -> None:
    with pytest.raises(OptionUnusable):
        read_shard(said)


@pytest.mark.parametrize("limit", [-1.0, float("nan"), float("inf")])
def test_a_budget_that_is_none(tmp_path: Path, limit: float) -> None:
    with pytest.raises(OptionUnusable):
        budget_for(plan_of(tmp_path, "prompt\na\n"), limit)


def test_paths_are_relative_to_the_table(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(picture_png(64, 48))
    (tmp_path / "t.csv").write_text("image\nin\\a.png\n")
    (row,) = read_plan(tmp_path / "t.csv", Defaults(tmp_path)).rows
    assert row.images == (tmp_path / "in" / "a.png",)
