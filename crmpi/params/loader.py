"""From the user's tree to checked groups in code units, with all mistakes collected.

The loader never changes a value: what cannot be used is an error, and what is not used is a note.
"""

from crmpi.errors import ConfigError, CrmpiError
from crmpi.params.config import Config, make_group
from crmpi.params.convert import (
    UNSET,
    Value,
    allowed,
    closest,
    convert,
    convert_default,
    did_you_mean,
    expected_unit,
    is_none,
    show,
)
from crmpi.params.core import CORE
from crmpi.params.fields import REQUIRED, SameAs, group, specs
from crmpi.params.selector import Selector
from crmpi.params.source import Given, read_sources
from crmpi.units import Units


def load(source, overrides=(), groups=None, *, defaults=None, presets=None):
    """Read, check and convert the parameters of a run.

    Parameters
    ----------
    source : path or dict
        a YAML file, or nested dictionaries of the same shape
    overrides : sequence of str
        'group.key=value', stronger than `source`
    groups : dict of str to group class or Selector
        the groups beside those of `crmpi.params.core.CORE`
    defaults : dict, optional
        values weaker than `source` and stronger than the declared defaults; dotted keys
    presets : crmpi.params.source.Presets, optional
        named choices for whole groups

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        with one sentence for each mistake
    """
    tree, errors, name = read_sources(source, overrides, defaults, presets)
    return build(tree, CORE | dict(groups or {}), name, errors)


def make(cls, units=None, **values):
    """Return one group outside of a run, checked and in code units: for tests and notebooks.
    Default units: dimensionless."""
    tree, errors, name = read_sources(values)
    loader = _Loader(units or Units("none"), name, {"": cls}, errors)
    made, _ = loader.group(cls, tree, "")
    if errors:
        raise ConfigError(errors)
    return made


def build(tree, groups, name, errors):
    """Return the Config of a tree from `read_sources`; see `load`."""
    units, plain_units = _build_units(tree, groups, name, errors)
    loader = _Loader(units, name, groups, errors)
    made, plain = {}, {"units": plain_units}
    for group_name, declared in groups.items():
        if group_name != "units":
            make_one = loader.selected if isinstance(declared, Selector) else loader.group
            node = tree.get(group_name, {})
            made[group_name], plain[group_name] = make_one(declared, node, group_name)
    loader.refuse_unknown(
        {key: node for key, node in tree.items() if key not in groups}, "", groups
    )
    if errors:
        raise ConfigError(errors)
    return Config(units, made, plain, name, given=loader.given, notes=loader.notes)


def _build_units(tree, groups, name, errors):
    """Units first: they convert everything else. The sizes of custom units themselves are in
    cgs."""
    cgs = Units("custom", 1.0, 1.0, 1.0)
    loader, before = _Loader(cgs, name, groups, errors), len(errors)
    params, plain = loader.group(groups["units"], tree.get("units", {}), "units")
    if params is None or errors[before:]:
        return Units("galactic"), plain
    try:
        return Units(params.system, params.length, params.velocity, params.density), plain
    except CrmpiError as problem:
        errors.append(f"{name}: {problem}")
        return Units("galactic"), plain


class _Loader:
    """Builds groups one by one; `errors` and `notes` collect sentences, `given` the keys that are
    not defaults."""

    def __init__(self, units, name, groups, errors):
        self.units, self.name, self.groups, self.errors = units, name, groups, errors
        self.given, self.notes = set(), []

    def selected(self, selector, node, path):
        """Build a group whose class depends on its key; a scalar given for the group is the key."""
        node = {selector.key: node} if isinstance(node, Given) else dict(node)
        if "" in node:
            key = node.pop("")
            if selector.key not in node or node[selector.key].level <= key.level:
                node[selector.key] = key
        only_key = specs(selector.params(next(iter(selector.choices))))[selector.key]
        before = len(self.errors)
        choice, _ = self._value(only_key, node.get(selector.key), f"{path}.{selector.key}", {})
        if len(self.errors) > before:
            self.refuse_unknown(
                {key: sub for key, sub in node.items() if not selector.owners(key)},
                path,
                only_key.name,
            )
            return None, {}
        cls = selector.params(choice)
        known = specs(cls)
        chosen_at = node[selector.key].level if selector.key in node else 0
        for name in [name for name in node if name not in known and selector.owners(name)]:
            self._not_of_choice(selector, choice, chosen_at, name, node.pop(name), path)
        made, plain = self.group(cls, node, path)
        return made, {selector.key: plain.pop(selector.key, choice)} | plain

    def group(self, cls, node, path):
        """Return (instance or None, values in the user's units) of a group class."""
        before = len(self.errors)
        cls = group(cls)
        node = self._expand(cls, node, path)
        known = specs(cls)
        self.refuse_unknown(
            {key: sub for key, sub in node.items() if key not in known}, path, known
        )
        self._refuse_undecided(known, node, path)
        code, plain = {}, {}
        for name, spec in known.items():
            full = f"{path}.{name}" if path else name
            if spec.nested:
                code[name], plain[name] = self._nested(spec, node.get(name), full)
                continue
            value = self._value(
                spec,
                node.get(name),
                full,
                {n: Value(code[n], plain[n]) for n in plain if n in code},
            )
            if value is UNSET:
                plain[name] = None
            else:
                code[name], plain[name] = value
        plain = {name: value for name, value in plain.items() if name in code}
        if len(self.errors) > before:
            return None, plain
        made = make_group(cls, code, path)
        self._check(made, node, path)
        return made, plain

    def refuse_unknown(self, nodes, path, known):
        """Record an error for every key in `nodes`, with the nearest known key."""
        for key, node in nodes.items():
            full = f"{path}.{key}" if path else key
            what = "parameter" if path else "group"
            self.errors.append(
                f"{_where(node, self.name)}: unknown {what} '{full}'; "
                f"{self._suggest(key, node, path, list(known))}"
            )

    def _refuse_undecided(self, known, node, path):
        """A group that can be switched on must say so when anything in it is given: forgetting it
        would lose physics unnoticed."""
        given = [name for name in node if name in known]
        if (
            given
            and "enabled" in known
            and "enabled" not in given
            and known["enabled"].par.default is False
        ):
            first = f"{_where(node[given[0]], self.name)}: '{path}.{given[0]}'"
            self.errors.append(
                f"{first} is given, but '{path}.enabled' is not; set it to true, or to false to "
                "keep it off"
            )

    def _nested(self, spec, node, path):
        if spec.optional and (node is None or _switched_off(node)):
            return None, None
        return self.group(spec.kind, node if node is not None else {}, path)

    def _expand(self, cls, node, path):
        """Return the members of a group; a scalar or list given for the whole group is spelled out
        by ``cls.expand``."""
        if isinstance(node, Given):
            node = {"": node}
        if "" not in node:
            return node
        short = node[""]
        try:
            if not hasattr(cls, "expand"):
                raise ValueError(
                    "is a group; give its parameters one by one, "
                    f"{path}.{next(iter(specs(cls)))} and so on"
                )
            members = {
                key: Given(value, short.where, short.level)
                for key, value in cls.expand(short.value).items()
            }
        except ValueError as problem:
            self.errors.append(f"{short.where}: '{path}' = {show(short.value)} {problem}")
            return {key: sub for key, sub in node.items() if key}
        stronger = {key: sub for key, sub in node.items() if key and _level(sub) >= short.level}
        return members | stronger

    def _value(self, spec, node, path, before):
        """Return the Value of one parameter, UNSET, or an empty Value after recording an error."""
        if isinstance(node, dict) and spec.par.records is not None:
            self.errors.append(
                f"{_where(node, self.name)}: '{path}' must be a list of groups, such as "
                f"[{{...}}, {{...}}]"
            )
            return Value((), [])
        if isinstance(node, dict):
            self.refuse_unknown({key: sub for key, sub in node.items() if key}, path, [])
            node = node.get("")
        if node is None:
            return self._default(spec, path, before)
        if node.level:
            self.given.add(path)
        if spec.par.records is not None:
            return self._records(spec.par.records, node, path)
        try:
            return convert(node.value, spec, self.units)
        except ValueError as problem:
            sentence = str(problem)
            if sentence == "is not a number":
                sentence += f"; expected {spec.type_name}{expected_unit(spec)}"
            if spec.par.choices and sentence.startswith("is not one of"):
                sentence += did_you_mean(str(node.value), spec.par.choices)
            self.errors.append(f"{node.where}: '{path}' = {show(node.value)} {sentence}")
            return Value(None, None)

    def _records(self, declared, node, path):
        """Return the Value of a list of groups."""
        if not isinstance(node.value, (list, tuple)) or not all(
            isinstance(item, dict) for item in node.value
        ):
            self.errors.append(
                f"{node.where}: '{path}' = {show(node.value)} must be a list of groups, such as "
                f"[{{...}}, {{...}}]"
            )
            return Value((), [])
        made, plain = [], []
        for number, item in enumerate(node.value):
            make_one = self.selected if isinstance(declared, Selector) else self.group
            one = make_one(declared, _as_tree(item, node), f"{path}[{number}]")
            made.append(one[0])
            plain.append(one[1])
        return Value(tuple(made), plain)

    def _default(self, spec, path, before):
        default = spec.par.default
        if default is REQUIRED:
            bits = [spec.type_name + expected_unit(spec), allowed(spec), spec.par.doc]
            self.errors.append(
                f"{self.name}: missing required parameter '{path}': "
                f"{', '.join(bit for bit in bits if bit)}"
            )
            return Value(None, None)
        if isinstance(default, SameAs):
            return before.get(default.name, Value(None, None))
        try:
            return convert_default(spec, self.units)
        except ValueError as problem:
            self.errors.append(
                f"the default of '{path}' = {show(default)} {problem}; change it in the "
                "declaration of the parameter"
            )
            return Value(None, None)

    def _check(self, made, node, path):
        """Run the cross-field checks of a group: ``check`` yields (parameter, end of sentence)."""
        known = specs(type(made))
        try:
            mistakes = list(made.check()) if hasattr(made, "check") else []
        except CrmpiError as problem:  # a check read a parameter without a value
            self.errors.append(f"{self.name}: {problem}")
            return
        for name, sentence in mistakes:
            full = f"{path}.{name}" if path else name
            given = node.get(name)
            where = given.where if isinstance(given, Given) else self.name
            value = given.value if isinstance(given, Given) else getattr(made, name)
            # the value of a group is no answer to what is wrong in it
            shown = "" if value is None or known[name].nested else f" = {show(value)}"
            self.errors.append(f"{where}: '{full}'{shown} {sentence}")

    def _not_of_choice(self, selector, choice, chosen_at, name, node, path):
        """A parameter of another choice: a note if the choice was made later than the parameter,
        else an error."""
        owners = " or ".join(f"'{owner}'" for owner in selector.owners(name))
        belongs = f"belongs to {path}.{selector.key} = {owners}"
        where = f"{_where(node, self.name)}: '{path}.{name}'"
        if _level(node) < chosen_at:
            self.notes.append(f"{where} is not used: it {belongs}")
        else:
            self.errors.append(f"{where} {belongs}, not to '{choice}'; remove one of the two")

    def _suggest(self, key, node, path, siblings):
        everywhere = [full for full in self._all_keys() if full.rpartition(".")[0] != path]
        if path:
            close = [f"{path}.{name}" for name in closest(key, siblings)]
            inside = [full for full in everywhere if full.startswith(f"{path}.")]
            same = [full for full in inside if full.rpartition(".")[2] == key]
            same += [full for full in everywhere if full.partition(".")[2] == key]
            close = close or same[:1] or closest(f"{path}.{key}", everywhere, cutoff=0.75)
        else:
            close = closest(key, siblings)
            close = close or [full for full in everywhere if full.rpartition(".")[2] == key][:1]
        if close:
            return f"did you mean '{close[0]}'?"
        return f"known here: {', '.join(siblings)}" if siblings else "it has no members"

    def _all_keys(self):
        for group_name, declared in self.groups.items():
            classes = (
                [declared.params(choice) for choice in declared.choices]
                if isinstance(declared, Selector)
                else [declared]
            )
            for cls in classes:
                yield from _keys(cls, group_name)


def _keys(cls, path):
    for name, spec in specs(group(cls)).items():
        if spec.nested:
            yield from _keys(spec.kind, f"{path}.{name}")
        else:
            yield f"{path}.{name}"


def _as_tree(item, node):
    """Return a mapping inside a list as a tree of `Given` values from the place of the list."""
    where, level = node.where, node.level
    return {
        str(key): _as_tree(value, node) if isinstance(value, dict) else Given(value, where, level)
        for key, value in item.items()
    }


def _switched_off(node):
    """Whether a group is given as none, and nothing stronger gives it members."""
    short = node if isinstance(node, Given) else node.get("")
    members = [] if isinstance(node, Given) else [sub for key, sub in node.items() if key]
    return (
        short is not None
        and is_none(short.value)
        and all(_level(sub) < short.level for sub in members)
    )


def _first(node):
    while isinstance(node, dict):
        node = next(iter(node.values()), None)
    return node


def _where(node, otherwise):
    first = _first(node)
    return first.where if first else otherwise


def _level(node):
    first = _first(node)
    return first.level if first else 0
