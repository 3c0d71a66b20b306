"""Random overrides, YAML files and plug-ins, right and wrong, from a seeded generator: the same
ones every time."""

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
            return choose.choice(row.allowed.removeprefix("one of ").split(", "))
        return choose.choice(WORDS)

    def _number(self):
        choose = self._random
        number = (
            choose.choice(NUMBERS)
            if choose.random() < 0.6
            else f"{10 ** choose.uniform(-5, 5):.4g}"
        )
        return f"{number} {choose.choice(UNITS)}" if choose.random() < 0.4 else number


SCRAPS = (
    "\t", "  ", "\n", ":", ": ", "- ", "[", "]", "{", "}", "'", '"', "#", "&a ", "*a", "!!int ",
    "!tag ", "|\n", ">\n", "---\n", "...\n", "%YAML 9\n", "<<: *a\n", "? ", "\ufeff", "\u2028",
    "é", "𝄞", "\x07", "null", "~", "1e400", "0x1F", "1_000", "12:30:45", "2001-01-01", ".inf",
    ".nan", "yes", "-", "=", ",", "%", "@", "`", "\\", "mesh:", "time: 3\n", "fluid: []\n",
    "problem: ~\n", "units: {system: none}\n", "base: mine.yaml\n", "plugins: [nothing.py]\n",
)  # fmt: skip
"""What is put into YAML files."""

VALUES = (
    "null", "~", "", "[]", "{}", "[1, 2]", "[[1, 2, 3]]", "[null, null, null]", "{a: 1}", "true",
    "-1", "0", "1e400", "-1e308", "99999999999999999999999", "1e-320", ".nan", "text", "'1'", '"ä"',
    "[1, 2, 3, 4, 5, 6]", "[a, b, c]", "3 parsecs", "1 kpc kpc", "!!float x", "[8, 8.5, 8]",
    "[{}]", "[{level: 1}]", "[{level: 99, shape: cube}]", "[{name: gradient}]", "[1, [2], {b: 3}]",
    "{level: 1, shape: sphere, radius: 0.2}", "[{level: 1, shape: sphere, radius: -1}]",
    "[{level: 1, lower: [0, 0, 0], upper: [1, 1]}]", "[{name: curvature, variable: nothing}]",
    "[{level: 1, shape: cylinder, radius: 1e300, height: nan}]", "*nothing", "2024-13-45",
    "[{name: gradient, variable: dens, refine: 0.1, derefine: 0.5}]", "0b11", "1,5", "1 000",
)  # fmt: skip
"""What values of YAML files are replaced with."""


def spoiled_yaml(text, choose):
    """Return the text of a YAML file with one to three mistakes, or bytes that are no text."""
    for _ in range(choose.choice((1, 1, 2, 3))):
        text = choose.choice(_MISTAKES)(text, choose)
    if choose.random() < 0.04:
        place = choose.randrange(len(text) + 1)
        return text[:place].encode() + bytes(choose.randrange(256) for _ in range(8))
    return text


def _put(text, choose):
    place = choose.randrange(len(text) + 1)
    return text[:place] + choose.choice(SCRAPS) + text[place:]


def _cut(text, choose):
    place = choose.randrange(len(text) + 1)
    return text[:place] + text[place + choose.choice((1, 1, 2, 5, 40)) :]


def _ended(text, choose):
    return text[: choose.randrange(len(text) + 1)]


def _twice(text, choose):
    lines = text.splitlines(keepends=True) or [""]
    place = choose.randrange(len(lines))
    return "".join([*lines[: place + 1], *lines[place:]])


def _moved(text, choose):
    lines = text.splitlines(keepends=True) or [""]
    line = lines.pop(choose.randrange(len(lines)))
    lines.insert(choose.randrange(len(lines) + 1), line)
    return "".join(lines)


def _indented(text, choose):
    lines = text.splitlines(keepends=True) or [""]
    place = choose.randrange(len(lines))
    lines[place] = choose.choice(("", " ", "  ", "\t", "      ")) + lines[place].lstrip(" ")
    return "".join(lines)


def _replaced(text, choose):
    places = list(re.finditer(r"(?<=: )[^\n{}#]+", text))
    if not places:
        return text
    found = choose.choice(places)
    return text[: found.start()] + choose.choice(VALUES) + text[found.end() :]


def _added(text, choose):
    keys = re.findall(r"^( *)(\w+):", text, re.MULTILINE) or [("", "mesh")]
    indent, key = choose.choice(keys)
    key = choose.choice((key, f"{key}s", "refinement", "enabled", "solver", "''", "1", "ä"))
    return f"{text.rstrip()}\n{indent}{key}: {choose.choice(VALUES)}\n"


def _other_ends(text, choose):
    return text.replace("\n", choose.choice(("\r\n", "\r", "\n\n", "\u2028", "")))


_MISTAKES = (_put, _put, _cut, _ended, _twice, _moved, _indented, _other_ends) + 6 * (_replaced,)
_MISTAKES += 2 * (_added,)

PLUGINS = (
    "",
    "x = ",
    "import nothing_of_this_name\n",
    "raise SystemExit(3)\n",
    "1 / 0\n",
    "def broken(:\n",
    "from crmpi.api import ScatteringModel\nclass A(ScatteringModel):\n    name = 'constant'\n",
    "from crmpi.api import ScatteringModel\nclass A(ScatteringModel):\n    name = ''\n",
    "from crmpi.api import ScatteringModel\nclass A(ScatteringModel):\n    name = 3\n",
    "from crmpi.api import Source\nclass A(Source):\n    name = 'fluid'\n",
    "from crmpi.api import Source\nclass A(Source):\n    name = 'a'\n"
    "    class Params:\n        x: float\n",
    "from crmpi.api import Observable, par\nclass A(Observable):\n    name = 'a'\n"
    "    class Params:\n        x: float = par('y')\n",
    "from crmpi.api import Source, SourceParams, par\nclass A(Source):\n    name = 'a'\n"
    "    class Params(SourceParams):\n        x: float = par(1.0, unit='furlong')\n",
    "from crmpi.api import nothing\n",
    "\0",
    "class A:\n  pass\n\tx = 1\n",
    "ä = 'ö'\n",
)
"""Files of plug-ins, most of which cannot be used."""


def spoiled_plugin(choose):
    """Return the text of a file of plug-ins."""
    return choose.choice(PLUGINS)
