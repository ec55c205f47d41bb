"""What Blender runs: the scenario that the test names."""

import faulthandler
import importlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import drive

# Blender's own report of a crash says nothing of Python.
faulthandler.enable()
drive.run(importlib.import_module(os.environ["TEST_SCENARIO"]).scenario)
