"""The commands in a block of bash, and what is known of each without running it."""

import importlib
import re
import shlex
import tomllib
from typing import NamedTuple

from crmpi.cli.configuration import configure
from crmpi.cli.main import COMMANDS, Parser
from crmpi.cli.run import split_words
from crmpi.parallel.comm import SerialComm
from crmpi.tools.sweep import plan
from tests.recipes.pages import ROOT, blocks

LAUNCHERS = ("mpirun", "srun")


class Command(NamedTuple):
    """A simple command: its words, and the number of ranks that a launcher starts."""

    words: list
    ranks: int

    def is_ours(self):
        """Return whether the command is one of crmpi."""
        return self.words[0] == "crmpi"


class Ranks(SerialComm):
    """Stands for rank 0 of a launch on several ranks while parameters are checked."""

    def __init__(self, nranks):
        self.nranks = nranks


def commands(text):
    """Return the `Command`s of a block of bash, in order."""
    found, words = [], []
    for line in _lines(text.replace("\\\n", " ")):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        for word in [*lexer, ";"]:
            if re.fullmatch(r"[;&|]+", word):
                found += [_command(words)] if words else []
                words = []
            else:
                words.append(word)
    return found


def _lines(text):
    """Return the lines of a script; one that ends within quotes goes on."""
    lines, kept = [], ""
    for line in text.splitlines():
        kept = f"{kept} {line.strip()}".strip()
        try:
            shlex.split(kept, comments=True)
        except ValueError:
            continue
        lines.append(kept)
        kept = ""
    assert not kept, f"a quote is not closed in: {kept}"
    return lines


def _command(words):
    while re.fullmatch(r"\w+=.*", words[0]):
        words = words[1:]
    if words[0] not in LAUNCHERS:
        return Command(words, 1)
    place = words.index("-n")
    return Command(words[place + 2 :], int(words[place + 1]))


def check(command):
    """Check a command without running it: arguments, and where it runs something, all parameters
    of all runs."""
    if not command.is_ours():
        program = command.words[0]
        assert program in OTHER, f"'{program}': say in tests/recipes/commands.py how to check it"
        OTHER[program](command.words)
        return
    name, arguments = parsed(command.words)
    if name not in ("run", "warm", "sweep", "converge"):
        return
    target, overrides = split_words(arguments.words)
    ranks = getattr(arguments, "ranks_per_run", None) or command.ranks
    for own in choices(name, arguments):
        configure(Ranks(ranks), target, [*overrides, *own])


def parsed(words):
    """Return the name and the parsed arguments of a crmpi command; an argument that does not exist
    is an error."""
    words = [word for word in words[1:] if word not in ("--debug", "--single")]
    name = words[0]
    assert name in COMMANDS, f"crmpi has no command '{name}'"
    command = importlib.import_module(f"crmpi.cli.{name}")
    parser = Parser(prog=f"crmpi {name}")
    command.add_arguments(parser)
    return name, parser.parse_intermixed_args(words[1:])


def choices(name, arguments):
    """Return the overrides of each run that a command makes, those of all runs aside."""
    if name == "sweep":
        return [variant.overrides for variant in plan(arguments.over, ROOT)]
    if name == "converge":
        return [[f"transport.vmax={value}"] for value in arguments.vmax.split(",")]
    return [[]]


def _script(words):
    assert (ROOT / words[1]).is_file(), f"there is no file {words[1]}"


def _job(words):
    """Check a submitted script, if it is not one that a command of the page has written."""
    script = next(word for word in words[1:] if word.startswith(("launch/", "runs/")))
    assert script.startswith("runs/") or (ROOT / script).is_file(), f"there is no file {script}"


def _pip(words):
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = ",".join(re.findall(r"\.\[(.*?)\]", " ".join(words)))
    assert set(filter(None, names.split(","))) <= set(declared["optional-dependencies"])


def _python(words):
    if "-m" not in words:  # a script of the page, or of the repository
        written = any(block.file_name() == words[1] for block in blocks("python"))
        return written or _script(words)
    module = words[words.index("-m") + 1]
    path = ROOT.joinpath(*module.split("."))
    assert module in ("venv", "pytest") or path.with_suffix(".py").is_file(), f"no {module}"


def _anything(words):
    """Accept a command of the shell or of the site."""


OTHER = {
    "bash": _script,
    **dict.fromkeys(("sbatch", "qsub", "flux"), _job),
    "pip": _pip,
    "python": _python,
    "python3": _python,
    **dict.fromkeys(("module", "source", "git", "cd", "export", "ruff", "pytest"), _anything),
    **dict.fromkeys(("ssh", "scp", "squeue", "scancel", "tail", "touch", "apptainer"), _anything),
}
"""How commands that are not crmpi's are checked."""
