"""The numbers of the published fits, read from the CSV files beside this module; each file names
its source."""

import csv
import functools
from importlib import resources

import numpy as np

FOLDER = resources.files("crmpi.analysis.ions") / "data"


@functools.cache
def rows(name):
    """Return the rows of a file as a list of dicts: one number as float, several as an array,
    `element` and `direction` as text."""
    with (FOLDER / f"{name}.csv").open() as file:
        reader = csv.DictReader(line for line in file if not line.startswith("#"))
        return [
            {
                key: value if key in ("element", "direction") else _number(value)
                for key, value in row.items()
            }
            for row in reader
        ]


def _number(text):
    numbers = [float(word) for word in text.split()]
    return numbers[0] if len(numbers) == 1 else np.array(numbers)


def of_ion(name, element, electrons, **others):
    """Return those rows of a file that belong to an ion (and have the `others`)."""
    wanted = {"element": element, "electrons": electrons} | others
    return [row for row in rows(name) if all(row[key] == value for key, value in wanted.items())]


@functools.cache
def spectrum(name):
    """Return (low, high, redshifts, J): edges of the bins in eV, and J[bin, redshift] in
    erg/s/cm^2/Hz/sr of a background."""
    table = rows(name)
    columns = [key for key in table[0] if key.startswith("z=")]
    values = np.array([[row[key] for key in columns] for row in table])
    low, high = (np.array([row[key] for row in table]) for key in ("low_eV", "high_eV"))
    return low, high, np.array([float(key[2:]) for key in columns]), 1e-24 * values


def backgrounds():
    """Return the names of the backgrounds that are there."""
    return ("hm12", "ks19")
