"""The fenced blocks of the pages that users read.

The word after the fence says what a block is: ``bash``, ``python`` and ``yaml`` are executed or
checked, ``python interface`` lists what classes have, ``text`` is not code.
"""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
KINDS = ("bash", "python", "python interface", "text", "yaml")
GENERATED = ("docs/verification.md", "docs/performance/tables.md")
"""Pages that a command writes."""

EXAMPLES = "docs/examples/"
"""Packages with pages of their own; their commands need them installed
(`tests/unit/test_example_package.py`)."""

TUTORIALS = "docs/tutorials/"
"""Pages whose blocks are carried out from the first to the last, as by their reader."""

FENCED = re.compile(r"^([ ]*)```([^\n`]*)\n(.*?)^[ ]*```[ ]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:mpirun -n \d+ )?crmpi [^`\n]+)`")


class Block(NamedTuple):
    """A block of a page: the path of the page, the line of its fence, the words after the fence and
    the text without the indentation of the fence."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self):
        return f"{self.page}:{self.line}"

    def file_name(self):
        """Return the name that a comment in the first line gives the file, or None."""
        first = re.match(r"# (\S+\.(?:yaml|py))\s*$", self.text.split("\n", 1)[0])
        return first[1] if first else None


def pages():
    """Return the paths of all pages relative to the checkout."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for pattern in ("docs/**/*.md", "problems/*/README.md", "crmpi/**/*.md"):
        found += sorted(path for path in ROOT.glob(pattern) if "builtin_problems" not in path.parts)
    names = [str(path.relative_to(ROOT)) for path in found]
    return [name for name in names if name not in GENERATED]


def blocks_of(page, text):
    """Return the `Block`s in the text of a page."""
    found = []
    for match in FENCED.finditer(text):
        indent = len(match[1])
        lines = [line[indent:] for line in match[3].splitlines()]
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match[2].strip(), "\n".join(lines) + "\n"))
    return found


def blocks(kind=None):
    """Return the blocks of all pages, or those of one kind."""
    found = []
    for page in pages():
        found += blocks_of(page, (ROOT / page).read_text(encoding="utf-8"))
    return [block for block in found if kind in (None, block.kind)]


def inline_commands():
    """Return (page, command) of all commands in running text and tables that have no
    placeholders."""
    found = []
    for page in pages():
        if page.startswith(EXAMPLES):
            continue
        prose = FENCED.sub("", (ROOT / page).read_text(encoding="utf-8"))
        found += [(page, command.replace("\\|", "|")) for command in _INLINE.findall(prose)]
    return [(page, command) for page, command in found if not _is_template(command)]


def _is_template(command):
    """Return whether a command holds words to be replaced, or files that its reader has."""
    return bool(re.search(r"\.\.\.|\||\b[A-Z][A-Z]+\b|\[key|\.yaml|\.py| \.", command))
