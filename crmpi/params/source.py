"""Where parameters come from: YAML files, dictionaries and 'key=value' strings, all read into one
tree of `Given` values.

YAML is composed, not constructed: every scalar stays text and is converted later by its declared
type. So ``1e-3`` is a number where a number is declared (PyYAML would make it a string), ``off`` is
a word where a word is (PyYAML would make it False), and each value knows its line.
"""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from crmpi.errors import CrmpiError
from crmpi.params.convert import show

MOST_VALUES = 100_000
"""Values of a YAML file with all aliases spelled out."""

LARGEST_FILE = 4_000_000
"""Characters of the largest YAML file."""

DEEPEST = 20
"""Levels of the deepest nesting of a YAML file."""


class Given(NamedTuple):
    """A value as the user wrote it, `where` ('wind.yaml line 12', 'command line'), and `level`:
    higher levels override lower ones."""

    value: Any
    where: str
    level: int


class Presets(NamedTuple):
    """Named choices for whole groups: `settings` {parameter that names one: {name: {dotted key:
    value}}}.

    A preset replaces what weaker sources say about the groups it sets, but for the parameters in
    `kept`.
    """

    settings: dict
    kept: tuple = ()


def read_sources(source, overrides=(), defaults=None, presets=None):
    """Merge `defaults`, a YAML file or dictionary, and overrides (text or dictionaries); `presets`
    is a `Presets`.

    Returns
    -------
    tree : dict
        nested dictionaries with `Given` leaves; a scalar given to a group stands under the key ''
    errors : list of str
    name : str
        of the source, for messages
    """
    errors = []
    layers = [_from_mapping(defaults or {}, "defaults()", 0)]
    if isinstance(source, Mapping):
        name = "configuration"
        layers.append(_anchored(_from_mapping(source, name, 1), os.getcwd()))
    else:
        name = os.path.basename(source)
        layers += _read_yaml(os.fspath(source), errors)
    level = len(layers)
    for text in overrides:
        try:
            layers.append(_anchored(_read_override(text, level), os.getcwd()))
        except ValueError as problem:
            errors.append(f"command line: {show(text)} {problem}")
    errors += _without_effect(layers, [name] * level + ["command line"] * len(layers))
    for key, known in presets.settings.items() if presets else ():
        layers = _insert_preset(layers, key, known, presets.kept)
    tree = {}
    for layer in layers:
        tree = merge(tree, layer)
    return _renamed(tree), errors, name


RENAMED = {
    "cooling.hydrogen_fraction": "composition.X",
    "losses.hydrogen_fraction": "composition.X",
    "observables.xray.hydrogen_fraction": "composition.X",
    "observables.xray_profile.hydrogen_fraction": "composition.X",
}
"""Parameters of earlier versions, in their checkpoints and `resolved.yaml`, by today's name."""


def _without_effect(layers, names):
    """Return a sentence for every empty group over one that a weaker layer fills: it looks as if it
    took that away."""
    sentences, tree = [], {}
    for layer, name in zip(layers, names, strict=False):
        for path in _empty_groups(layer):
            below, _ = _taken(tree, path)
            if isinstance(below, dict) and _level(below) > 0:
                sentences.append(
                    f"{name}: '{'.'.join(path)}' = {{}} changes nothing: a group keeps what is set "
                    f"in it; name that, such as {'.'.join(path)}.{next(iter(below))}"
                )
        tree = merge(tree, layer)
    return sentences


def _empty_groups(node, path=()):
    """Yield the paths of the groups in a tree that are given without members."""
    for key, below in node.items():
        if below == {}:
            yield (*path, key)
        elif isinstance(below, dict):
            yield from _empty_groups(below, (*path, key))


def _renamed(tree):
    """Return a tree in which parameters have today's names; what is given by those is stronger."""
    for old, new in RENAMED.items():
        given, rest = _taken(tree, old.split("."))
        if given is not None:
            group, name = new.split(".")
            tree = merge({group: {name: given}}, rest)
    return tree


def _taken(tree, path):
    """Return (what stands at a path, the tree without it); (None, tree) where nothing does."""
    name, below = path[0], path[1:]
    if not isinstance(tree, dict) or name not in tree:
        return None, tree
    if not below:
        return tree[name], {key: node for key, node in tree.items() if key != name}
    given, rest = _taken(tree[name], below)
    return given, tree | {name: rest}


def _insert_preset(layers, key, known, kept):
    """Return the layers with the settings of the chosen preset right below the source that names
    it."""
    chosen = next(
        (
            given
            for given in (_given(layer, key) for layer in reversed(layers))
            if given is not None
        ),
        None,
    )
    if chosen is None or not isinstance(chosen.value, str) or chosen.value not in known:
        return layers  # an unknown name is refused like any value that is not among the choices
    settings = _from_mapping(known[chosen.value], f"preset {chosen.value}", chosen.level - 0.5)
    weaker = [layer for layer in layers if _level(layer) < chosen.level]
    replaced = [_without(layer, settings, kept) if _level(layer) > 0 else layer for layer in weaker]
    return [*replaced, settings, *layers[len(weaker) :]]


def _given(layer, key):
    """Return the Given at a dotted key of one layer, or None."""
    node = layer
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node if isinstance(node, Given) else None


def _without(layer, settings, kept):
    """Return a layer without the groups of `settings`, the parameters `kept` apart."""
    rest = {group: node for group, node in layer.items() if group not in settings}
    for group in settings.keys() & layer.keys():
        node = layer[group]
        rest[group] = (
            {name: node[name] for name in kept if name in node} if isinstance(node, dict) else {}
        )
    return rest


def _level(layer):
    """Return the level of a layer: all its leaves have the same."""
    node = layer
    while isinstance(node, dict) and node:
        node = next(iter(node.values()))
    return node.level if isinstance(node, Given) else 0


def find(tree, key):
    """Return the text given for a dotted key, or None; a scalar given to a group answers for
    'group.name' style shorthands."""
    node = tree
    for part in key.split("."):
        if isinstance(node, Given):
            return node.value
        if part not in node:
            return node[""].value if "" in node else None
        node = node[part]
    return node.value if isinstance(node, Given) else None


def merge(low, high):
    """Return `low` overridden by `high`; a scalar and a group of the same name are both kept, the
    scalar under ''."""
    if isinstance(low, Given) and isinstance(high, Given):
        return high
    low, high = ({"": node} if isinstance(node, Given) else node for node in (low, high))
    merged = dict(low)
    for key, node in high.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return merged


def _from_mapping(mapping, where, level):
    tree = {}
    for key, value in mapping.items():
        node = (
            _from_mapping(value, where, level)
            if isinstance(value, Mapping)
            else Given(value, where, level)
        )
        for part in reversed(str(key).split(".")):
            node = {part: node}
        tree = merge(tree, node)
    return tree


def _read_override(text, level):
    """Return the layer of 'key=value', or of a mapping from Python."""
    if isinstance(text, Mapping):
        return _from_mapping(text, "parameters", level)
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")) or " " in key:
        raise ValueError("is not of the form key=value, such as mesh.cells=[64,64,512]")
    errors = []
    try:
        document = yaml.compose(value, Loader=yaml.BaseLoader)
        _require_modest(document, "command line")
        node = None if document is None else _walk(document, "command line", level, key, errors)
    except RecursionError:
        raise ValueError(f"is nested deeper than {DEEPEST} levels") from None
    except yaml.YAMLError:
        if value.strip()[:1] in ("[", "{"):
            raise ValueError(_bracket_mistake(value)) from None
        node = None
    if errors:
        raise ValueError(errors[0].partition(": ")[2])
    node = Given(value.strip(), "command line", level) if node is None else node
    for part in reversed(key.split(".")):
        node = {part: node}
    return node


def _bracket_mistake(value):
    """Return what is wrong with a list or a group that is no YAML."""
    if sum(map(value.count, "[{")) == sum(map(value.count, "]}")) and value.strip()[-1] not in "]}":
        return "has words behind its last bracket; write units inside, as in [1 kpc, 2 kpc]"
    return "has a list whose brackets do not match"


def _read_yaml(path, errors, seen=()):
    """Return the layers of a YAML file, those of its `base` first."""
    name = os.path.basename(path)
    document = _compose(path)
    if document is None:
        return [{}]
    if not isinstance(document, yaml.MappingNode):
        raise CrmpiError(
            f"{name} is not a list of groups such as 'mesh:' with indented parameters below"
        )
    layers = []
    below = next((value for key, value in document.value if key.value == "base"), None)
    if below is not None:
        document.value = [pair for pair in document.value if pair[1] is not below]
        if not isinstance(below, yaml.ScalarNode):
            raise CrmpiError(f"{name}: 'base' must be the name of one YAML file")
        path_below = os.path.join(os.path.dirname(path), str(below.value))
        if os.path.abspath(path_below) in (*seen, os.path.abspath(path)):
            raise CrmpiError(f"{name}: 'base' = '{below.value}' leads back to this file")
        layers = _read_yaml(path_below, errors, (*seen, os.path.abspath(path)))
    tree = _walk(document, name, len(layers) + 1, "", errors)
    return [*layers, _anchored(tree, os.path.dirname(os.path.abspath(path)))]


ANCHORED = "plugins"
"""The group whose paths are relative to the file that names them."""


def _anchored(layer, folder):
    """Return a layer whose paths of plug-ins are those that they mean in a folder."""

    def resolved(node):
        if isinstance(node, dict):
            return {key: resolved(sub) for key, sub in node.items()}
        listed = node.value if isinstance(node.value, (list, tuple)) else [node.value]
        return node._replace(value=[_absolute(text, folder) for text in listed])

    return layer | {ANCHORED: resolved(layer[ANCHORED])} if ANCHORED in layer else layer


def _absolute(text, folder):
    is_path = isinstance(text, str) and text and not text.startswith(("~", "$"))
    return os.path.normpath(os.path.join(folder, text)) if is_path else text


def _compose(path):
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(LARGEST_FILE + 1)
        if len(text) > LARGEST_FILE:
            raise CrmpiError(
                f"cannot read the configuration '{path}': it has more than {LARGEST_FILE} "
                "characters"
            )
        document = yaml.compose(text, Loader=yaml.BaseLoader)
        _require_modest(document, os.path.basename(path))
        return document
    except OSError as problem:
        raise CrmpiError(
            f"cannot read the configuration {show(path)}: {problem.strerror.lower()}"
        ) from None
    except RecursionError:
        raise CrmpiError(
            f"{os.path.basename(path)} is nested deeper than {DEEPEST} levels"
        ) from None
    except UnicodeDecodeError:
        raise CrmpiError(
            f"cannot read the configuration '{path}': it is not a text file in UTF-8"
        ) from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        reason = getattr(problem, "problem", None) or "unknown syntax"
        if "'\\t'" in reason:
            reason = "a tab stands where blanks must; indent with blanks"
        raise CrmpiError(f"{os.path.basename(path)}{line} is not valid YAML: {reason}") from None


def _require_modest(document, name):
    """Refuse aliases that stand in themselves, and values that aliases multiply without measure."""
    sizes = {}

    def size(node, above):
        if id(node) in above:
            raise CrmpiError(f"{name}: an alias (*) refers to the value that it stands in")
        if len(above) > DEEPEST:
            raise CrmpiError(f"{name} is nested deeper than {DEEPEST} levels")
        if id(node) not in sizes:
            parts = node.value if isinstance(node, yaml.CollectionNode) else ()
            parts = (
                [part for pair in parts for part in pair]
                if isinstance(node, yaml.MappingNode)
                else parts
            )
            sizes[id(node)] = 1 + sum(size(part, above | {id(node)}) for part in parts)
        return sizes[id(node)]

    if document is not None and size(document, frozenset()) > MOST_VALUES:
        raise CrmpiError(
            f"{name} holds more than {MOST_VALUES} values when its aliases (*) are spelled out"
        )


def _walk(node, where, level, path, errors):
    """Turn a composed YAML node into a tree."""
    place = _line(where, node)
    if not isinstance(node, yaml.MappingNode):
        return Given(_plain(node), place, level)
    tree = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
        if not all(key.split(".")):
            errors.append(
                f"{_line(where, key_node)}: every parameter needs a name, as in mesh.cells; "
                "there is an empty one"
            )
            continue
        full = f"{path}.{key}" if path else key
        value = _walk(value_node, where, level, full, errors)
        if key in tree:
            errors.append(f"{_line(where, key_node)}: '{full}' is given twice")
        for part in reversed(key.split(".")):
            value = {part: value}
        tree = merge(tree, value)
    return tree


def _line(where, node):
    return where if where == "command line" else f"{where} line {node.start_mark.line + 1}"


def _plain(node):
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    return node.value
