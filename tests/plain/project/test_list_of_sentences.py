"""The list of all sentences that people read, and the words in them."""

import re
import sys

from places import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import sentences


def test_the_list_of_sentences_is_the_codes_own() -> None:
    listed = sentences.LIST.read_text(encoding="utf-8").splitlines()
    in_code = sentences.written().splitlines()
    assert listed == in_code, "Look at the sentences that differ, then run: python3 scripts/sentences.py --write"


def test_what_the_list_takes_of_a_module() -> None:
    source = '''
"""A docstring that nobody reads on a screen."""
import re
from bpy.props import StringProperty

PATTERN = re.compile("not this one")
ROWS = "SELECT it FROM there"

class TRELLIS_OT_take:
    """A tooltip, too"""

class Panel:
    """Not this one."""
    bl_label = "A label"
    prompt: StringProperty(description="A tooltip of more words")
    kind: "Sequence[a, b]"

    def draw(self, name, count: "dict[str, int]") -> None:
        self.report({'ERROR'}, f"There is no “{self.name}” among {len(count)} "
                               f"{'things' if count else 'nothing at all'}.")
'''
    assert sentences.sentences(source) == {
        "A label",
        "A tooltip of more words",
        "A tooltip, too",
        "There is no “{name}” among {count} {…}.",
        "nothing at all",
    }


RARE = re.compile(
    r"\b(anew|heed\w*|strangers?|unasked|nowhere|hence|shall|thereof|whence|henceforth|albeit|lest)\b", re.IGNORECASE
)
"""Words that a reader whose first language is another one has to look up."""


def test_no_rare_words() -> None:
    pages = [*(ROOT / "trellis_blender").rglob("*.py"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")]
    found = {path.relative_to(ROOT).as_posix(): RARE.findall(path.read_text(encoding="utf-8")) for path in pages}
    assert {name: words for name, words in found.items() if words} == {}
