"""From words to a configuration that all ranks share."""

import re

import pytest
import yaml

from crmpi.cli.configuration import configure, on_first, together
from crmpi.cli.run import split_words
from crmpi.errors import CrmpiError
from crmpi.model.files import find_problem, problem_folders
from crmpi.parallel.comm import SerialComm
from crmpi.params import load
from crmpi.params.core import CORE
from crmpi.params.table import rows
from crmpi.run.configuration import default_groups, groups_for
from crmpi.run.request import check_ranks

CONFIGURATIONS = [
    f"{name}/{file.stem}"
    for name, folder in problem_folders().items()
    for file in sorted(folder.glob("*.yaml"))
]


class OtherRankFailed(SerialComm):
    """A communicator on which another rank has failed."""

    nranks = 2

    def first(self, obj):
        return CrmpiError("the other one") if obj is None else obj


def test_words_are_one_target_and_overrides(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.yaml").write_text("")
    assert split_words(["wind", "mesh.cells=[4,1,1]", "time.end=1"]) == (
        "wind",
        ["mesh.cells=[4,1,1]", "time.end=1"],
    )
    assert split_words(["time.end=1"]) == (None, ["time.end=1"])
    assert split_words(["a=b.yaml", "c=d"]) == ("a=b.yaml", ["c=d"])
    with pytest.raises(CrmpiError, match="'storm' is neither a parameter"):
        split_words(["wind", "storm"])


def test_an_error_of_any_rank_is_raised_on_all():
    for agree in (together, on_first):
        with pytest.raises(CrmpiError, match="the other one") as caught:
            agree(OtherRankFailed(), lambda: 3)
        assert caught.value.everywhere


def test_every_rank_needs_a_block():
    config = load({"mesh": {"cells": [64, 32, 1], "block": [32, 32, 1]}, "time": {"end": 1}})
    check_ranks(config, 2)
    with pytest.raises(CrmpiError) as caught:
        check_ranks(config, 3)
    assert "makes 2 blocks of 'mesh.cells' = [64, 32, 1] for 3 ranks" in str(caught.value)
    assert "start at most 2 ranks, or choose mesh.block=[32,16,1]" in str(caught.value)
    with pytest.raises(CrmpiError, match=r"or more mesh\.cells"):
        check_ranks(config, 10000)


def test_the_proposed_block_serves_all_ranks():
    config = load({"mesh": {"cells": [64, 64, 256]}, "time": {"end": 1}})
    with pytest.raises(CrmpiError) as caught:
        check_ranks(config, 16)
    proposal = str(caught.value).partition("choose ")[2]
    check_ranks(load({"mesh": {"cells": [64, 64, 256]}, "time": {"end": 1}}, [proposal]), 16)


@pytest.mark.parametrize(
    ("problem", "notes"), [("cr_ring", ["anisotropic_diffusion"]), ("cr_launch", [])]
)
def test_a_note_tells_where_substeps_by_level_change_nothing(problem, notes):
    config, *_ = configure(SerialComm(), problem, ["mesh.refinement.subcycle=level"])
    assert len(config.notes) == len(notes)
    for note, solver in zip(config.notes, notes, strict=True):
        assert note.startswith("'mesh.refinement.subcycle' = level changes nothing with ")
        assert solver in note


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (["mesh.refinement.fluid_levels=2", "fluid.frozen=true"], "changes nothing with fluid"),
        (["mesh.refinement.fluid_levels=2"], "move once in 4 steps .* set time.transport=twice"),
        (["mesh.refinement.fluid_levels=2", "time.transport=twice"], None),
        (["mesh.refinement.fluid_levels=1"], None),
        (["mesh.refinement.fluid_levels=0", "fluid.frozen=true"], None),
    ],
)
def test_a_note_tells_what_steps_by_level_ask_for(words, note):
    config, *_ = configure(SerialComm(), "isolated_galaxy/laptop1280", words)
    found = [one for one in config.notes if "fluid_levels" in one]
    assert len(found) == (note is not None)
    assert not found or re.search(note, found[0])


@pytest.mark.parametrize("target", CONFIGURATIONS)
def test_configurations_of_all_problems_are_valid(target):
    config, problem_class, checkpoint = configure(SerialComm(), target, [])
    assert checkpoint is None
    assert problem_class.name == target.partition("/")[0]
    assert config.notes == []
    groups = groups_for(find_problem(target).problem_class)
    assert (
        load(yaml.load(config.yaml(), Loader=yaml.BaseLoader), groups=groups).resolved()
        == config.resolved()
    )


def test_default_output_folder_has_the_name_of_the_problem():
    config, _, _ = configure(SerialComm(), "cr_shock_tube", [])
    assert config.output.dir == "runs/cr_shock_tube"
    assert configure(SerialComm(), "cr_shock_tube", ["output.dir=mine"])[0].output.dir == "mine"


def test_the_problem_is_not_a_parameter():
    with pytest.raises(CrmpiError, match="cannot be changed there"):
        configure(SerialComm(), "cr_shock_tube", ["problem=blast"])


def test_every_parameter_has_a_description():
    table = rows(CORE | default_groups())
    assert len({(row.key, row.only) for row in table}) == len(table)
    assert [row.key for row in table if not row.doc.strip()] == []


@pytest.mark.parametrize("name", problem_folders())
def test_every_parameter_of_a_problem_has_a_description(name):
    assert [
        row.key
        for row in rows({"problem": find_problem(name).problem_class.Params})
        if not row.doc.strip()
    ] == []
