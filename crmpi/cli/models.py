"""List all that a run chooses by name, by kind, and where it comes from: transport solvers,
scattering models, sources, components of gravity, boundary conditions, criteria of refinement,
observables, ion tables, presets and problems, with equation, parameters and paper.

crmpi models
crmpi models two_moment
crmpi models chan2019
crmpi models density_law --plugins my_models
"""

import difflib
import inspect

from crmpi.cli.plugins import add_plugins, use
from crmpi.cli.tables import add_json, print_json
from crmpi.errors import CrmpiError
from crmpi.model.files import title
from crmpi.params import Selector
from crmpi.params.table import format_rows, rows


def add_arguments(parser):
    """Declare the arguments of ``crmpi models``."""
    parser.add_argument(
        "name", nargs="?", help="one of them, or a preset, with its parameters in full"
    )
    add_json(parser)
    add_plugins(parser)


def main(arguments):
    """Run ``crmpi models``."""
    from crmpi.model.files import problem_folders
    from crmpi.plugins import KINDS
    from crmpi.run.configuration import default_groups
    from crmpi.transport.presets import PRESETS

    use(arguments.plugins)
    wanted = arguments.name
    selectors = {
        name: declared
        for name, declared in default_groups().items()
        if isinstance(declared, Selector)
    }
    problems = problem_folders()
    known = [name for registry in KINDS for name in registry] + [*PRESETS, *problems]
    if wanted is not None and wanted not in known:
        close = difflib.get_close_matches(wanted, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else "crmpi models lists what there is"
        raise CrmpiError(f"there is no model '{wanted}'; {hint}")
    if arguments.json:
        print_json(_records(wanted, KINDS, PRESETS, problems, selectors))
        return 0
    for registry in KINDS:
        for name, (cls, origin) in registry.entries().items():
            if wanted in (None, name):
                own = parameters_of(registry, name, cls, selectors)
                print(_describe(registry, name, cls, origin, own, full=wanted is not None))
    for name, preset in PRESETS.items():
        if wanted in (None, name):
            print(_describe_preset(name, preset, selectors))
    for name, folder in problems.items():
        if wanted in (None, name):
            print(f"problem: crmpi run {name}  (in {folder})\n    {title(folder)}\n")
    return 0


def _records(wanted, kinds, presets, problems, selectors):
    """Return a dictionary for each model of the name `wanted`, or for all."""
    found = []
    for registry in kinds:
        for name, (cls, origin) in registry.entries().items():
            about = {"kind": registry.kind, "name": name, "origin": str(origin)}
            texts = {text: getattr(cls, text, "") for text in ("doc", "equation", "reference")}
            own = parameters_of(registry, name, cls, selectors)
            found.append(about | texts | {"parameters": [row._asdict() for row in own]})
    for name, preset in presets.items():
        about = {"kind": "preset", "name": name, "doc": preset.doc, "reference": preset.reference}
        found.append(about | {"found": preset.found, "settings": preset.settings})
    for name, folder in problems.items():
        found.append({"kind": "problem", "name": name, "doc": title(folder), "origin": folder})
    return [one for one in found if wanted in (None, one["name"])]


def _describe_preset(name, preset, selectors):
    """Return the paragraph of one preset: what it chooses and how that is known, the equation that
    follows, the paper, what it found."""
    solver = selectors["transport"].choices[preset.settings["transport.solver"]]
    model = selectors["scattering"].choices[preset.settings["scattering.model"]]
    lines = [f"transport.preset = {name}", f"    {preset.doc}", f"    {solver.equation}"]
    lines += [f"    {model.equation}"] if solver.scatters and model.name != "constant" else []
    lines += [f"    paper: {preset.reference}", f"    found: {preset.found} ({preset.read})"]
    return (
        "\n".join(
            lines
            + [
                f"    {key} = {value}  ({preset.known[key]})"
                for key, value in preset.settings.items()
            ]
        )
        + "\n"
    )


def _describe(registry, name, cls, origin, own, full):
    """Return the paragraph of one of them; `own` are the rows of its parameters."""
    source = "" if origin.how == "crmpi" else f"  (from {origin})"
    lines = [f"{registry.kind}: {registry.chosen.format(name=name)}{source}"]
    texts = {
        "": getattr(cls, "doc", "") or (inspect.getdoc(cls) or "").partition("\n\n")[0],
        "equation: ": getattr(cls, "equation", ""),
        "paper: ": getattr(cls, "reference", ""),
    }
    for label, text in texts.items():
        if text:
            lines += [f"    {label}{line}" for line in inspect.cleandoc(text).splitlines()]
    if full and own:
        lines += ["", format_rows(own)]
    elif own:
        lines.append(f"    parameters: {', '.join(row.key.rpartition('.')[2] for row in own)}")
    return "\n".join(lines) + "\n"


def parameters_of(registry, name, cls, selectors):
    """Return the rows of the parameters of one of them, with the defaults of this choice."""
    if not registry.group:
        return []
    selector = selectors.get(registry.group)
    if selector is None:
        return rows({registry.group.format(name=name): cls.Params})
    alone = Selector(selector.key, {name: cls}, common=selector.common)
    return [row for row in rows({registry.group: alone}) if row.key.split(".")[1] != selector.key]
