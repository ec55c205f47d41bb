#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes models of two pictures, without a key and for nothing, and shows them: `python3 scripts/demo.py`.

Sets up what it needs below .venv, has the add-on make a model of each picture with the offline preview, and leaves
demo.blend and a rendered demo.png. `--service piapi` does the same with PiAPI, at PiAPI's price.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environments import ROOT, blender_environment, environment, newest_blender

PICTURES = [ROOT / "scripts" / "demo" / name for name in ("toadstool.png", "fish.png")]


def main() -> int:
    """Runs the demo in Blender, and compares what was recorded with the contract."""
    options = read_options()
    version, python = newest_blender()
    blender = blender_environment(version, python)
    tools = environment("tools", python, "tools") if options.record else None

    arguments = ["--out", options.out, "--service", options.service]
    arguments += ["--no-render"] * options.no_render
    for image in options.image:
        arguments += ["--image", image]
    for prompt in options.prompt:
        arguments += ["--prompt", prompt]
    environ = dict(os.environ)
    if options.record:
        environ["PIAPI_RECORD"] = str(options.record)
    code = subprocess.run([blender, ROOT / "scripts" / "demo_run.py", *arguments], check=False, env=environ).returncode
    if tools is not None:
        subprocess.run([tools, ROOT / "scripts" / "contract.py", options.record], check=False)
    return code


def read_options() -> argparse.Namespace:
    """The command line's options, with the project's own pictures where nothing else was given."""
    parser = argparse.ArgumentParser(description="Makes models of pictures and shows them.")
    parser.add_argument("--image", action="append", default=[], type=Path, metavar="FILE", help="a picture; repeatable")
    parser.add_argument("--prompt", action="append", default=[], help="words, with --service piapi; repeatable")
    parser.add_argument("--out", default=ROOT / "dist" / "demo", type=Path, metavar="DIR", help="where everything goes")
    parser.add_argument("--service", choices=("offline", "piapi"), default="offline", help="who makes the models")
    parser.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="keep PiAPI's answers there and compare them",
    )
    parser.add_argument("--no-render", action="store_true", help="leave it at demo.blend")
    options = parser.parse_args()
    if options.service == "offline" and options.prompt:
        parser.error("the offline preview works from a picture only: use --image, or --service piapi")
    if options.service == "offline" and options.record:
        parser.error("--record is for --service piapi")
    if options.service == "piapi" and not os.environ.get("PIAPI_API_KEY", "").strip():
        parser.error("--service piapi needs your key in the environment variable PIAPI_API_KEY")
    for image in options.image:
        if not image.is_file():
            parser.error(f"there is no file {image}")
    if not options.image and not options.prompt:
        options.image = PICTURES
    options.image = [image.resolve() for image in options.image]
    options.out = options.out.resolve()
    options.record = options.record.resolve() if options.record else None
    return options


if __name__ == "__main__":
    sys.exit(main())
