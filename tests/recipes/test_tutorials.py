"""The tutorials, carried out block by block in one folder, as their reader does: files are written,
commands run on small meshes, Python is executed."""

import re

import matplotlib
import pytest

from crmpi.cli.main import main
from tests.recipes.commands import commands
from tests.recipes.isolation import execute, isolated
from tests.recipes.pages import ROOT, TUTORIALS, blocks_of
from tests.recipes.small import FIVE_SNAPSHOTS, small_words

matplotlib.use("Agg")

PAGES = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob(f"{TUTORIALS}*.md"))]

LATER = ("galaxy.md", "wind.md", "newcomers_hour.md")
QUICK = [
    pytest.param(page, marks=[pytest.mark.full] if page.endswith(LATER) else []) for page in PAGES
]
"""Runs of three-dimensional boxes wait for the mark `full`, and a page that goes the way of two
others."""

LONG = ("check", "sweep", "doctor")
"""Commands that run with the mark `full` only."""


@pytest.mark.parametrize("page", QUICK)
def test_tutorial_can_be_followed(page, tmp_path, monkeypatch):
    isolated(_follow, page, tmp_path, monkeypatch, LONG)


@pytest.mark.full
@pytest.mark.parametrize("page", PAGES)
def test_tutorial_can_be_followed_with_its_long_commands(page, tmp_path, monkeypatch):
    isolated(_follow, page, tmp_path, monkeypatch, ())


def _follow(page, folder, monkeypatch, left_out):
    """Carry out the blocks of a page in a folder, in a process of its own: plug-ins and problems
    of the page stay unknown to other tests."""
    monkeypatch.chdir(folder)
    for block in blocks_of(page, (ROOT / page).read_text(encoding="utf-8")):
        if block.file_name():
            path = folder / block.file_name()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif block.kind == "python":
            execute(block)
        elif block.kind == "bash":
            for line in block.text.splitlines():
                _run(line, str(block), left_out)


def _run(line, where, left_out):
    for command in commands(line):
        if command.is_ours() and command.words[1] not in left_out:
            assert main(_small(command.words)[1:]) == 0, f"{where}: {line}"


def _small(words):
    """Return the words of a command that makes small runs of several snapshots, where the run has
    physical units."""
    if words[1] != "run":
        return words
    shrunk = small_words(words)
    if re.search(r"cr_streaming|isolated_galaxy", words[2]):  # no physical units; a long step
        return shrunk
    return [*shrunk, "time.max_steps=6", *FIVE_SNAPSHOTS]
