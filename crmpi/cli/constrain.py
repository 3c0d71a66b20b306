"""What observations, or a simulation seen like one, say about the transport of cosmic rays.

  crmpi constrain --sfr 1 --nh 1e19 --vc 200 --impact 100
      the smallest kappa that one sight line through a halo allows
  crmpi constrain cos-halos --output bounds.csv --plot bounds.png   the 44 sight lines of COS-Halos
  crmpi constrain cos-halos --sfr-from average --geometry 1         with other assumptions
  crmpi constrain snapshot FILE --impact 20,50,100
      the same for a simulated halo, beside the kappa it had
  crmpi constrain patchy --plot patchy.png
      which interstellar structures may scatter cosmic rays
  crmpi constrain patchy --size 1pc --filling 1e-3 --field 1uG
      what spheres of this size would do

Numbers without a unit are in Msun/yr, cm^-2, km/s and kpc; units are accepted as elsewhere:
--impact "0.1 Mpc". The last line is the result. docs/constraints.md derives the formulas and lists
the sources.
"""

import re

from crmpi.cli.tables import add_json, print_json
from crmpi.errors import ConfigError, CrmpiError
from crmpi.params.fields import REQUIRED, SameAs, specs

ONE = "one sight line"


def add_arguments(parser):
    """Declare the arguments of ``crmpi constrain``, those of all kinds; `_refuse_others` tells them
    apart."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="KIND",
        help="cos-halos, snapshot FILE, patchy; nothing for one sight line",
    )
    add_json(parser)
    seen = set()
    for cls in _groups():
        section = parser.add_argument_group((cls.__doc__ or cls.__name__).splitlines()[0])
        for name, spec in specs(cls).items():
            if name not in seen:
                section.add_argument(_dashed(name), metavar=_metavar(spec), help=_help(spec))
            seen.add(name)
    files = parser.add_argument_group("Files.")
    files.add_argument(
        "--data",
        metavar="FILE.csv",
        help="cos-halos, patchy: another table, columns as in crmpi/constraints/data",
    )
    files.add_argument("--output", "-o", metavar="FILE.csv", help="write the table")
    files.add_argument(
        "--plot",
        metavar="FILE",
        help="draw it: name ending in .png, .pdf or .svg; needs matplotlib",
    )


def main(arguments):
    """Run ``crmpi constrain``."""
    kind, *rest = arguments.words or [ONE]
    kinds = _kinds()
    if kind not in kinds:
        raise CrmpiError(
            f"crmpi constrain has no '{kind}'; it is one of {', '.join(list(kinds)[1:])}, or "
            "nothing for one sight line"
        )
    function, groups, _others = kinds[kind]
    given = {
        name: value
        for name, value in vars(arguments).items()
        if value is not None and name not in ("words", "json")
    }
    _refuse_others(kind, given, kinds)
    lines, columns = function(rest, given, *(_checked(cls, given) for cls in groups))
    if arguments.json:
        print_json(columns)
    else:
        print("\n".join(lines))
    return 0


def one_sight_line(rest, given, line, assumptions):
    """Return what to say about one sight line, and its numbers."""
    from crmpi.constraints.cgm import kappa_min
    from crmpi.constraints.report import sight_line_lines

    kappa = float(kappa_min(line.sfr, line.nh, line.vc, assumptions))
    return sight_line_lines(line, assumptions), {"kappa_min_cm2_s": kappa}


def all_of_cos_halos(rest, given, assumptions, halo, choices):
    """Return what to say about COS-Halos, and the columns; write and draw it."""
    from crmpi.constraints import cos_halos, report

    if rest:
        raise CrmpiError(
            f"crmpi constrain cos-halos takes no '{rest[0]}'; give another table with --data"
        )
    rows = cos_halos.read_cos_halos(given.get("data"))
    result = cos_halos.bounds(rows, assumptions, halo, choices.sfr_from)
    lines = report.bounds_lines(result)
    lines += [
        "",
        (
            ">(< x): star formation is an upper limit, so is the bound; weak: N_H is hardly "
            "constrained; both left out below"
        ),
        "",
    ]
    lines += report.summary_lines(rows, assumptions, halo, choices.sfr_from)
    lines += [
        f"left out, a value is not available: {', '.join(names)}"
        for names in [cos_halos.missing(result)]
        if names
    ]
    columns = report.bounds_columns(result)
    lines += _files(given, columns, "draw_cos_halos", result)
    return [*lines, "", *report.headline(result)], columns


def one_snapshot(rest, given, assumptions, lines):
    """Return what to say about a simulated halo, and the columns; write and draw it."""
    from crmpi.analysis.read.readers import open_snapshot
    from crmpi.constraints import report
    from crmpi.constraints.simulated import halo_bounds

    if len(rest) != 1:
        raise CrmpiError(
            "crmpi constrain snapshot takes one file, such as "
            "runs/cgm_halo/snapshots/snapshot_00004.athdf"
        )
    with open_snapshot(rest[0]) as snapshot:
        result = halo_bounds(snapshot, lines.impact, assumptions)
    said = report.halo_lines(result)
    columns = report.halo_columns(result)
    return [*said[:-1], *_files(given, columns, "draw_halo", result), said[-1]], columns


def patches(rest, given, structure, target):
    """Return what to say about structures that scatter, of one kind or all candidates, and columns;
    write and draw it."""
    from crmpi.constraints import patchy_report as report
    from crmpi.constraints.candidates import read_candidates

    if rest:
        raise CrmpiError(
            f"crmpi constrain patchy takes no '{rest[0]}'; describe structures with --size and "
            "--filling"
        )
    described = structure if structure.size is not None else None
    verdicts = report.verdicts_on(read_candidates(given.get("data")), target, structure.delta)
    if described is None:
        said, columns = report.candidate_lines(verdicts), report.candidate_columns(verdicts)
    else:
        said, columns = (
            report.structure_lines(structure, target),
            report.structure_columns(structure, target),
        )
    return [
        *said[:-1],
        *_files(given, columns, "draw_patchy", verdicts, target, described),
        said[-1],
    ], columns


def _kinds():
    """Return {word on the command line: (function, groups of options it takes, other options)}."""
    from crmpi.constraints.cgm import Assumptions, SightLine
    from crmpi.constraints.cos_halos import Choices
    from crmpi.constraints.haloes import HaloParams
    from crmpi.constraints.patchy import Structure, Target
    from crmpi.constraints.simulated import SightLines

    return {
        ONE: (one_sight_line, (SightLine, Assumptions), ()),
        "cos-halos": (
            all_of_cos_halos,
            (Assumptions, HaloParams, Choices),
            ("data", "output", "plot"),
        ),
        "snapshot": (one_snapshot, (Assumptions, SightLines), ("output", "plot")),
        "patchy": (patches, (Structure, Target), ("data", "output", "plot")),
    }


def _groups():
    """Return the groups of options of all kinds, each once."""
    return list(dict.fromkeys(cls for _, groups, _ in _kinds().values() for cls in groups))


def _checked(cls, given):
    """Return a checked group in cgs of those options that belong to it; mistakes are told in terms
    of options."""
    from crmpi.constraints.cgm import in_cgs

    known = specs(cls)
    values = {
        name: given[name].split(",") if known[name].many else given[name]
        for name in known
        if name in given
    }
    try:
        return in_cgs(cls, **values)
    except ConfigError as error:
        raise ConfigError(
            [_as_option(message) for message in error.messages], everywhere=True
        ) from None


def _refuse_others(kind, given, kinds):
    """Refuse options that this kind does not use."""
    used = {
        word: {*others, *(name for cls in groups for name in specs(cls))}
        for word, (_, groups, others) in kinds.items()
    }
    for name in given:
        if name not in used[kind]:
            users = " and ".join(word for word, names in used.items() if name in names)
            raise CrmpiError(
                f"{_dashed(name)} belongs to crmpi constrain for {users}, not for {kind}; leave "
                "it out"
            )


def _files(given, columns, drawing, *results):
    """Write the table and the figure that are asked for; return what to say about them."""
    lines = []
    if "output" in given:
        from pathlib import Path

        from crmpi.constraints.tables import csv_text
        from crmpi.output.files import write_text

        write_text(Path(given["output"]), csv_text(columns))
        lines.append(f"wrote {given['output']}")
    if "plot" in given:
        try:
            from crmpi.constraints import figures
        except ModuleNotFoundError as problem:
            raise CrmpiError(
                f"crmpi constrain --plot needs {problem.name}: pip install matplotlib"
            ) from None
        lines.append(f"wrote {getattr(figures, drawing)(given['plot'], *results)}")
    return lines


def _as_option(message):
    """Return a complaint of the loader about the parameter 'sn_mass' as one about --sn-mass."""
    return re.sub(
        r"'([a-z_]+)'",
        lambda match: _dashed(match[1]),
        message.removeprefix("configuration: "),
        count=1,
    )


def _dashed(name):
    return "--" + name.replace("_", "-")


def _metavar(spec):
    return spec.par.unit or ("|".join(spec.par.choices) if spec.par.choices else "NUMBER")


def _help(spec):
    default = spec.par.default
    if default in (REQUIRED, None) or isinstance(default, SameAs):
        return spec.par.doc.replace("%", "%%")
    shown = default if isinstance(default, str) else _short(default)
    return f"{spec.par.doc}; default {shown}".replace("%", "%%")


def _short(default):
    return (
        ",".join(_short(item) for item in default)
        if isinstance(default, tuple)
        else format(default, ".4g")
    )
