"""Which runs a sweep has, and where."""

import itertools
import re
from pathlib import Path
from typing import NamedTuple

from crmpi.errors import CrmpiError


class Variant(NamedTuple):
    """One run of a sweep: `choices` {parameter: value} and the folder `path`."""

    choices: dict
    path: Path

    @property
    def label(self):
        """Values alone, for tables and figures."""
        return ", ".join(self.choices.values())

    @property
    def overrides(self):
        """'key=value' for the command line."""
        return [f"{key}={value}" for key, value in self.choices.items()]


def plan(overs, folder):
    """Return the `Variant`s of a sweep, the last parameter varying fastest.

    Parameters
    ----------
    overs : sequence of str
        'key=value,value,...'; commas inside brackets do not separate
    folder : path

    Raises
    ------
    CrmpiError
        not of this form, or a parameter or value twice
    """
    axes = {}
    for text in overs:
        key, equals, values = text.partition("=")
        listed = [
            value.strip() for value in re.split(r",(?![^\[{]*[\]}])", values) if value.strip()
        ]
        if not equals or not key.strip() or not listed:
            form = "key=value,value, such as transport.preset=salem2016,chan2019"
            raise CrmpiError(f"--over '{text}' is not of the form {form}", everywhere=True)
        if key.strip() in axes or len(set(listed)) < len(listed):
            raise CrmpiError(f"--over '{text}' names a parameter or a value twice", everywhere=True)
        axes[key.strip()] = listed
    combinations = (
        dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())
    )
    return [Variant(choices, Path(folder) / _folder_name(choices)) for choices in combinations]


def _folder_name(choices):
    """Return a name any file system takes."""
    return "+".join(re.sub(r"[^\w.=+-]", "_", f"{key}={value}") for key, value in choices.items())
