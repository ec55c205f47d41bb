# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo inside Blender; started by demo.py. Submits everything at once, shows a bar for each, sets the stage."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

ROOT = Path(__file__).resolve().parents[1]
SPACING_M = 2.2
LOOK_S = 0.1
BAR_CELLS = 24
NAME_CELLS = 24
HISTORY_S = 24 * 3600.0

sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

if TYPE_CHECKING:
    from demo_stage import Exhibit

    from trellis_blender.generation.record.generation import Generation
    from trellis_blender.generation.record.request import GenerationRequest
    from trellis_blender.interface.state.session import Session


def main() -> int:
    """The whole demo; 0 where every model came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", action="append", default=[], type=Path)
    parser.add_argument("--prompt", action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--service", required=True)
    parser.add_argument("--no-render", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    # The models stay beside the picture, where nobody's Blender loses them.
    os.environ["BLENDER_USER_RESOURCES"] = str(options.out / "blender")
    console = keep_for_us(options.out / "demo.log")
    try:
        return Demo(options, console).run()
    except Exception:  # noqa: BLE001 (a newcomer is told where it stands rather than shown it)
        traceback.print_exc()
        console.write(f"The demo broke off; what happened stands in {options.out / 'demo.log'}\n")
        return 1
    finally:
        for stream in (console, sys.stdout, sys.stderr):
            stream.flush()


def keep_for_us(log: Path) -> TextIO:
    """The terminal, for the demo alone: what Blender and its importer print goes into `log`."""
    if os.name == "nt" and os.isatty(1):
        # By this name alone a console of Windows takes all letters.
        console: TextIO = Path("CONOUT$").open("w", encoding="utf-8")  # noqa: SIM115 (to the end of the demo)
    else:
        console = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with log.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    return console


class Bars:
    """A bar for each generation: drawn over the last ones on a terminal, else only where it has something new.

    A console of Windows prints the codes that move the cursor, unless somebody has switched that off.
    """

    def __init__(self, console: TextIO) -> None:
        self._console = console
        self._is_drawn_over = console.isatty() and os.name != "nt"
        self._said: dict[str, str] = {}

    def show(self, shown: dict[str, tuple[str, float, str]]) -> None:
        """By the generation's id: its name, how far it is (0 to 1), its stage in words."""
        if self._said and self._is_drawn_over:
            self._console.write(f"\x1b[{len(shown)}A")
        for number, (name, share, stage) in shown.items():
            bar = "█" * round(share * BAR_CELLS) + "░" * (BAR_CELLS - round(share * BAR_CELLS))
            text = f"{name[:NAME_CELLS]:<{NAME_CELLS}} {bar} {stage}"
            if self._is_drawn_over:
                self._console.write(f"{text}\x1b[K\n")
            elif self._said.get(number) != stage:
                self._console.write(f"{text}\n")
            self._said[number] = stage
        self._console.flush()


class Demo:
    """One run of the demo."""

    def __init__(self, options: argparse.Namespace, console: TextIO) -> None:
        self.options = options
        self.console = console
        self.bars = Bars(console)

    def run(self) -> int:
        """Generates, places, sets the stage, renders."""
        import bpy
        import addon_utils  # isort: skip (found once bpy is loaded)

        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.preferences.system.use_online_access = self.options.service == "piapi"
        addon_utils.enable("trellis_blender", default_set=True)
        from demo_stage import render, set_stage

        from trellis_blender.generation.record.costs import price
        from trellis_blender.interface.generate import submission
        from trellis_blender.interface.state import configuration, session

        found = session.current()
        requests = self.compose(found)
        where = "PiAPI" if self.options.service == "piapi" else "the offline preview (a rough stand-in, not Trellis)"
        self.tell(f"{len(requests)} generations by {where}: {price(sum(each.price_usd for each in requests))}")
        try:
            ids = submission.submit(requests)
        except configuration.NotReady as problem:
            self.tell(str(problem))
            return 1
        self.follow(found, ids)
        exhibits = self.exhibits(found, ids)
        if self.options.service == "piapi":
            self.record_the_rest()
        if not exhibits:
            return 1
        set_stage(exhibits)
        blend, picture = self.options.out / "demo.blend", self.options.out / "demo.png"
        bpy.ops.wm.save_as_mainfile(filepath=str(blend))
        if self.options.no_render:
            self.tell(str(blend))
        else:
            self.tell("Rendering …")
            render(picture)
            self.tell(f"{blend}\n{picture}")
        return 0 if len(exhibits) == len(ids) else 1

    def compose(self, found: Session) -> list[GenerationRequest]:
        """A request for each picture and each prompt, the 3D cursor a little further to the right each time."""
        import bpy

        from trellis_blender.generation.providers import OFFLINE_PREVIEW
        from trellis_blender.generation.record.request import compose_request
        from trellis_blender.scene.arrival import place
        from trellis_blender.scene.images.load import load_picture

        inputs = [(image, "") for image in self.options.image] + [(None, prompt) for prompt in self.options.prompt]
        requests = []
        for number, (image, prompt) in enumerate(inputs):
            bpy.context.scene.cursor.location = ((number - (len(inputs) - 1) / 2) * SPACING_M, 0, 0)
            requests.append(
                compose_request(
                    model=OFFLINE_PREVIEW.id if self.options.service == "offline" else "Qubico/trellis",
                    prompt=prompt,
                    picture=load_picture(image, bpy.context.scene) if image else None,
                    picture_name=image.stem.replace("_", " ").capitalize() if image else "",
                    parameters={"seed": number + 1},
                    placement=place.here(bpy.context, 1.0, found.file.blend_load),
                )
            )
        return requests

    def follow(self, found: Session, ids: list[str]) -> None:
        """Shows how far each one is, and places it when it is ready."""
        from trellis_blender.interface.monitor import arrival

        while True:
            found.drain()
            generations = [found.generations[number] for number in ids]
            for generation in generations:
                if generation.state.value == "ready":
                    arrival.place(generation)
            self.show([found.generations[number] for number in ids])
            if not any(generation.is_working for generation in generations):
                return
            time.sleep(LOOK_S)

    def show(self, generations: list[Generation]) -> None:
        """A bar for each generation."""
        from trellis_blender.interface.monitor import monitor

        lines = {generation.id: monitor.line_of(generation) for generation in generations}
        shares = {each.id: 1.0 if each.state.value == "placed" else lines[each.id].share or 0.0 for each in generations}
        self.bars.show({each.id: (each.request.name, shares[each.id], lines[each.id].stage) for each in generations})

    def exhibits(self, found: Session, ids: list[str]) -> list[Exhibit]:
        """What came into the scene; what did not is told."""
        import bpy
        from demo_stage import Exhibit

        exhibits = []
        inputs = [*self.options.image, *([None] * len(self.options.prompt))]
        for number, image in zip(ids, inputs, strict=True):
            generation = found.generations[number]
            if generation.state.value == "placed":
                exhibits.append(Exhibit(bpy.data.objects[generation.object_name], image, generation.request.prompt))
            else:
                self.tell(f"{generation.request.name}: {generation.problem}")
        return exhibits

    def record_the_rest(self) -> None:
        """Where answers are recorded: the account, and its lists. Costs nothing."""
        from trellis_blender.generation.worker.recording import Recorder
        from trellis_blender.interface.state import configuration
        from trellis_blender.piapi.client import Client
        from trellis_blender.piapi.errors import PiapiError

        service = configuration.service()
        if not service.record_folder:
            return
        client = Client(service, witness=Recorder(Path(service.record_folder)))
        now = time.time()
        for ask in (
            client.get_account,
            client.get_active_tasks,
            lambda: client.get_history(now - HISTORY_S, now),
        ):
            try:
                ask()
            except PiapiError as error:
                self.tell(f"Asked for the record: {error}")
        client.close()

    def tell(self, text: str) -> None:
        """A line on the terminal."""
        self.console.write(f"{text}\n")
        self.console.flush()


if __name__ == "__main__":
    # Blender 4.2 crashes when its module is unloaded after an import.
    os._exit(main())
