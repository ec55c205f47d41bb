"""The animation plays while models arrive, and goes on with the artist's settings; while a picture is rendered or baked
nothing is added to the scene, because Blender 5.2 crashes when an undo step is made as its render begins.
"""

import bpy
import drive

RENDER, BAKE = 'RENDER', 'OBJECT_BAKE'


def works(job: str) -> bool:
    return bpy.app.is_job_running(job)


def render_for_long() -> None:
    """Cycles, on one core and in no window, until it is told to stop."""
    scene = drive.window().scene
    scene.render.engine = 'CYCLES'
    scene.cycles.samples = 4096
    scene.cycles.use_denoising = False
    scene.cycles.use_adaptive_sampling = False
    scene.render.filepath = str(drive.CONTROL / "picture.png")
    scene.render.film_transparent = True
    scene.render.threads_mode = 'FIXED'
    scene.render.threads = 1
    bpy.context.preferences.view.render_display_type = 'NONE'


def start_render() -> drive.Steps:
    with drive.in_viewport():
        bpy.ops.render.render('INVOKE_DEFAULT')
    yield from drive.until(lambda: works(RENDER), "the render", 10)


def start_bake() -> drive.Steps:
    """Of the cube, into an image that no file has."""
    cube = bpy.data.objects["Cube"]
    nodes = cube.data.materials[0].node_tree.nodes
    nodes.active = nodes.new('ShaderNodeTexImage')
    nodes.active.image = bpy.data.images.new("baked", 1024, 1024)
    drive.window().view_layer.objects.active = cube
    cube.select_set(True)
    with drive.in_viewport():
        bpy.ops.object.bake('INVOKE_DEFAULT', type='COMBINED')
    yield from drive.until(lambda: works(BAKE), "the bake", 10)


def stop(job: str = RENDER) -> drive.Steps:
    yield from drive.key("Escape", 0.5)
    yield from drive.until(lambda: not works(job), "the job to end", 20)


def waits(prompt: str, job: str = RENDER) -> drive.Steps:
    """The model is made while Blender works on the job, and waits; no placeholder is put into the scene."""
    from bl_ext.user_default.trellis_blender.scene.user_activity import BAKING, RENDERING

    yield from drive.ask_for(prompt)
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield 1.5
    assert works(job), "the job was over too soon to show anything"
    said = {RENDER: RENDERING, BAKE: BAKING}[job]
    assert (drive.state(), said in drive.line().detail) == ("ready", True)
    assert prompt not in bpy.data.objects


def scenario() -> drive.Steps:
    scene = drive.window().scene
    yield from drive.open_sidebar()
    cube = bpy.data.objects["Cube"]
    cube.keyframe_insert("rotation_euler", frame=1)
    cube.rotation_euler.z = 3
    cube.keyframe_insert("rotation_euler", frame=250)
    with drive.in_viewport():
        bpy.ops.screen.animation_play()
    yield 0.5
    assert drive.window().screen.is_animation_playing
    before = drive.artists_state()
    yield from drive.ask_for("a bear")
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "placed", "the bear while it plays")
    frames = set()
    for _ in range(10):
        yield 0.2
        frames.add(scene.frame_current)
    assert drive.window().screen.is_animation_playing
    assert len(frames) > 3, frames
    drive.assert_untouched(before, "a bear", but=("frames", "objects"))
    assert (scene.frame_start, scene.frame_end) == (1, 250)
    drive.shot("01-arrived-while-it-plays")
    with drive.in_viewport():
        bpy.ops.screen.animation_cancel()
    yield 0.5

    # A render that takes longer than the generation.
    render_for_long()
    show = bpy.context.preferences.view
    before = drive.artists_state()
    yield from start_render()
    yield from waits("a fox")
    drive.shot("02-waits-for-the-render")
    yield from drive.press("trellis.place", column=0.7)
    yield 2.0
    assert works(RENDER), "the render did not go on"
    assert drive.state() == "ready"
    drive.shot("03-pressed-while-it-renders")
    yield from stop()
    yield from drive.until(lambda: drive.state() == "placed", "the fox after the render", 5)
    drive.assert_untouched(before, "a fox")

    # In a window of its own, as Blender has it by default. Nothing moves the mouse when the render is done.
    show.render_display_type = 'WINDOW'
    before = drive.artists_state()
    yield from start_render()
    yield from waits("a hen")
    drive.shot("04-renders-in-a-window")
    yield from stop()
    yield from drive.until(lambda: drive.state() == "placed", "the hen after the render", 5)
    drive.assert_untouched(before, "a hen")
    yield 1.0
    drive.shot("05-arrived-after-the-render")
    assert drive.models() == ["a bear", "a fox", "a hen"]

    # A bake, and what would take an object away meanwhile.
    yield from start_bake()
    yield from waits("a cow", BAKE)
    drive.shot("06-waits-for-the-bake")
    left = bpy.data.objects.new("left", None)
    left["trellis_placeholder"] = "of another computer"
    try:
        bpy.ops.trellis.remove_placeholder(name="left")
    except RuntimeError as refused:
        assert "Press this again when the bake is finished." in str(refused), refused
    assert "left" in bpy.data.objects
    yield from stop(BAKE)
    yield from drive.until(lambda: drive.state() == "placed", "the cow after the bake", 5)
    assert bpy.ops.trellis.remove_placeholder(name="left") == {'FINISHED'}
    assert "left" not in bpy.data.objects
