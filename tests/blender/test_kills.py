"""As in the lower rooms alone, with real Blenders: buttons pressed by their operators, models placed into scenes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from killing import Killing, seed_of_the_day
from service import Piapi

KILLS, KILLS_IN_SHORT = 200, 3
EACH_STATE = 10


@pytest.mark.soak
def test_blenders_killed_at_any_moment(
    tmp_path: Path, piapi: Piapi, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    folder = tmp_path / "profile" / "datafiles" / "trellis_blender"
    killing = Killing("blender", folder, tmp_path, piapi, seed_of_the_day())
    killing.run(KILLS if soak else KILLS_IN_SHORT)
    killing.compare()
    record_property("count", killing.told("a Blender"))
    if soak:
        few = {state: killing.tally[state] for state in ("submitting", "waiting", "downloading", "placing")}
        assert min(few.values()) >= EACH_STATE, few
        assert killing.tally["accepted, not answered"] >= EACH_STATE
