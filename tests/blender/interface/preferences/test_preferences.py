"""What the preferences set, and the report for a bug tracker."""

import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import pi, radians
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import numpy as np
import pytest
from models import box_glb
from service import KEY, Fault, Piapi
from test_account import current, until

OWN_KEY = "own-key-5f0c2a77"
HUSH = 'hush "5c1d7f"'
ENDPOINT = "https://hooks.studio-of-ada.example/in/7?token=t0k3n"
QUERY = "signature=s1gn4tur3"
HOME = str(Path("~").expanduser())
PROMPT = "a statue for Secret Client"


@pytest.fixture
def preferences(addon: Any) -> Iterator[Any]:
    found = bpy.context.preferences.addons["trellis_blender"].preferences
    yield found
    found = bpy.context.preferences.addons["trellis_blender"].preferences
    found.api_key = found.webhook_secret = ""
    for known in found.bl_rna.properties:
        if known.identifier not in {"rna_type", "name", "bl_idname", "api_key", "webhook_secret"}:
            found.property_unset(known.identifier)


def sharp_edges(name: str) -> int:
    mesh = bpy.data.objects[name].data
    found = np.zeros(len(mesh.edges), bool)
    if "sharp_edge" in mesh.attributes:
        mesh.attributes["sharp_edge"].data.foreach_get("value", found)
    return int(found.sum())


def test_what_is_set_reaches_the_threads(preferences: Any) -> None:
    from trellis_blender.interface.state import configuration
    from trellis_blender.piapi.timings import USUAL_LIMITS

    system = bpy.context.preferences.system
    had = system.network_timeout
    try:
        for blenders, used in ((25, 25), (0, USUAL_LIMITS.connect_s)):
            system.network_timeout = blenders
            assert configuration.service().limits == (used, USUAL_LIMITS.read_s, 7200)
    finally:
        system.network_timeout = had
    preferences.connect_timeout_s, preferences.answer_timeout_s, preferences.patience_min = 3, 20, 5
    assert configuration.service().limits == (3, 20, 300)
    preferences.at_once = 99
    assert preferences.at_once == 30


def test_no_more_at_once_than_is_set(preferences: Any, piapi: Piapi) -> None:
    """Guards Queue.allow in Session.queue, and the property's update."""
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.interface.generate import submission
    from trellis_blender.scene.arrival.place import here

    piapi.behaviour.pending_s = 60
    preferences.at_once = 1
    for number in range(3):
        request = compose_request(
            model="Qubico/trellis", prompt=f"bear {number}", picture=None, picture_name="", parameters={},
            placement=here(bpy.context, 1.0, current().file.blend_load),
        )  # fmt: skip
        submission.submit([request])
    until(lambda: piapi.asked("get") > 3)
    assert len(piapi.creates) == 1
    preferences.at_once = 3
    until(lambda: len(piapi.creates) == 3)


def test_the_smoothing_angle(preferences: Any, generate: Any, piapi: Piapi) -> None:
    """Guards the angle in finishing.shade."""
    from trellis_blender.scene.finish.defaults import SHARP_ANGLE

    piapi.behaviour.model = box_glb()
    assert preferences.smooth_up_to == pytest.approx(SHARP_ANGLE)
    generate(prompt="a bear")
    assert sharp_edges("a bear") == 12
    preferences.smooth_up_to = pi
    generate(prompt="a fox")
    assert sharp_edges("a fox") == 0
    preferences.property_unset("smooth_up_to")
    generate(prompt="a hen")
    assert sharp_edges("a hen") == 12


def test_the_log(preferences: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.interface.state import logs

    logs.begin()
    logger = logging.getLogger("trellis_blender")
    monkeypatch.setattr(logging.root, "handlers", [])  # pytest's own
    child = logging.getLogger("trellis_blender.generation.queue")
    child.info("not wanted")
    child.warning("went wrong")
    preferences.log_level = "INFO"
    child.info("was decided")
    assert [line.rpartition(": ")[2] for line in logs.recent_lines()[-2:]] == ["went wrong", "was decided"]
    # A logger with a handler is not printed by Python itself any more.
    assert capfd.readouterr().err.count("went wrong") == 1
    for number in range(300):
        child.warning("line %s\nand more", number)
    assert len(logs.recent_lines()) == 100
    assert logs.recent_lines()[-2].endswith("line 299")
    addon_utils.disable("trellis_blender", default_set=False)
    assert (logger.handlers, logger.level) == ([], logging.NOTSET)
    addon_utils.enable("trellis_blender", default_set=False)
    assert logger.handlers == []
    sys.modules["trellis_blender.interface.state.logs"].begin()
    assert logger.level == logging.INFO


def report() -> str:
    from trellis_blender.interface.preferences.bug_report import gathered

    return gathered(bpy.context)()


def test_the_report_says_what_a_helper_has_to_know(preferences: Any, generate: Any, piapi: Piapi) -> None:
    bpy.ops.trellis.test_key()
    until(lambda: current().answers)
    preferences.at_once = 2
    preferences.smooth_up_to = radians(45)
    bpy.context.scene.trellis.longest_side = 2.5
    piapi.fail("create", Fault(402))
    with pytest.raises(RuntimeError):
        generate(prompt=PROMPT)
    generate(prompt=PROMPT)
    logging.getLogger("trellis_blender.generation.queue").warning("something odd")
    found = report()
    assert f"Blender {bpy.app.version_string}" in found
    assert "requests 2." in found
    assert "at_once: 2\n" in found
    assert "smooth_up_to: 0.7854\n" in found
    assert "panel: longest_side: 2.5\n" in found
    assert "patience_min" not in found
    assert "PIAPI_API_URL: 127.0.0.1\n" in found
    assert "plan creator\n" in found
    assert "TRELLIS, text-to-3d, failed. Your PiAPI account is out of credits" in found
    assert "TRELLIS, text-to-3d, placed" in found
    assert "something odd" in found
    assert "Secret Client" not in found
    assert "Ada" not in found
    assert bpy.ops.trellis.copy_report() == {"FINISHED"}


def test_a_thousand_generations_do_not_hold_up_who_copies_a_report(
    preferences: Any, generate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trellis_blender.interface.preferences import bug_report
    from trellis_blender.interface.state import background

    generate(prompt=PROMPT)
    found = current()
    (done,) = found.generations.values()
    for number in range(1000):
        words = " ".join(f"{number * k % 9973:x}word" for k in range(1, 60))
        problem = f"“{words}”. " * 20 if number > 990 else ""
        request = replace(done.request, prompt=words, name=words[:40], task_type="x" * 10_000)
        found.take_over(replace(done, id=f"g{number}", request=request, problem=problem, created_at=2e9 + number))
    copied: list[str] = []
    took_s: list[float] = []

    def make(gathered: Any = bug_report.gathered) -> Any:
        begun_s = time.thread_time()
        text = gathered()
        took_s.append(time.thread_time() - begun_s)
        return text

    gather = bug_report.gathered
    monkeypatch.setattr(bug_report, "_copy", copied.append)
    monkeypatch.setattr(bug_report, "gathered", lambda context: partial(make, gather(context)))
    begun_s = time.thread_time()
    bug_report.begin(bpy.context)
    of_the_press_s = time.thread_time() - begun_s
    with pytest.raises(RuntimeError, match="is being copied"):
        bpy.ops.trellis.copy_report()
    until(lambda: background._hand_over() is None)
    assert of_the_press_s < took_s[0] / 5
    (text,) = copied
    assert text.count(", placed") == 10
    assert "word" not in text
    assert len(text) < 10 * 3000


def test_the_report_tells_of_ten_generations(generate: Any, piapi: Piapi) -> None:
    piapi.fail_always("create", Fault(402))
    for number in range(12):
        with pytest.raises(RuntimeError):
            generate(prompt=f"a bear {number}")
    assert report().count("TRELLIS, text-to-3d, ") == 10


@pytest.mark.parametrize("variable", ["PIAPI_API_URL", "PIAPI_UPLOAD_URL"])
def test_a_login_in_an_address_is_not_told(preferences: Any, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "https://ada:hush-hush@host.example/x")
    found = report()
    assert f"{variable}: host.example\n" in found
    assert "hush" not in found
    assert "ada:" not in found


def test_secrets_are_blanked_out_wherever_they_are(
    preferences: Any, generate: Any, piapi: Piapi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each secret in each place: the settings, a sentence of PiAPI's, the log, a traceback, the account, the .blend."""
    preferences.api_key = OWN_KEY
    preferences.webhook_secret = HUSH
    preferences.webhook_endpoint = ENDPOINT
    preferences.upload_url = f"https://upload.example/x?{QUERY}"
    blend = tmp_path / "Film of Secret Client.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.context.scene.trellis.image = f"{HOME}/My Jobs/photo of Secret Client.png"
    everything = (
        f"{KEY} {OWN_KEY} {HUSH} {ENDPOINT} https://cdn.example/a/m.glb?{QUERY} {HOME}/My Jobs/film.blend {blend} "
        f"{HOME} {PROMPT} /mnt/Secret Client/bear.blend"
    )
    piapi.fail("create", Fault(400, {"message": everything}), Fault(400, {"message": HOME}))
    for _ in range(2):
        with pytest.raises(RuntimeError):
            generate(prompt=PROMPT)
    log = logging.getLogger("trellis_blender.generation.queue")
    log.warning("%s", everything)
    log.warning("%r", {"secret": HUSH, "url": ENDPOINT})
    log.warning("in %s", Path(sys.modules["trellis_blender.piapi.client"].__file__ or ""))
    try:
        raise ValueError(everything)
    except ValueError:
        log.exception("a mistake")
    piapi.fail("balance", Fault(400, {"message": everything}))
    bpy.ops.trellis.test_key()
    until(lambda: current().answers)

    found = report()
    assert found.count("(secret)") >= 10
    assert "plan" not in found.partition("## Account")[2].partition("##")[0]
    gone = [KEY, OWN_KEY, HUSH, "5c1d7f", ENDPOINT, "studio-of-ada", "t0k3n", QUERY, "s1gn4tur3", "My Jobs",
            "Secret Client", str(tmp_path), "film.blend", "bear.blend"]  # fmt: skip
    assert [word for word in gone if word in found] == []
    assert HOME not in found.replace(sys.prefix, "")
    assert "webhook: set" in found
    assert "webhook secret: set" in found
    assert "upload_url: upload.example" in found
    assert "ValueError" in found
    assert "in <add-on>/piapi/client.py" in found
