"""History: exact numbers, units in the header, no row lost or doubled by a restart."""

import numpy as np
import pytest

from crmpi.errors import CrmpiError, RunError
from crmpi.output.history import HistoryFile, read_history


def row(step):
    return {
        "time [Myr]": 0.1 * step,
        "step [1]": step,
        "ecr(r<10 kpc) [erg]": 1e60 / 3 + step,
        "mass loading": np.float64(step) / 7,
    }


def write(path, steps, restart_step=None):
    file = HistoryFile(path, restart_step)
    for step in steps:
        file.write(row(step))


def test_round_trip_is_exact_with_units(tmp_path):
    write(tmp_path / "h.txt", range(5))
    columns = read_history(tmp_path / "h.txt")
    assert list(columns) == ["time", "step", "ecr(r<10 kpc)", "mass loading"]
    assert columns.units == {
        "time": "Myr",
        "step": "1",
        "ecr(r<10 kpc)": "erg",
        "mass loading": "1",
    }
    for name, label in zip(columns, row(0), strict=True):
        assert columns[name].tolist() == [row(step)[label] for step in range(5)]


def test_numpy_reads_it(tmp_path):
    write(tmp_path / "h.txt", range(5))
    assert np.loadtxt(tmp_path / "h.txt").shape == (5, 4)


def test_readers_of_tables_find_names(tmp_path):
    """The lines of docs/output.md: the same names and numbers for pandas, astropy and numpy."""
    path = tmp_path / "history.txt"
    write(path, range(5))
    expected = ["time", "step", "ecr(r<10_kpc)", "mass_loading"]
    table = np.genfromtxt(path, names=True, skip_header=2, deletechars="")
    assert list(table.dtype.names) == expected
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(path, sep=" ", skiprows=2, escapechar="#")
    assert list(frame.columns) == expected
    expected_values = [row(step)["mass loading"] for step in range(5)]
    assert frame["mass_loading"].tolist() == pytest.approx(expected_values, rel=1e-15)
    table_class = pytest.importorskip("astropy.table").Table
    read = table_class.read(path, format="ascii.commented_header", header_start=2)
    assert read.colnames == expected
    assert read["time"].tolist() == [row(step)["time [Myr]"] for step in range(5)]


def test_columns_that_are_wanted_are_those_of_all(tmp_path):
    path = tmp_path / "h.txt"
    write(path, range(7))
    everything = read_history(path)
    some = read_history(path, lambda names: names[3:0:-2])
    assert list(some) == ["step", "mass loading"]
    assert some.units == everything.units
    for name, values in some.items():
        assert values.tolist() == everything[name].tolist()
    # a torn row between others, which a user's editor may leave
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:5], "0.1 7\n", *lines[5:], "0.7 7"]))
    assert read_history(path, lambda names: ["step"])["step"].tolist() == list(range(7))


def test_a_restart_goes_on_in_a_history_without_a_line_of_words(tmp_path):
    """Histories had two header lines until their columns were named for readers of tables."""
    path = tmp_path / "h.txt"
    write(tmp_path / "once.txt", range(6))
    write(path, range(4))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:2] + lines[3:]))
    assert read_history(path)["step"].tolist() == [0, 1, 2, 3]
    write(path, [3, 4, 5], restart_step=2)
    assert path.read_bytes() == (tmp_path / "once.txt").read_bytes()


def test_restart_gives_the_file_of_an_uninterrupted_run(tmp_path):
    write(tmp_path / "once.txt", range(10))
    write(tmp_path / "twice.txt", range(8))
    write(tmp_path / "twice.txt", range(5, 10), restart_step=4)
    assert (tmp_path / "twice.txt").read_bytes() == (tmp_path / "once.txt").read_bytes()


def test_half_a_line_of_a_killed_run_is_dropped(tmp_path):
    path = tmp_path / "h.txt"
    write(path, range(4))
    path.write_text(path.read_text()[:-9])
    assert read_history(path)["step"].tolist() == [0, 1, 2]
    write(path, [3, 4], restart_step=3)
    assert read_history(path)["step"].tolist() == [0, 1, 2, 3, 4]


def test_new_run_starts_a_new_file(tmp_path):
    write(tmp_path / "h.txt", range(4))
    write(tmp_path / "h.txt", range(2))
    assert read_history(tmp_path / "h.txt")["step"].tolist() == [0, 1]


def test_restart_with_other_columns_keeps_the_earlier_rows_beside(tmp_path):
    write(tmp_path / "h.txt", range(4))
    HistoryFile(tmp_path / "h.txt", 3).write({"time [Myr]": 0.4, "step [1]": 4})
    assert read_history(tmp_path / "h.txt")["step"].tolist() == [4]
    assert read_history(tmp_path / "h.until_step_3.txt")["step"].tolist() == [0, 1, 2, 3]


def test_changed_columns_are_an_error(tmp_path):
    file = HistoryFile(tmp_path / "h.txt")
    file.write(row(0))
    with pytest.raises(CrmpiError, match="columns changed"):
        file.write({"time [Myr]": 1.0})


def test_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RunError, match=r"cannot write .*choose another output\.dir"):
        HistoryFile(tmp_path / "file" / "h.txt").write(row(0))


def test_not_a_history(tmp_path):
    (tmp_path / "x.txt").write_text("1 2 3\n")
    with pytest.raises(CrmpiError, match="is not a crmpi history"):
        read_history(tmp_path / "x.txt")
