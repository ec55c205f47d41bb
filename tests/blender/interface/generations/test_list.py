"""The list: its pictures, and what a row's menu does."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import numpy as np
import pytest
from models import box_glb, picture_png
from paper import drawn
from service import Piapi


def current() -> Any:
    from trellis_blender.interface.state import session

    return session.current()


def newest() -> Any:
    return max(current().generations.values(), key=lambda generation: generation.created_at)


def pixels_of(picture: Any) -> Any:
    return np.frombuffer(picture.rgba, np.uint8).reshape(picture.height, picture.width, 4)


def imported(path: Path) -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(path))
    return next(item for item in bpy.data.objects if item.type == "MESH")


def test_the_picture_shows_the_model(fixtures: Path) -> None:
    from trellis_blender.imaging import mesh_thumbnail
    from trellis_blender.scene.images import mesh_snapshot

    model = imported(fixtures / "trellis-house.glb")
    mesh_snapshot.prepare(model)
    picture = pixels_of(mesh_thumbnail.draw(mesh_snapshot.take(model)))
    covered = picture[..., 3] > 128
    assert 0.2 < covered.mean() < 0.8
    rows, columns = np.nonzero(covered)
    # It fills the picture, and stands in its middle.
    assert max(np.ptp(rows), np.ptp(columns)) > 115
    assert abs(columns.min() + columns.max() - 127) < 8
    roof = picture[30:60, 50:80].reshape(-1, 4).astype(int)
    grass = picture[85:110, 20:110].reshape(-1, 4).astype(int)
    assert (roof[:, 0] > roof[:, 1] + 40).mean() > 0.5
    assert (grass[:, 1] > grass[:, 0] + 10).mean() > 0.15


def test_a_model_without_a_texture_has_a_picture_too(tmp_path: Path) -> None:
    from trellis_blender.imaging import mesh_thumbnail
    from trellis_blender.scene.images import mesh_snapshot

    (tmp_path / "box.glb").write_bytes(box_glb())
    model = imported(tmp_path / "box.glb")
    model.data.materials.clear()
    copied = mesh_snapshot.take(model)
    assert copied.texture is None
    assert pixels_of(mesh_thumbnail.draw(copied))[..., 3].any()


def test_what_was_edited_into_polygons_has_none(addon: Any) -> None:
    from trellis_blender.scene.images import mesh_snapshot

    assert mesh_snapshot.take(bpy.data.objects["Cube"]) is None
    assert mesh_snapshot.take(bpy.data.objects["Camera"]) is None


def test_the_picture_is_kept_beside_the_model(fixtures: Path, tmp_path: Path) -> None:
    from trellis_blender.scene.images import mesh_snapshot, thumbnail

    thumbnail.keep(mesh_snapshot.take(imported(fixtures / "trellis-lungs.glb")), tmp_path)
    kept = bpy.data.images.load(str(tmp_path / "thumbnail.png"))
    assert tuple(kept.size) == (128, 128)
    flat = tmp_path / "flat"
    nothing = mesh_snapshot.Snapshot(np.zeros((1, 3)), np.zeros(3, np.int32), None, None)
    thumbnail.keep(nothing, flat)
    assert not flat.exists()


def test_settings_are_taken_up_again(generate: Any, piapi: Piapi) -> None:
    generate(prompt="a bear", seed=77, ss_sampling_steps=21)
    settings = bpy.context.scene.trellis
    settings.source, settings.prompt, settings.model = "IMAGE", "something else", "Qubico/trellis2"
    assert bpy.ops.trellis.use_settings(generation=newest().id) == {"FINISHED"}
    assert (settings.source, settings.prompt, settings.model) == ("TEXT", "a bear", "Qubico/trellis")
    assert (settings.seed, settings.ss_sampling_steps) == (77, 21)
    assert len(piapi.creates) == 1


def test_the_settings_have_the_picture_that_was_sent(generate: Any, piapi: Piapi, tmp_path: Path) -> None:
    original = tmp_path / "pear.png"
    original.write_bytes(picture_png(20, 20))
    generate(image=str(original))
    settings, made = bpy.context.scene.trellis, newest()
    kept = current().queue.folder / made.folder_name / "input.png"
    bpy.ops.trellis.use_settings(generation=made.id)
    assert settings.image == str(original)
    original.write_bytes(picture_png(30, 30))
    os.utime(original, ns=(1, 1))
    bpy.ops.trellis.use_settings(generation=made.id)
    assert settings.image == str(kept)
    original.unlink()
    bpy.ops.trellis.use_settings(generation=made.id)
    assert settings.image == str(kept)
    kept.unlink()
    bpy.ops.trellis.use_settings(generation=made.id)
    assert settings.image == str(original), "what the panel then misses"


def test_a_click_on_a_row_selects_the_placeholder_that_an_undo_brought_back(generate: Any) -> None:
    from trellis_blender.scene import custom_properties
    from trellis_blender.scene.placement import placeholder

    generate(prompt="a bear")
    bpy.data.objects.remove(bpy.data.objects["a bear"])
    empty = bpy.data.objects.new("a bear", None)
    empty[custom_properties.PLACEHOLDER] = newest().id
    bpy.context.scene.collection.objects.link(empty)
    placeholder.forget()
    bpy.ops.trellis.show(generations=newest().id)
    assert empty.select_get()


def test_a_running_row_tells_its_price(generate: Any) -> None:
    from dataclasses import replace

    from trellis_blender.generation.record.generation import State
    from trellis_blender.interface.text import rows as wording

    generate(prompt="a bear")
    running = replace(newest(), state=State.RUNNING)
    assert running.is_working
    assert wording.facts(running) == "$0.04"


def test_a_model_is_moved_to_the_cursor(generate: Any) -> None:
    generate(prompt="a bear")
    model = bpy.data.objects["a bear"]
    model.rotation_euler.z = 1.0
    bpy.context.scene.cursor.location = (4, 5, 6)
    assert bpy.ops.trellis.move_here(generation=newest().id) == {"FINISHED"}
    assert tuple(model.location) == (4, 5, 6)
    assert model.rotation_euler.z == pytest.approx(1.0)


def test_one_of_the_variations_is_kept_and_the_others_hidden(generate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.interface.generations import compare

    generate(prompt="a bear", variations=3)
    generate(prompt="a lamp")
    lamp = newest()
    assert not lamp.request.press
    bears = sorted(
        (found for found in current().generations.values() if found.request.press), key=lambda bear: bear.created_at
    )
    bears = [bear for bear in bears if bear.request.press == bears[-1].request.press]
    assert len(bears) == 3
    kept, *others = (bpy.data.objects[bear.object_name] for bear in bears)
    assert bpy.ops.trellis.keep_only(generation=bears[0].id) == {"FINISHED"}
    assert kept.visible_get()
    assert not kept.hide_render
    assert all(other.hide_get() and other.hide_render for other in others)
    assert bpy.data.objects["a lamp"].visible_get()
    assert bpy.ops.trellis.compare(generation=lamp.id) == {"CANCELLED"}
    assert bpy.ops.trellis.compare(generation=bears[2].id) == {"FINISHED"}
    compared = compare.TRELLIS_OT_compare
    monkeypatch.setattr(compared, "variations", tuple(each.id for each in compare.variations_of(bears[2])))
    said = drawn(compared)
    assert [text.split(" · ")[1] for text in said if text.startswith("a bear")] == ["1", "2", "3"]
    assert sum(text.startswith("In the scene · $0.04") for text in said) == 3
    # And the other way round.
    bpy.ops.trellis.keep_only(generation=bears[1].id)
    assert others[0].visible_get()
    assert kept.hide_get()


def test_a_row_without_an_object_says_so(generate: Any) -> None:
    generate(prompt="a bear")
    bpy.data.objects.remove(bpy.data.objects["a bear"])
    assert bpy.ops.trellis.move_here(generation=newest().id) == {"FINISHED"}
    assert bpy.ops.trellis.show(generations=newest().id) == {"FINISHED"}


def test_a_model_that_left_the_scene_is_missed_and_found_again(generate: Any) -> None:
    from trellis_blender.interface.state import session

    generate(prompt="a bear")
    file, made, model = session.current().file, newest(), bpy.data.objects["a bear"]
    (collection,) = model.users_collection
    model.name = "renamed by the artist"
    assert file.object_of(made) == model
    collection.objects.unlink(model)
    model.use_fake_user = True
    assert not file.is_in_scene(made)
    assert file.object_of(made) is None
    collection.objects.link(model)
    assert file.is_in_scene(made)
    copy = model.copy()
    collection.objects.link(copy)
    bpy.data.objects.remove(model)
    assert file.object_of(made) == copy
    bpy.data.objects.remove(copy)
    assert not file.is_in_scene(made)


def test_a_row_says_what_hides_its_model_until_it_is_gone(generate: Any) -> None:
    from trellis_blender.interface.monitor import monitor

    generate(prompt="a bear")
    assert monitor.line_of(newest()).detail == "It is inside “Cube”, which hides it."
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    assert monitor.line_of(newest()).detail == ""


def test_the_tooltip_tells_everything(generate: Any) -> None:
    from trellis_blender.interface.state import parameters
    from trellis_blender.interface.text import rows as wording

    generate(prompt="a very small wooden chair with three legs and a long story", seed=7)
    said = wording.settings_in_full(newest(), parameters.label_of_parameter)
    assert "a very small wooden chair with three legs and a long story" in said
    assert "TRELLIS, $0.04" in said
    assert "Seed: 7\nShape Steps: 50" in said
    assert wording.facts(newest()).startswith("$0.04")
    assert wording.arrival(newest()).startswith("“a very small wooden chair with three legs and a long")


def test_what_came_beside_a_model_is_offered_where_it_came(generate: Any, piapi: Piapi) -> None:
    from trellis_blender.generation.files import cutout_in
    from trellis_blender.interface.generations import extras

    generate(prompt="a bear")
    with pytest.raises(RuntimeError, match="No cut-out came with this model"):
        bpy.ops.trellis.use_cutout(generation=newest().id)
    with pytest.raises(RuntimeError, match="PiAPI gives no turntable of this model"):
        bpy.ops.trellis.watch(generation=newest().id)
    assert not extras.plays(newest())
    extras._look(newest().id)
    assert not extras.plays(newest())
    piapi.behaviour.cutout = picture_png(4, 4)
    piapi.behaviour.video = b"\0\0\0\x20ftypisom" + bytes(1000)
    generate(prompt="a fox")
    give_up_at = time.monotonic() + 10
    while not extras.has_video(newest()):
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
    extras._look(newest().id)
    assert extras.plays(newest())
    (extras.folder_of(newest()) / "turntable.mp4").unlink()
    assert bpy.ops.trellis.watch(generation=newest().id) == {'FINISHED'}
    assert extras.has_video(newest())
    settings = bpy.context.scene.trellis
    assert bpy.ops.trellis.use_cutout(generation=newest().id) == {'FINISHED'}
    assert (settings.source, settings.image) == ('IMAGE', str(cutout_in(extras.folder_of(newest()))))


@pytest.mark.parametrize("count", [1000])
def test_a_thousand_rows_are_sorted_once(addon: Any, count: int) -> None:
    from dataclasses import replace

    from trellis_blender.generation.record.generation import Generation
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.generation.states import State
    from trellis_blender.interface.generations import panel, search
    from trellis_blender.scene.arrival import place

    request = compose_request(
        model="Qubico/trellis",
        prompt="a bear",
        picture=None,
        picture_name="",
        parameters={},
        placement=place.here(bpy.context, 1.0, ""),
    )
    for number in range(count):
        made = Generation(id=f"{number:032}", request=request, created_at=float(number))
        current().take_over(replace(made, parked=True))
    assert [each.created_at for each in panel.newest()[:2]] == [count - 1, count - 2]
    before = panel.newest()
    start = time.perf_counter()
    assert panel.newest() is before
    assert time.perf_counter() - start < 0.001
    # And searched once.
    search.search().text, search.search().show = "bear", 'HERE'
    assert search.found_in(before) == []
    for made in before:
        item = bpy.data.objects.new("a bear", None)
        item[place.ID_PROPERTY] = made.id
        bpy.context.scene.collection.objects.link(item)
        current().take_over(replace(made, state=State.PLACED, parked=False, object_name=item.name))
    current().file.look_again()
    assert len(search.found_in(before)) == count
    took_s = []
    for _ in range(50):
        start = time.perf_counter()
        search.found_in(before)
        took_s.append(time.perf_counter() - start)
    assert min(took_s) < 0.001
    search.search().text, search.search().show = "", 'ALL'


def test_a_generation_is_found_again(generate: Any, piapi: Piapi, folder: Path) -> None:
    from dataclasses import replace

    from trellis_blender.generation.states import State
    from trellis_blender.generation.store.database import Store
    from trellis_blender.interface.generations import panel, search

    def shown() -> list[str]:
        return [each.request.name for each in search.found_in(panel.newest())]

    for number in range(9):
        generate(prompt=f"a bear {number}")
    assert "Search" not in drawn(panel.TRELLIS_PT_generations), "a short list"
    generate(prompt="a Red fox")
    wanted = search.search()
    assert shown() == ["a Red fox", *(f"a bear {number}" for number in reversed(range(9)))]
    for text, names in (
        ("bear 3", ["a bear 3"]),
        ("  FOX  red", ["a Red fox"]),
        ("trellis fox", ["a Red fox"]),
        ("cow", []),
    ):
        wanted.text = text
        assert shown() == names
    assert "None of them fits" in drawn(panel.TRELLIS_PT_generations)
    generate(prompt="\uff2b\uff55\uff4d\uff41 cafe\u0301 \u304b\u3099")
    for text in ("kuma", "CAF\u00c9", "\u304c", "\uff4b\uff35"):
        wanted.text = text
        assert len(shown()) == 1, text
    for text in ("(((", "[a-z]*", "\\", "%", "\0", "a " * 100_000, "\u202e\u200b", "\U0001f43b" * 300):
        wanted.text = text
        assert len(wanted.text.encode()) <= 200 * 4
        drawn(panel.TRELLIS_PT_generations)
    wanted.text = ""
    bpy.ops.trellis.remove(generation=panel.newest()[0].id)
    give_up_at = time.monotonic() + 10
    while len(panel.newest()) > 10:
        assert time.monotonic() < give_up_at
        current().drain()

    fox, bear = panel.newest()[:2]
    assert bpy.ops.trellis.favourite(generation=fox.id) == {"FINISHED"}
    current().take_over(replace(bear, state=State.FAILED))
    bpy.data.objects.remove(bpy.data.objects["a bear 5"])
    for show, names in (
        ('FAVOURITES', ["a Red fox"]),
        ('FAILED', ["a bear 8"]),
        ('RUNNING', []),
        ('FOR_ME', []),
        ('HERE', ["a Red fox", *(f"a bear {number}" for number in (7, 6, 4, 3, 2, 1, 0))]),
    ):
        wanted.show = show
        assert shown() == names, show
    current().take_over(replace(bear, state=State.READY))
    wanted.show = 'FOR_ME'
    assert shown() == ["a bear 8"]
    wanted.show = 'ALL'
    give_up_at = time.monotonic() + 10
    while not [each for each in Store(folder).load_all() if each.generation.is_favourite]:
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
    bpy.ops.trellis.favourite(generation=fox.id)
    assert not current().generations[fox.id].is_favourite


def test_all_are_paused_or_cancelled_at_one_press(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.generation.states import State
    from trellis_blender.interface.generate import submission
    from trellis_blender.interface.generations import panel

    def wait(condition: Any) -> None:
        give_up_at = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < give_up_at, drawn(panel.TRELLIS_PT_generations)
            current().drain()
            time.sleep(0.02)

    def count(state: State) -> int:
        return sum(each.state is state for each in current().generations.values())

    piapi.behaviour.pending_s = 60.0
    assert "Pause" not in drawn(panel.TRELLIS_PT_generations)
    submission.submit(submission.compose(bpy.context, {"prompt": "a bear"}, 6), in_place=False)
    wait(lambda: count(State.WAITING) == 4)
    assert {"Pause", "Cancel All"} <= set(drawn(panel.TRELLIS_PT_generations))
    assert bpy.ops.trellis.pause() == {"FINISHED"}
    wait(lambda: len(current().paused()) == 2)
    assert "Resume 2 · $0.08" in drawn(panel.TRELLIS_PT_generations)
    assert len(piapi.creates) == 4
    assert bpy.ops.trellis.cancel_all() == {"FINISHED"}
    wait(lambda: count(State.CANCELLED) == 4)
    assert len(current().paused()) == 2


def test_rows_that_cannot_be_read_are_told_in_the_list(generate: Any, folder: Path) -> None:
    generate(prompt="a bear")
    generate(prompt="a fox")
    kept = current().generations[newest().id].folder_name
    addon_utils.disable("trellis_blender", default_set=True)
    store = folder / "generations.sqlite3"
    for broken, sentence in (
        (1, f"1 generation of an earlier session cannot be read. Its files are kept in {folder}."),
        (2, f"2 generations of earlier sessions cannot be read. Their files are kept in {folder}."),
    ):
        with closing(sqlite3.connect(store)) as db, db:
            db.execute("UPDATE generation SET record = '{' WHERE rowid <= ?", (broken,))
        addon_utils.enable("trellis_blender", default_set=True)
        assert "cannot be read" not in said_by_the_list(), "nothing was read yet"
        current().wait_until_loaded()
        assert "".join(sentence.split()) in "".join(said_by_the_list().split()), "in lines as the sidebar has room"
        assert len(current().generations) == 2 - broken
        assert (folder / kept / "model.glb").is_file()
        addon_utils.disable("trellis_blender", default_set=True)
    addon_utils.enable("trellis_blender", default_set=True)


def said_by_the_list() -> str:
    from trellis_blender.interface.generations import panel

    return " ".join(drawn(panel.TRELLIS_PT_generations))
