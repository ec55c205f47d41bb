"""What the remedies make of a picture."""

from typing import Any

import numpy as np
import pytest
from drawings import apple, drawn, on_tiles
from PIL import Image
from test_quality import faults, picture_of

from trellis_blender.imaging.cleanup import NoRemedy, Remedy, as_array, box_around, improve, kept_of


def improved(rgba: Any, remedy: Remedy) -> Any:
    before = rgba.copy()
    found = as_array(improve(picture_of(rgba), remedy))
    assert (rgba == before).all()
    return found


def disc(size: tuple[int, int], box: tuple[int, int, int, int]) -> Any:
    """How far inside the apple each pixel is, in pixels."""
    y, x = np.mgrid[: size[1], : size[0]]
    return (box[2] - box[0]) / 2 - np.hypot(x - (box[0] + box[2]) / 2, y - (box[1] + box[3]) / 2)


@pytest.mark.parametrize("kind", ["plain", "run", "tiles", "card"])
def test_the_background_goes_and_the_subject_stays(kind: str) -> None:
    size, box = (800, 600), (200, 100, 600, 500)
    if kind in {"tiles", "card"}:
        rgba = on_tiles(size)
        if kind == "card":
            rgba[:4] = rgba[-4:] = rgba[:, :4] = rgba[:, -4:] = 0
        assert faults(rgba) == ["BACKGROUND"]
    else:
        image, _ = drawn(size=size)
        rgba = np.array(image)
        if kind == "run":
            rgba[..., 1] = np.linspace(120, 255, size[0])
        rgba = np.array(apple(Image.fromarray(rgba), box))
    found = improved(rgba, Remedy.REMOVE_BACKGROUND)
    inside = disc(size, box)
    assert (found[inside > 4] == rgba[inside > 4]).all()
    assert (found[inside < -4] == 0).all()
    rim = found[np.abs(inside) <= 4]
    assert {0, 255} < set(rim[:, 3].tolist()), "the rim is not soft"
    # The apple has no blue, and little green: nothing of what was behind it shows at its rim.
    assert rim[rim[:, 3] > 0][:, 2].max() < 40
    assert faults(found) == []


def test_a_scene_that_cannot_be_told_apart_is_left_alone() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 300, 4), np.uint8)
    noise[..., 3] = 255
    with pytest.raises(NoRemedy, match="image editor"):
        improved(noise, Remedy.REMOVE_BACKGROUND)


@pytest.mark.parametrize("colour", ["white", "#00000000"])
def test_the_largest_of_several_is_kept(colour: str) -> None:
    image, _ = drawn(colour, (800, 600))
    rgba = np.array(apple(apple(image, (50, 100, 350, 400)), (500, 300, 700, 500)))
    assert faults(rgba) == ["SEVERAL"]
    found = improved(rgba, Remedy.KEEP_LARGEST)
    rows, columns = np.nonzero(found[..., 3])
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == pytest.approx((50, 349, 100, 399), abs=3)
    assert faults(found) == []


def test_the_box_has_a_margin_and_ends_at_the_border() -> None:
    mask = np.zeros((100, 200), bool)
    mask[10:30, 100:200] = True
    assert box_around(mask) == pytest.approx((0.44, 0.0, 1.0, 0.42))


def test_of_what_a_service_has_made_the_cut_out_is_taken_else_its_mask() -> None:
    rgba = on_tiles()
    inside = disc((800, 600), (200, 100, 600, 500)) > 0
    cut = rgba.copy()
    cut[..., 3] = np.where(inside, 255, 0)
    mask = np.repeat(cut[..., 3:], 4, axis=-1)
    mask[..., 3] = 255
    sent, cut_out, masked = map(picture_of, (rgba, cut, mask))
    nothing, black = picture_of(cut * np.uint8([1, 1, 1, 0])), picture_of(mask * np.uint8([0, 0, 0, 1]))
    assert kept_of(sent, [sent, masked, cut_out]) is cut_out
    assert kept_of(sent, [sent, masked, nothing]) == cut_out
    for others in ([nothing, black], [sent, picture_of(mask[::2, ::2])], []):
        assert kept_of(sent, others) is None
