# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands and their options, and which function carries each out.

Source of how Blender calls it: `bpy.utils.register_cli_command`; what is returned is the exit code.
"""

import argparse
import io
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ...batch.outcome import Code
from ...generation.problems import GenerationProblem
from ..state import configuration
from . import batch_command, other_commands
from .ctrl_c import heard_by

PROGRAM = "blender -c trellis"
FORMATS = ("assets", "glb", "blend")
EPILOG = "Exit codes: 0 all there, 1 something failed, 2 input refused, 3 budget reached, 4 key or account."


def main(argv: Sequence[str]) -> int:
    """Carries a command out; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    parser = _parser()
    try:
        options = parser.parse_args(list(argv))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else Code.INPUT_REFUSED
    act: Callable[[argparse.Namespace], int] | None = getattr(options, "act", None)
    if act is None:
        parser.print_help()
        return Code.INPUT_REFUSED
    try:
        with heard_by(signal.default_int_handler):
            return int(act(options))
    except KeyboardInterrupt:
        return _refused(
            "Stopped. What has been sent is kept: “list” shows it, and “fetch” takes it up again at no cost.",
            Code.SOME_FAILED,
        )
    except (GenerationProblem, ValueError) as problem:
        return _refused(str(problem), Code.INPUT_REFUSED)
    except configuration.NotReady as problem:
        return _refused(str(problem), Code.KEY_OR_ACCOUNT)
    except BrokenPipeError:
        return Code.SOME_FAILED


def _refused(problem: str, code: Code) -> int:
    sys.stderr.write(f"{problem}\n")
    sys.stderr.flush()
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="3D models from text and images.", epilog=EPILOG)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    _add_batch(commands.add_parser("batch", help="make a model for each row of a table", epilog=EPILOG))

    generate = commands.add_parser("generate", help="make one model", epilog=EPILOG)
    generate.add_argument("prompt", nargs="?", default="", help="what the model shows")
    generate.add_argument("--image", default="", help="a picture of one thing")
    generate.add_argument(
        "--model", default="", help="Qubico/trellis, Qubico/trellis2, Qubico/pixal3d, offline-preview"
    )
    generate.add_argument("--seed", default="")
    for name in ("ss_sampling_steps", "slat_sampling_steps", "ss_guidance_strength", "slat_guidance_strength"):
        generate.add_argument(f"--{name}", default="", help=argparse.SUPPRESS)
    generate.add_argument("--finish", default="", help="AS_DELIVERED, SCENE, GAME_ASSET, QUADS")
    generate.add_argument("--size", default="", metavar="METRES", help="the longest side (1)")
    generate.add_argument("--out", type=Path, required=True, help="the file: chair.glb or chair.blend")
    generate.set_defaults(act=other_commands.generate)

    listing = commands.add_parser("list", help="show the generations of this computer, the latest first")
    _of_batch(listing)
    listing.add_argument("--json", action="store_true", help="print a JSON object on a line for each")
    listing.set_defaults(act=other_commands.list_all)

    fetch = commands.add_parser("fetch", help="fetch a model that is made already, by its id or its task's id; free")
    fetch.add_argument("id")
    fetch.add_argument("--out", type=Path, help="copy the model to this .glb file")
    fetch.set_defaults(act=other_commands.fetch)

    place = commands.add_parser("place", help="put a model into a .blend file; free")
    place.add_argument("id")
    place.add_argument("--into", type=Path, required=True, help="the .blend file; made where there is none")
    place.set_defaults(act=other_commands.place)

    retry = commands.add_parser("retry", help="submit what has failed once more, at its price")
    retry.add_argument("id", nargs="*", help="generations; without any, only their number and price are said")
    retry.set_defaults(act=other_commands.retry)

    account = commands.add_parser("account", help="show whose the key is, and what is left")
    account.set_defaults(act=other_commands.account)

    costs = commands.add_parser("export-costs", help="write a table of all tasks and what each cost")
    costs.add_argument("file", type=Path)
    _of_batch(costs)
    costs.set_defaults(act=other_commands.export_costs)
    return parser


def _add_batch(batch: argparse.ArgumentParser) -> None:
    batch.add_argument("table", type=Path, help="CSV, JSON lines, or a text file with a prompt on each line")
    batch.add_argument("--out", type=Path, required=True, help="folder for the results")
    batch.add_argument(
        "--as", dest="formats", action="append", choices=FORMATS, help="what is made; can be given several times"
    )
    batch.add_argument("--budget", type=float, metavar="USD", help="never spend more than this")
    batch.add_argument("--at-once", type=int, default=8, metavar="N", help="models made at the same time (8)")
    batch.add_argument("--shard", default="1/1", metavar="N/M", help="only every Mth row")
    batch.add_argument("--model", default="", help="for rows that name none")
    batch.add_argument("--finish", default="", help="for rows that name none: AS_DELIVERED, SCENE, GAME_ASSET, QUADS")
    batch.add_argument("--size", type=float, default=1.0, metavar="METRES", help="for rows without size_m (1)")
    batch.add_argument("--only-failed", action="store_true", help="only what failed before, as new tasks with a price")
    batch.add_argument(
        "--again", type=int, action="append", default=[], metavar="ROW", help="make this row once more, at its price"
    )
    batch.add_argument(
        "--dry-run", action="store_true", help="check every row and picture, print the price, send nothing"
    )
    batch.add_argument(
        "--publish", action="store_true", help="make the asset library an online one; Blender 5.2 and later"
    )
    batch.add_argument("--json", action="store_true", help="print a JSON object on a line for each change")
    # For the panel, whose button says what a press costs.
    batch.add_argument("--priced-at", type=float, help=argparse.SUPPRESS)
    batch.add_argument("--stop-with-stdin", action="store_true", help=argparse.SUPPRESS)
    batch.set_defaults(act=batch_command.batch)


def _of_batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--batch", type=Path, metavar="FOLDER", help="those of the batch in this folder instead")
