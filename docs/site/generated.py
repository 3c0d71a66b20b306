"""Parts of the documentation site that are made of the code when the site is built: the tables of
parameters, models, presets and commands, and the reference of `crmpi.api`."""

import argparse
import importlib
import inspect
import os
import re

import crmpi.api
from crmpi.cli.main import COMMANDS, Parser
from crmpi.cli.models import parameters_of
from crmpi.params import Selector
from crmpi.params.core import CORE
from crmpi.params.table import rows
from crmpi.plugins import KINDS
from crmpi.run.configuration import default_groups
from crmpi.transport.presets import PRESETS

os.environ["COLUMNS"] = "96"  # argparse wraps the help of commands at this width


def parameters():
    """Return the tables of all parameters, a section for each group."""
    lines, group = [], None
    for row in rows(CORE | default_groups()):
        name = row.key.partition(".")[0]
        if name != group:
            lines += ["", f"## `{name}`", "", *_HEAD]
            group = name
        lines.append(_parameter(row))
    return "\n".join(lines)


_HEAD = ("| key | type, default, unit, range | meaning |", "|---|---|---|")


def _parameter(row):
    facts = [row.type, f"`{row.default}`", row.unit, row.allowed]
    only = f" (*{plain(row.only)}*)" if row.only else ""
    cells = [f"`{row.key}`", "; ".join(filter(None, map(plain, facts))), plain(row.doc) + only]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def plain(text):
    """Return a text in which Markdown finds no emphasis, tags or mathematics."""
    if text.startswith("`"):
        return text
    return re.sub(r"([*_<>\[\]$~^\\])", r"\\\1", " ".join(text.split()))


def models():
    """Return a section for each kind of thing that a run chooses by name."""
    groups = default_groups()
    selectors = {name: group for name, group in groups.items() if isinstance(group, Selector)}
    lines = []
    for registry in KINDS:
        if not list(registry):
            continue
        lines += ["", f"## {registry.kind.capitalize()}", ""]
        for name, (cls, origin) in registry.entries().items():
            if origin.how == "crmpi":
                lines += _model(registry, name, cls, selectors)
    return "\n".join(lines)


def _model(registry, name, cls, selectors):
    """Return the lines of one of them."""
    doc = getattr(cls, "doc", "") or (inspect.getdoc(cls) or "").partition("\n\n")[0]
    lines = [f"### `{name}`", "", f"`{registry.chosen.format(name=name)}`: {plain(doc)}", ""]
    equation = inspect.cleandoc(getattr(cls, "equation", "") or "")
    if equation:
        lines += ["```text", equation, "```", ""]
    if getattr(cls, "reference", ""):
        lines += [f"Paper: {plain(cls.reference)}", ""]
    own = parameters_of(registry, name, cls, selectors)
    if own:
        lines += [*_HEAD, *map(_parameter, own), ""]
    return lines


def presets():
    """Return a section for each preset: what it chooses, how that is known, and the paper."""
    lines = []
    for name, preset in PRESETS.items():
        lines += ["", f"### `{name}`", "", plain(preset.doc), ""]
        lines += ["| key | value | how it is known |", "|---|---|---|"]
        lines += [
            f"| `{key}` | `{value}` | {plain(preset.known[key])} |"
            for key, value in preset.settings.items()
        ]
        lines += ["", f"Paper: {plain(preset.reference)}. Found: {plain(preset.found)}", ""]
    return "\n".join(lines)


def commands():
    """Return the help of every command."""
    lines = []
    for name, what in COMMANDS.items():
        command = importlib.import_module(f"crmpi.cli.{name}")
        parser = Parser(
            prog=f"crmpi {name}",
            description=command.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(parser)
        lines += ["", f"## crmpi {name}", "", f"{plain(what).capitalize()}.", ""]
        lines += ["```text", parser.format_help().rstrip(), "```"]
    return "\n".join(lines)


TOP = ("crmpi.simulation.Simulation", "crmpi.open", "crmpi.yt.load")
"""What users import from elsewhere than `crmpi.api`."""


def api():
    """Return the reference of the public names, made of their docstrings."""
    found = [_entry(name, *name.rpartition(".")[::2]) for name in TOP]
    for name in crmpi.api.__all__:
        thing = getattr(crmpi.api, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            found.append(_entry(f"crmpi.api.{name}", thing.__module__, thing.__name__))
    return "\n".join(found)


def _entry(shown, module, name):
    thing = getattr(importlib.import_module(module), name)
    directive = "autofunction" if not inspect.isclass(thing) else "autoclass"
    options = "   :members:\n" if inspect.isclass(thing) else ""
    text = f".. {directive}:: {module}.{name}\n{options}"
    return f"\n## `{shown}`\n\n```{{eval-rst}}\n{text}```\n"


MAKERS = {
    "api": api,
    "commands": commands,
    "models": models,
    "parameters": parameters,
    "presets": presets,
}
"""What stands for the comment `<!-- generated: NAME -->` on a page."""
