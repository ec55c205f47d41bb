import pytest
from blender_window import Window

pytestmark = pytest.mark.timeout(600)


def test_first_model(window: Window) -> None:
    window.behave(pending_s=2.0, processing_s=5.0, log=True)
    window.run("first_look")
    assert len(window.piapi.creates) == 1
