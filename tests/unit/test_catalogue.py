"""The catalogue of wrong inputs, catalogue.yaml: each ends with exactly these sentences, without a
traceback or a warning, and exit code 2 (3 where the disk refuses)."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.recipes.pages import ROOT
from tests.unit.catalogue_case import answer, arguments, folder

ENTRIES = yaml.safe_load((Path(__file__).parent / "catalogue.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the files that entries name."""
    root = tmp_path_factory.mktemp("catalogue")
    folder(root)
    return root


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["enter"] for entry in ENTRIES])
def test_wrong_input_ends_with_its_sentence(place, monkeypatch, entry):
    monkeypatch.chdir(place)
    code, said = answer(arguments(entry["enter"]))
    expected = entry["says"] if isinstance(entry["says"], list) else [entry["says"]]
    places = {"HERE": str(place), "PROBLEMS": str(ROOT / "problems")}
    for word, path in places.items():
        expected = [sentence.replace(word, path) for sentence in expected]
    assert said == expected
    assert code == entry.get("code", 2)


def test_sentences_are_in_the_words_of_users():
    """No name of a Python type or value, and no entry twice."""
    assert len(ENTRIES) >= 80
    assert max(Counter(entry["enter"] for entry in ENTRIES).values()) == 1
    for entry in ENTRIES:
        for sentence in [entry["says"]] if isinstance(entry["says"], str) else entry["says"]:
            for word in ("None", "True", "False", "<class", "object at", "Error(", "NoneType"):
                assert word not in sentence, sentence
