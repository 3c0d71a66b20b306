"""Random overrides of configurations, right and wrong, from a seeded generator: the same ones every
time."""

import random
import re

NUMBERS = (
    "0",
    "1",
    "-1",
    "2",
    "3",
    "0.5",
    "1e-3",
    "1e28",
    "1e300",
    "-1e300",
    "1e999",
    "nan",
    "inf",
    "-inf",
    ".5",
    "5.",
    "1_000",
)
UNITS = (
    "kpc",
    "Myr",
    "km/s",
    "cm^2/s",
    "K",
    "erg",
    "Msun",
    "uG",
    "g/cm^3",
    "m_p/cm^3",
    "1/Myr",
    "myr",
    "kpcs",
    "kpc/0",
    "kpc^1e9",
    "cm^",
    "(cm",
    "cm)",
    "^2",
    "µG",
    "pc pc pc",
    "c",
    "",
    "*",
    "/",
    "kpc^-1e9",
    "kpc**(1/2)",
    "1e400 kpc",
)
WORDS = (
    "true",
    "false",
    "on",
    "off",
    "none",
    "null",
    "~",
    "auto",
    "",
    " ",
    "two_moment",
    "patchy",
    "constant",
    "user",
    "reflect",
    "hlld",
    "ppm",
    "x" * 5000,
    "ä",
    "日本",
    "\\",
    "'",
    '"',
    "a b",
    "#",
    "!!python/object",
    "&a 1",
    "*a",
    "&a [*a]",
    "{",
    "}",
    "[",
    "]",
    "[[1]]",
    "{a: 1}",
    "{a: {b: {c: 1}}}",
    "[" * 40,
    "%",
    "@",
    "`",
    "- 1",
    "? 1",
    "a: b: c",
    "\t",
    "\0",
    "1,2",
    "../../etc",
    "NaN",
    "0x10",
    "1e",
    "e1",
    "--",
    "1 2 3",
    "[1,2,3",
    "[true,false]",
    "[none]",
    "[a,b,c]",
    "<<",
    "=",
)


class Overrides:
    """Makes lists of 'key=value' for the parameters `rows` of `crmpi.params.table.rows`."""

    def __init__(self, rows, seed):
        self._rows = list(rows)
        self._keys = {row.key for row in self._rows}
        self._groups = sorted({row.key.partition(".")[0] for row in self._rows})
        self._random = random.Random(seed)

    def some(self):
        """Return one to four overrides."""
        chosen = [
            self._random.choice(self._rows) for _ in range(self._random.choice((1, 1, 1, 1, 2, 3)))
        ]
        return [word for row in chosen for word in (*self._companions(row), self._one(row))]

    def _companions(self, row):
        """Return what switches the choice or the group on that a parameter belongs to, most of the
        time."""
        group = row.key.rpartition(".")[0]
        on = [f"{group}.enabled=true"] if f"{group}.enabled" in self._keys and group else []
        if " = " in row.only:
            key, _, choices = row.only.partition(" = ")
            on.append(f"{group}.{key}={self._random.choice(choices.split(', '))}")
        return on if self._random.random() < 0.8 else []

    def _one(self, row):
        choose = self._random
        key = row.key
        if choose.random() < 0.1:
            key = self._spoiled(key)
        value = self._value(row)
        if choose.random() < 0.1:
            group = choose.choice(self._groups)
            return f"{group}={{{key.rpartition('.')[2]}: {value}}}"
        return f"{key}={value}"

    def _spoiled(self, key):
        choose = self._random
        place = choose.randrange(len(key) + 1)
        spoiled = (
            key[:place] + key[place + 1 :],
            key[:place] + "." + key[place:],
            f"{key}.{key}",
            key.upper(),
            key[:place],
            f"{key}.",
            f".{key}",
            key.replace(".", ".."),
            key.partition(".")[0],
            key * 40,
            f"{key}ß",
        )
        return choose.choice(spoiled)

    def _value(self, row):
        choose = self._random
        kind = choose.random()
        if kind < 0.15:
            return self._number()
        if kind < 0.25:
            return (
                "["
                + ",".join(self._number() for _ in range(choose.choice((0, 1, 2, 3, 3, 3, 4, 7))))
                + "]"
            )
        if kind < 0.55:
            return row.default
        if kind < 0.7:
            return f"{10 ** choose.uniform(-2, 2):.3g} {row.unit if ' ' not in row.unit else ''}"
        if kind < 0.9 and row.allowed.startswith("one of"):
            return choose.choice(re.findall(r"'([^']*)'", row.allowed) or ["1"])
        return choose.choice(WORDS)

    def _number(self):
        choose = self._random
        number = (
            choose.choice(NUMBERS)
            if choose.random() < 0.6
            else f"{10 ** choose.uniform(-5, 5):.4g}"
        )
        return f"{number} {choose.choice(UNITS)}" if choose.random() < 0.4 else number
