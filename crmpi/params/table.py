"""The table of all parameters: what ``crmpi params`` prints and the documentation contains."""

from typing import NamedTuple

from crmpi.params.convert import allowed
from crmpi.params.fields import REQUIRED, SameAs, group, specs
from crmpi.params.selector import Selector


class Row(NamedTuple):
    """One parameter in words; ``only`` is the choice it belongs to ('solver = two_moment'), '' if
    it is always there."""

    key: str
    type: str
    default: str
    unit: str
    allowed: str
    doc: str
    only: str


def rows(groups):
    """Return the `Row` of every parameter of {name: group class or Selector}."""
    table = []
    for name, declared in groups.items():
        if isinstance(declared, Selector):
            table += _selector_rows(declared, name)
        else:
            table += _group_rows(group(declared), name, "")
    return table


def format_rows(table):
    """Return the table as aligned text, a heading line above each parameter's description."""
    lines = []
    for row in table:
        facts = [
            row.type,
            f"default {row.default}" if row.default != "required" else "required",
            row.unit,
            row.allowed,
        ]
        only = f"   [{row.only}]" if row.only else ""
        lines.append(f"{row.key}{only}")
        lines.append(f"    {row.doc}")
        lines.append(f"    {'; '.join(fact for fact in facts if fact)}")
    return "\n".join(lines)


def format_markdown(table):
    """Return the table in Markdown, one section per group."""
    lines, section = [], None
    for row in table:
        name = row.key.partition(".")[0]
        if name != section:
            lines += [
                "",
                f"## {name}",
                "",
                "| key | type | default | unit | allowed | what |",
                "|---|---|---|---|---|---|",
            ]
            section = name
        doc = f"{row.doc} (*{row.only}*)" if row.only else row.doc
        cells = [f"`{row.key}`", row.type, f"`{row.default}`", row.unit, row.allowed, doc]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines).strip() + "\n"


def _selector_rows(selector, path):
    choices = list(selector.choices)
    merged = {choice: specs(selector.params(choice)) for choice in choices}
    table = [_row(merged[choices[0]][selector.key], f"{path}.{selector.key}", "")]
    seen = set()
    for choice in choices:
        for name, spec in merged[choice].items():
            # a choice may have its own default
            owners = [other for other in selector.owners(name) if merged[other][name] == spec]
            if name == selector.key or (name, *owners) in seen:
                continue
            seen.add((name, *owners))
            only = "" if owners == choices else f"{selector.key} = {', '.join(owners)}"
            table += _spec_rows({name: spec}, path, only)
    return table


def _group_rows(cls, path, only):
    return _spec_rows(specs(cls), path, only)


def _spec_rows(members, path, only):
    table = []
    for name, spec in members.items():
        full = f"{path}.{name}"
        if spec.nested:
            table += _group_rows(
                spec.kind, full, only or (f"only if {full} is given" if spec.optional else "")
            )
        else:
            table.append(_row(spec, full, only))
    return table


def default_text(value):
    """Return a value as the table of parameters shows it as a default."""
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(str(item) for item in value) + "]"
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _row(spec, key, only):
    default = spec.par.default
    if default is REQUIRED:
        text = "required"
    elif isinstance(default, SameAs):
        text = f"same as {default.name}"
    else:
        text = default_text(default)
    unit = spec.par.unit if spec.par.unit not in (None, "none") else ""
    return Row(key, spec.type_name, text, unit, allowed(spec), spec.par.doc, only)
