"""Every fenced block of the pages is executed or checked; new blocks and pages need no entry
here."""

import re
from pathlib import Path

import matplotlib
import pytest
import yaml

import crmpi.api
from crmpi.cli.configuration import configure
from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.parallel.comm import SerialComm
from tests.recipes.commands import check, commands
from tests.recipes.isolation import execute, isolated
from tests.recipes.pages import (
    FENCED,
    GENERATED,
    KINDS,
    ROOT,
    TUTORIALS,
    blocks,
    blocks_of,
    inline_commands,
    pages,
)
from tests.recipes.small import small_words

matplotlib.use("Agg")

QUICK_PAGES = ("README.md", "docs/")
"""Pages whose commands run in the quick tests, on small meshes; those of problems run with the mark
`full`, their parameters are checked in any case."""

GALLERY = "docs/gallery.md"
"""Its commands are those of the pages that it names, and run there."""

LONG = ("sweep", "converge", "bench", "doctor", "warm", "compare")
"""Commands that run with the mark `full` only."""

HOSTS = {
    "docs/boundaries.md": "cloud_wind",
    "docs/geometry.md": "cr_wind",
    "docs/observables.md": "cgm_halo",
    "docs/output.md": "galactic_wind",
    "docs/plugins.md": "cgm_halo",
    "docs/refinement.md": "cgm_halo",
    "docs/star_formation.md": "galactic_wind",
}
"""The problem in whose configuration the YAML of a page stands, where it names none; `blast`
otherwise."""

NAMES = {"docs/configuration.md": {"par": crmpi.api.par}}
"""What the Python of a page uses besides its own imports."""


OURS = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "crmpi",
    "docs",
    "launch",
    "problems",
    "tests",
)
"""Files and folders of the repository: others beside them, such as .venv, are not ours."""

CODE = re.compile(
    r"\s*(?:import |from \w[\w.]* import |with .*:$|\w[\w.\[\]]* = \w+[\w.]*\(|for .*:$)"
)
"""The beginning of a line of Python."""


def ids(found):
    return [str(block) for block in found]


@pytest.mark.parametrize("page", pages())
def test_fences_say_what_they_hold(page):
    kinds = {block.kind for block in blocks() if block.page == page}
    assert kinds <= set(KINDS), f"name one of {', '.join(KINDS)} behind each fence"


def test_no_fence_escapes():
    """Every Markdown file of the repository that has a fence is a page, and every fence of a page
    begins or ends a block that the other tests see."""
    known = {*pages(), *GENERATED}
    for path in ROOT.glob("**/*.md"):
        name = path.relative_to(ROOT).as_posix()
        if name.split("/")[0] in OURS and "builtin_problems" not in path.parts:
            text = path.read_text(encoding="utf-8")
            fences = re.findall(r"^\s*(?:```|~~~).*$", text, re.MULTILINE)
            seen = blocks_of(name, text) if name in known else []
            assert len(fences) == 2 * len(seen), f"{name}: a fenced block that no test sees"


@pytest.mark.parametrize("page", pages())
def test_no_code_is_set_off_by_blanks_alone(page):
    """Code that is indented and not fenced would be run by no test."""
    text = (ROOT / page).read_text(encoding="utf-8")
    prose = FENCED.sub("", text)
    for line in re.findall(r"^ {4,}\S.*$", prose, re.MULTILINE):
        assert not CODE.match(line), f"{page}: fence '{line.strip()}'"


@pytest.mark.parametrize("page", pages())
def test_commands_stand_in_fences(page):
    prose = (ROOT / page).read_text(encoding="utf-8")
    assert not re.findall(r"^ {4,}(?:crmpi|mpirun|python -m) .*", prose, re.MULTILINE)


@pytest.mark.parametrize("block", blocks("bash"), ids=ids(blocks("bash")))
def test_commands_have_these_arguments_and_parameters(block, place):
    place(block, runs=False)
    for command in commands(block.text):
        makes = (["crmpi", "problems", "copy"], ["crmpi", "new"])
        if any(command.words[: len(words)] == words for words in makes):
            main(command.words[1:])
        check(command)


@pytest.mark.parametrize("page, text", inline_commands())
def test_commands_in_running_text_have_these_arguments(page, text):
    for command in commands(text):
        try:
            check(command)
        except CrmpiError as error:  # a command that is named without its arguments
            assert re.search("arguments are required|^nothing to run", str(error))


def _is_quick(block):
    names = [command.words[1] for command in commands(block.text) if command.is_ours()]
    quick = block.page.startswith(QUICK_PAGES) and block.page != GALLERY
    return quick and not set(names) & set(LONG)


def _runnable():
    """Return the blocks that hold commands of crmpi, the slow ones marked."""
    return [
        pytest.param(block, id=str(block), marks=[] if _is_quick(block) else pytest.mark.full)
        for block in blocks("bash")
        if not block.page.startswith(TUTORIALS)
        and any(command.is_ours() for command in commands(block.text))
    ]


@pytest.mark.parametrize("block", _runnable())
def test_commands_run(block, place, capsys):
    place(block)
    for command in commands(block.text):
        if any(word.startswith("runs/") and not Path(word).exists() for word in command.words):
            place(block)  # a small run has fewer snapshots than that of the page
        if command.is_ours():
            assert main(small_words(command.words)[1:]) == 0, " ".join(command.words)


@pytest.mark.parametrize("block", blocks("yaml"), ids=ids(blocks("yaml")))
def test_yaml_is_a_configuration(block, place, tmp_path):
    tree = yaml.safe_load(block.text)
    folder = place(block) / "my_models"
    plugins = [f"plugins=[{folder}]"] if folder.is_dir() else []
    if "problem" in tree:
        path = tmp_path / (block.file_name() or "run.yaml")
        path.write_text(block.text)
        configure(SerialComm(), str(path), [])
    else:
        words = [f"{key}={text}" for key, text in _settings(tree)]
        configure(SerialComm(), HOSTS.get(block.page, "blast"), [*words, *plugins])


def _settings(tree):
    """Return (key, value as YAML on one line) of each setting, as the command line takes them."""
    found = []
    for name, group in tree.items():
        members = group.items() if isinstance(group, dict) else [(None, group)]
        for key, value in members:
            text = yaml.safe_dump(value, default_flow_style=True, width=10**6).strip()
            found.append((name if key is None else f"{name}.{key}", text.removesuffix("\n...")))
        if name == "mesh" and "cells" in group and "block" not in group:
            found.append(("mesh.block", str(group["cells"])))
    return found


PYTHON = [block for block in blocks("python") if not block.page.startswith(TUTORIALS)]


@pytest.mark.parametrize("block", PYTHON, ids=ids(PYTHON))
def test_python_is_executed(block, place):
    place(block)
    isolated(execute, block, NAMES.get(block.page, {}))


MADE = ("crmpi/scattering/density_law.py",)
"""Files that the reader of a page is told to write."""

NAMED = re.compile(r"`((?:crmpi|docs|launch|numerics|tests|transport)/[\w/]+\.\w+)`")


@pytest.mark.parametrize("page", pages())
def test_files_that_pages_name_exist(page):
    for name in NAMED.findall((ROOT / page).read_text(encoding="utf-8")):
        there = (ROOT / name).exists() or (ROOT / "crmpi" / name).exists()
        assert there or name in MADE or "my_" in name, f"there is no {name}"
