"""What Blender runs: the scenario that the test names."""

import importlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import drive

drive.run(importlib.import_module(os.environ["TEST_SCENARIO"]).scenario)
