"""Running text of the pages is wrapped at 100 characters, as code is (ruff)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/*.md", "problems/*/README.md")
    for page in ROOT.glob(pattern)
    if page.name not in {"CHANGELOG.md", "verification.md"}  # the latter is generated
)
LONGEST = 100
# tables, code, headings, pictures and what has no blank to break a line at
UNWRAPPED = re.compile(r"\s*\||    |#|!\[|<|\S+$")


def long_lines(text):
    """Return [(number, line)] of running text that is longer than `LONGEST`."""
    found, fenced = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and len(line) > LONGEST and not UNWRAPPED.match(line):
            found.append((number, line))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_running_text_is_wrapped(page):
    assert not long_lines(page.read_text())


def test_what_counts_as_running_text():
    long = "word " * 30
    assert long_lines(long) == [(1, long)]
    assert not long_lines(f"| {long}\n```\n{long}\n```\n    {long}\n# {long}\n{'x' * 200}\n")
