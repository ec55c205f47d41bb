"""What was spent, in Blender: asked again when it changes, and written as a table."""

import csv
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pytest
from service import Piapi
from test_account import current


def spent() -> Any:
    """As the panel asks when it is drawn."""
    from trellis_blender.generation.lookups.questions import Topic

    if Topic.SPENT not in current().answers:
        current().ask(Topic.SPENT, blend_file=bpy.data.filepath)
    return current().wait_for_answer(Topic.SPENT).spending


def test_a_new_charge_is_counted_at_once(generate: Any, tmp_path: Path) -> None:
    """Guards Session._note_cost."""
    before = spent()
    generate(prompt="a bear")
    assert round(spent().month.usd - before.month.usd, 6) == 0.04
    assert spent().file.usd == 0
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    generate(prompt="a fox")
    assert (round(spent().ever.usd - before.ever.usd, 6), spent().file) == (0.08, (0.04, True, False))


def test_an_answer_from_before_a_charge_is_not_believed(generate: Any) -> None:
    from trellis_blender.generation.lookups.questions import Answer, Question, Topic
    from trellis_blender.generation.store.spending import Spending

    generate(prompt="a bear")
    late = Answer(Question(Topic.SPENT), spending=Spending())
    current()._hear(late)
    assert Topic.SPENT not in current().answers


def test_the_table(generate: Any, tmp_path: Path) -> None:
    generate(prompt="=1+1")
    path = tmp_path / "costs"
    assert bpy.ops.trellis.export_costs(filepath=str(path)) == {"FINISHED"}
    with path.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert (last["name"], last["charged USD"], last["known"]) == ("'=1+1", "0.0400", "charged")
    (tmp_path / "file").write_text("x")
    with pytest.raises(RuntimeError, match="cannot be used"):
        bpy.ops.trellis.export_costs(filepath=str(tmp_path / "file" / "costs.csv"))
    with pytest.raises(RuntimeError, match="There is no name for the file"):
        bpy.ops.trellis.export_costs(filepath="")


def test_amounts_in_words(addon: Any) -> None:
    from trellis_blender.generation.store.spending import Amount
    from trellis_blender.interface.preferences import spending

    assert spending.said(Amount(1.24)) == "$1.24"
    assert spending.said(Amount(1.24, is_exact=False)) == "at most $1.24"
    assert spending.written(1, "/x/costs.csv") == "1 task written to costs.csv."


def test_resume_all_submits_what_its_price_was_for(addon: Any, piapi: Piapi) -> None:
    """Another one may have come into the list since the button was drawn, and was not in its price."""
    from trellis_blender.generation.record.generation import new_generation
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.interface.state import session
    from trellis_blender.scene.arrival.place import here

    found = session.current()
    placement = here(bpy.context, 1.0, found.file.blend_load)
    priced, since = (
        replace(
            new_generation(
                compose_request(
                    model="Qubico/trellis", prompt=prompt, picture=None, picture_name="", parameters={},
                    placement=placement,
                ),
                piapi.url,
                time.time(),
            ),
            parked=True,
        )
        for prompt in ("a bear", "a fox")
    )  # fmt: skip
    found.take_over(priced)
    found.queue._changes.put(since)
    assert bpy.ops.trellis.submit_paused('INVOKE_DEFAULT') == {'FINISHED'}
    found.wait_for(priced.id)
    assert since.id in found.generations, "heard of at the press"
    assert [create["input"]["prompt"] for create in piapi.creates] == ["a bear"]
    assert bpy.ops.trellis.submit_paused() == {'FINISHED'}
    found.wait_for(since.id)
    assert [create["input"]["prompt"] for create in piapi.creates] == ["a bear", "a fox"], "a script asks for no price"
