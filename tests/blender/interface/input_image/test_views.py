"""Several pictures of one thing: in the panel, in scripts, and made again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from models import picture_png
from service import Piapi


@pytest.fixture
def settings(addon: Any) -> Any:
    return bpy.context.scene.trellis


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., list[str]]:
    """Files of different sizes and shades."""

    def make(count: int) -> list[str]:
        paths = [tmp_path / f"{number} side.png" for number in range(1, count + 1)]
        for number, path in enumerate(paths, 1):
            path.write_bytes(picture_png(32 + 8 * number, 40))
        return list(map(str, paths))

    return make


def named(paths: list[str]) -> list[dict[str, str]]:
    return [{"name": path} for path in paths]


def in_panel(settings: Any) -> list[str]:
    from trellis_blender.interface.state.settings import pictures_of

    return [Path(path).name[0] for path in pictures_of(settings)]


def sent(piapi: Piapi) -> list[int]:
    return [len(create["input"].get("images", [1])) for create in piapi.creates]


def test_pictures_are_added_shown_moved_and_removed(settings: Any, pictures: Any) -> None:
    paths = pictures(4)
    settings.source, settings.image = 'IMAGE', paths[0]
    assert not settings.views
    bpy.ops.trellis.add_views(directory=str(Path(paths[0]).parent), files=named(paths[1:]))
    assert in_panel(settings) == ["1", "2", "3", "4"]
    assert Path(settings.image).name == "2 side.png"
    settings.image_before, settings.image_after = "before.png", "after.png"
    bpy.ops.trellis.move_view(step=-1)
    assert in_panel(settings) == ["2", "1", "3", "4"]
    assert bpy.ops.trellis.move_view(step=-1) == {'CANCELLED'}
    bpy.ops.trellis.show_view(number=3)
    assert (Path(settings.image).name, settings.image_before) == ("4 side.png", "")
    settings.image = paths[0]
    bpy.ops.trellis.show_view(number=0)
    assert settings.image_after == "after.png"
    assert in_panel(settings) == ["2", "1", "3", "1"]
    bpy.ops.trellis.remove_view()
    assert in_panel(settings) == ["1", "3", "1"]
    bpy.ops.trellis.remove_view()
    bpy.ops.trellis.remove_view()
    assert (in_panel(settings), len(settings.views)) == (["1"], 0)
    assert not bpy.ops.trellis.remove_view.poll()


def test_more_than_six_are_refused_and_none_is_added(settings: Any, pictures: Any) -> None:
    settings.source, settings.image = 'IMAGE', pictures(7)[0]
    with pytest.raises(RuntimeError, match="These would be 7 pictures; one model is made from 6 at most"):
        bpy.ops.trellis.add_views(files=named(pictures(7)[1:]))
    with pytest.raises(RuntimeError, match="No picture was given"):
        bpy.ops.trellis.add_views()
    assert in_panel(settings) == ["1"]


def test_a_script_gives_several_and_they_come_back(settings: Any, pictures: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.generate import readiness
    from trellis_blender.piapi.models import MODELS

    paths = pictures(3)
    assert bpy.ops.trellis.generate(images=named(paths), seed=7) == {'FINISHED'}
    assert sent(piapi) == [3]
    from trellis_blender.interface.state import session

    (made,) = session.current().generations.values()
    settings.source = 'TEXT'
    bpy.ops.trellis.use_settings(generation=made.id)
    assert (settings.source, settings.seed, in_panel(settings)) == ('IMAGE', 7, ["1", "2", "3"])
    assert readiness.already_made(settings, MODELS['Qubico/trellis']) == [made]
    bpy.ops.trellis.move_view(step=1)
    assert readiness.already_made(settings, MODELS['Qubico/trellis']) == []
    Path(paths[1]).unlink()
    bpy.ops.trellis.use_settings(generation=made.id)
    assert in_panel(settings) == ["1", "i", "3"]
    settings.use_pictures(paths[:1])
    bpy.ops.trellis.use_model_settings()
    assert in_panel(settings) == ["i", "i", "i"]
    bpy.ops.trellis.generate_again()
    session.current().wait_for(list(session.current().generations)[-1])
    assert sent(piapi) == [3, 3]
    assert piapi.creates[0]["input"]["images"] == piapi.creates[1]["input"]["images"]


def test_one_picture_goes_as_image(settings: Any, pictures: Any, piapi: Piapi) -> None:
    bpy.ops.trellis.generate(images=named(pictures(1)))
    assert "images" not in piapi.creates[0]["input"]


def test_the_panel_sends_all_of_them_with_what_a_remedy_made(settings: Any, pictures: Any, piapi: Piapi) -> None:
    settings.use_pictures(pictures(2))
    settings.source = 'IMAGE'
    bpy.ops.trellis.show_view(number=1)
    settings.image = pictures(3)[2]
    bpy.ops.trellis.generate()
    assert sent(piapi) == [2]
    from trellis_blender.interface.state import session

    (made,) = session.current().generations.values()
    assert [Path(view.path).name for view in made.request.views] == ["3 side.png"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda paths: (paths * 2)[:7], "These are 7 pictures"),
        (lambda paths: [*paths, paths[0]], "The pictures 1 and 5 are the same (“1 side.png”)"),
        (lambda paths: [*paths, "/nowhere/at all.png"], "There is no file “/nowhere/at all.png”"),
        (lambda paths: [*paths, ""], "There is no image"),
    ],
)
def test_what_cannot_be_sent_says_why_and_costs_nothing(
    settings: Any, pictures: Any, piapi: Piapi, change: Callable[[list[str]], list[str]], said: str
) -> None:
    with pytest.raises(RuntimeError) as raised:
        bpy.ops.trellis.generate(images=named(change(pictures(4))))
    assert said in str(raised.value)
    assert piapi.creates == []


def test_one_that_is_broken_says_so(settings: Any, pictures: Any, piapi: Piapi) -> None:
    paths = pictures(6)
    Path(paths[3]).write_bytes(Path(paths[3]).read_bytes()[:-20])
    with pytest.raises(RuntimeError, match="“4 side\\.png” is not an image that Blender can read"):
        bpy.ops.trellis.generate(images=named(paths))
    Path(paths[3]).unlink()
    settings.use_pictures(paths)
    settings.source = 'IMAGE'
    from trellis_blender.interface.generate import readiness
    from trellis_blender.piapi.models import MODELS

    assert "4 side.png”. Choose the image again." in readiness.what_is_missing(settings, MODELS['Qubico/trellis'])
    assert readiness.what_is_missing(settings, MODELS['Qubico/trellis2']).startswith("TRELLIS 2 makes a model from one")
    assert piapi.creates == []


def test_image_and_images_together_are_refused(settings: Any, pictures: Any) -> None:
    with pytest.raises(RuntimeError, match="There are both image and images"):
        bpy.ops.trellis.generate(image=pictures(1)[0], images=named(pictures(2)))


def test_a_model_that_takes_one_picture_says_so(settings: Any, pictures: Any, piapi: Piapi) -> None:
    for model in ("Qubico/trellis2", "Qubico/pixal3d", "offline-preview"):
        with pytest.raises(RuntimeError, match="makes a model from one picture; these are 2"):
            bpy.ops.trellis.generate(images=named(pictures(2)), model=model)
    assert piapi.creates == []


def test_after_a_refusal_it_is_not_tried_again_unasked(settings: Any, pictures: Any, piapi: Piapi) -> None:
    piapi.takes_views = False
    with pytest.raises(RuntimeError, match=r"PiAPI refused several pictures for one model\..*Nothing was charged"):
        bpy.ops.trellis.generate(images=named(pictures(2)))
    asked = piapi.asked("create")
    with pytest.raises(RuntimeError, match="PiAPI has refused several pictures for one model with this account"):
        bpy.ops.trellis.generate(images=named(pictures(2)))
    settings.use_pictures(pictures(2))
    settings.source = 'IMAGE'
    with pytest.raises(RuntimeError, match="has refused several pictures"):
        bpy.ops.trellis.generate_from_panel()
    assert piapi.asked("create") == asked
    piapi.takes_views = True
    bpy.ops.trellis.try_views_again()
    bpy.ops.trellis.generate()
    assert sent(piapi) == [2]


def test_what_a_strangers_file_holds_is_bounded(settings: Any, pictures: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.state.settings import pictures_of

    settings.source, settings.image = 'IMAGE', pictures(1)[0]
    for _ in range(2000):
        settings.views.add().image = "x" * 1000
    settings.view_shown = 2**31 - 1
    assert len(pictures_of(settings)) == 7
    with pytest.raises(RuntimeError, match="7 pictures"):
        bpy.ops.trellis.generate()
    bpy.ops.trellis.remove_view()
    assert (len(settings.views), settings.view_shown) == (1999, 1998)
    bpy.ops.trellis.show_view(number=1_000_000)
    bpy.ops.trellis.move_view(step=-1)
    assert piapi.creates == []


def test_several_files_without_a_dialog_are_a_model_each(settings: Any, pictures: Any, piapi: Piapi) -> None:
    settings.several = 'VIEWS'
    bpy.ops.trellis.generate_from_files(files=named(pictures(2)))
    from trellis_blender.interface.state import session

    for number in list(session.current().generations):
        session.current().wait_for(number)
    assert sent(piapi) == [1, 1]


def test_views_of_an_object_need_one_object_mode_and_a_window(settings: Any) -> None:
    bpy.ops.mesh.primitive_cube_add()
    with pytest.raises(RuntimeError, match="There is no 3D Viewport"):
        bpy.ops.trellis.take_views(sides='TWO')
    bpy.ops.object.mode_set(mode='SCULPT')
    with pytest.raises(RuntimeError, match=r"An object is in Sculpt Mode\. Switch to Object Mode first"):
        bpy.ops.trellis.take_views()
    bpy.ops.object.mode_set(mode='OBJECT')
    bpy.ops.object.select_all(action='DESELECT')
    with pytest.raises(RuntimeError, match="Nothing is selected"):
        bpy.ops.trellis.take_views()
    assert (len(bpy.data.scenes), settings.image) == (1, "")
