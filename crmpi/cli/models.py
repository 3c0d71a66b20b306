"""List the transport solvers, scattering models and presets with equation, parameters and paper.

crmpi models
crmpi models two_moment
crmpi models chan2019
"""

import difflib
import inspect

from crmpi.errors import CrmpiError
from crmpi.params import Selector
from crmpi.params.table import format_rows, rows


def add_arguments(parser):
    """Declare the arguments of ``crmpi models``."""
    parser.add_argument(
        "name", nargs="?", help="one solver, model or preset, with its parameters in full"
    )


def main(arguments):
    """Run ``crmpi models``."""
    from crmpi.run.configuration import default_groups
    from crmpi.transport.presets import PRESETS

    selectors = {
        name: declared
        for name, declared in default_groups().items()
        if isinstance(declared, Selector)
    }
    known = [choice for selector in selectors.values() for choice in selector.choices] + list(
        PRESETS
    )
    if arguments.name is not None and arguments.name not in known:
        close = difflib.get_close_matches(arguments.name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"
        raise CrmpiError(f"there is no model '{arguments.name}'; {hint}")
    for group_name, selector in selectors.items():
        for choice, cls in selector.choices.items():
            if arguments.name in (None, choice):
                print(_describe(group_name, selector, choice, cls, full=arguments.name is not None))
    for name, preset in PRESETS.items():
        if arguments.name in (None, name):
            print(_describe_preset(name, preset, selectors))
    return 0


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


def _describe(group_name, selector, choice, cls, full):
    """Return the paragraph of one model."""
    lines = [f"{group_name}.{selector.key} = {choice}"]
    for label in ("doc", "equation", "reference"):
        text = getattr(cls, label, None)
        if text:
            body = inspect.cleandoc(text).splitlines()
            lines += [f"    {'paper: ' if label == 'reference' else ''}{line}" for line in body]
    # with the defaults of this choice
    alone = Selector(selector.key, {choice: cls}, common=selector.common)
    own = [row for row in rows({group_name: alone}) if row.key.split(".")[1] != selector.key]
    if full and own:
        lines += ["", format_rows(own)]
    elif own:
        lines.append(f"    parameters: {', '.join(row.key.rpartition('.')[2] for row in own)}")
    return "\n".join(lines) + "\n"
