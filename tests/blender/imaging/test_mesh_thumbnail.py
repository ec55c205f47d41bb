"""Pictures of models, drawn with numpy."""

import numpy as np


def test_a_picture_has_no_specks_where_one_sees_through_to_the_back(addon: object) -> None:
    from trellis_blender.imaging import mesh_thumbnail

    # A box that is red on the sides that are seen, and blue on the others.
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    seen = [[4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [1, 5, 7], [1, 7, 3]]
    hidden = [[0, 1, 3], [0, 3, 2], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4]]
    uvs = np.repeat([[0.25, 0.5], [0.75, 0.5]], len(seen) * 3, axis=0)
    texture = np.array([[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    snapshot = mesh_thumbnail.Snapshot(corners, np.array([*seen, *hidden]).ravel(), uvs, texture)
    picture = mesh_thumbnail.draw(snapshot)
    pixels = np.frombuffer(picture.rgba, np.uint8).reshape(picture.height, picture.width, 4)
    inside = pixels[40:88, 40:88]
    assert (inside[..., 3] < 255).mean() < 0.01
    assert (inside[..., 2] > 0).mean() < 0.02, "what is behind shows through"
