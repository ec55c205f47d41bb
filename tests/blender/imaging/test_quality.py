"""The check before paying: on pictures with known faults, on good ones, real ones, and what is hardly a picture."""

import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import posed
import pytest
from drawings import apple, drawn
from PIL import Image
from service import FIXTURES

from trellis_blender.imaging.picture import Picture

CASES = FIXTURES.parent / "cases"
SOAK_PICTURES = 240
QUICK_SEEDS = range(1, 2 * len(posed.KINDS), 2)
MISSED_MAX, FLAGGED_MAX = 0.025, 0.0
"""Measured on all odd seeds: 2 of 120 faults are missed (rooms that are taken for a thing that is cut off), and no good
picture is flagged. One more is for what another Blender renders otherwise."""
LIMIT_S = 0.2


def picture_of(rgba: Any) -> Picture:
    return Picture(rgba.shape[1], rgba.shape[0], np.ascontiguousarray(rgba, np.uint8).tobytes())


def faults(rgba: Any) -> list[str]:
    from trellis_blender.imaging.quality import judge

    return [finding.fault.name for finding in judge(picture_of(rgba))]


@pytest.mark.soak
def test_faults_are_found_and_good_pictures_left_alone(
    soak: bool, addon: Any, record_property: Any, fixtures: Path
) -> None:
    """The thresholds were chosen on the even seeds: what counts are the odd ones."""
    seeds = range(1, 2 * SOAK_PICTURES, 2) if soak else QUICK_SEEDS
    told: Counter[str] = Counter()
    wrong = []
    for seed in seeds:
        shown = posed.picture(seed)
        found = faults(shown.rgba)
        told["faulty" if shown.fault else "good"] += 1
        if shown.fault not in found if shown.fault else found:
            told["missed" if shown.fault else "flagged"] += 1
            wrong.append(f"{seed} ({shown.kind}): {', '.join(found) or 'nothing'}")
    if soak:
        record_property(
            "count",
            f"Check of pictures: {told['faulty'] - told['missed']} of {told['faulty']} faults found, "
            f"{told['flagged']} of {told['good']} good pictures flagged; wrong were {'; '.join(wrong) or 'none'}",
        )
    assert told["missed"] <= told["faulty"] * MISSED_MAX, wrong
    assert told["flagged"] <= told["good"] * FLAGGED_MAX, wrong


@pytest.mark.parametrize("seed", [158, 278, 398])
def test_a_thing_that_is_cut_off_behind_a_spoilt_edge_is_seen(seed: int, addon: Any) -> None:
    """A thin pole, a box lighter than its grey background, and a tree in the greys of a shadow."""
    shown = posed.picture(seed)
    assert shown.fault in faults(shown.rgba)


@pytest.mark.parametrize("spoilt_rows", [0, 1, 2])
def test_what_is_lighter_than_its_background_is_no_shadow(spoilt_rows: int) -> None:
    shades = np.linspace(185, 225, 200).astype(int)
    rgba = np.full((300, 300, 4), [160, 160, 160, 255])
    rgba[120:, 50:250, :3] = shades[:, None]
    rgba[300 - spoilt_rows :, :, :3] = 20
    assert faults(rgba) == ["CUT_OFF"]


def test_the_services_own_pictures_are_good(fixtures: Path) -> None:
    for name in ("input-cell.png", "input-lungs.png"):
        assert faults(np.array(Image.open(fixtures / name).convert("RGBA"))) == []


def spoilt(sides: str, colour: Any, *, size: tuple[int, int] = (512, 512), pixels: int = 1) -> Any:
    """An apple on white whose outermost rows or columns have another colour: t, b, l and r are the sides."""
    rgba = np.array(apple(drawn(size=size)[0], (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4)))
    parts = {"t": np.s_[:pixels], "b": np.s_[-pixels:], "l": np.s_[:, :pixels], "r": np.s_[:, -pixels:]}
    for side in sides:
        rgba[parts[side]] = (*colour, 255)
    return rgba


@pytest.mark.parametrize("sides", ["t", "lr", "tblr"])
@pytest.mark.parametrize("colour", [(0, 0, 0), (200, 200, 200)])
@pytest.mark.parametrize(("size", "pixels"), [((512, 512), 1), ((1024, 768), 2), ((257, 300), 1)])
def test_a_spoilt_edge_is_no_background(sides: str, colour: Any, size: tuple[int, int], pixels: int) -> None:
    """Image generators leave the outermost row or column of pixels in another colour."""
    from trellis_blender.imaging.cleanup import Remedy, improve
    from trellis_blender.offline.subject import find_subject

    rgba = spoilt(sides, colour, size=size, pixels=pixels)
    assert faults(rgba) == []
    better = improve(picture_of(rgba), Remedy.REMOVE_BACKGROUND)
    alpha = np.frombuffer(better.rgba, np.uint8).reshape(rgba.shape)[..., 3] > 127
    for covered in (alpha, find_subject(rgba) > 0.5):
        assert 0.17 < covered.mean() < 0.21
        assert not covered[[0, -1]].any()
        assert not covered[:, [0, -1]].any()


@pytest.mark.parametrize("name", ["edge-rows-black.png", "edge-column-light.png"])
def test_edges_as_a_generator_left_them(name: str) -> None:
    if not (CASES / name).is_file():
        pytest.skip("the cases are not here")
    assert faults(np.array(Image.open(CASES / name).convert("RGBA"))) == []


@pytest.mark.parametrize(
    ("rgba", "found"),
    [
        (np.zeros((0, 0, 4)), ["EMPTY"]),
        (np.full((1, 1, 4), 255), ["LOW_RESOLUTION", "EMPTY"]),
        (np.zeros((1, 1, 4)), ["LOW_RESOLUTION", "EMPTY"]),
        (np.full((1, 900, 4), 255), ["EMPTY"]),
        (np.full((2, 2, 4), 255), ["LOW_RESOLUTION", "EMPTY"]),
        (np.zeros((300, 300, 4)), ["EMPTY"]),
        (np.full((300, 300, 4), 128 * np.array([1, 1, 1, 0]) + [0, 0, 0, 255]), ["EMPTY"]),
        (np.full((1024, 1024, 4), [200, 100, 50, 254]), ["EMPTY"]),
    ],
    ids=[
        "no pixel",
        "one",
        "one, transparent",
        "a line",
        "four",
        "transparent",
        "one colour",
        "one colour, not opaque",
    ],
)
def test_what_is_hardly_a_picture(rgba: Any, found: list[str]) -> None:
    assert faults(rgba) == found


def test_noise_alone_is_a_background() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 300, 4), np.uint8)
    noise[..., 3] = 255
    assert faults(noise) == ["BACKGROUND"]


def test_alpha_alone_is_a_silhouette() -> None:
    image, draw = drawn("#00000000")
    draw.ellipse((100, 50, 300, 250), fill="black")
    assert faults(np.array(image)) == ["UNIFORM"]
    assert faults(np.array(apple(image))) == []


def test_one_pixel_of_alpha_makes_a_background_count() -> None:
    """The service takes the alpha for the outline where there is any, and else looks for one itself."""
    image, _ = drawn()
    assert faults(np.array(apple(image))) == []
    image.putpixel((3, 3), (255, 255, 255, 0))
    assert faults(np.array(image)) == ["BACKGROUND"]


def test_it_is_quick_enough_and_does_well_without_the_main_thread(addon: Any) -> None:
    """In time of its thread: others may use the computer as well. The pictures are those that take longest."""
    chance = np.random.default_rng(5)
    grain = chance.integers(0, 256, (1024, 1024, 4), np.uint8)
    grain[..., 3] = np.where(chance.random((1024, 1024)) < 0.5, 255, 0)
    image, _ = drawn(size=(1024, 1024))
    took_s: list[float] = []

    def judge_all() -> None:
        for rgba in (grain, np.array(apple(image, (200, 200, 800, 800)))):
            begun = time.thread_time()
            faults(rgba)
            took_s.append(time.thread_time() - begun)

    judge_all()
    thread = threading.Thread(target=judge_all)
    thread.start()
    thread.join()
    assert max(took_s[2:]) < LIMIT_S
