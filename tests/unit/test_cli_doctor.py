"""What crmpi doctor says about MPI, its launcher, cores and memory."""

import os
import stat
import sys
from collections import namedtuple

import pytest

from crmpi.cli import doctor
from crmpi.jit import has_fused
from crmpi.parallel.comm import SerialComm
from crmpi.tools.doctor import findings, machine, mpi
from crmpi.tools.doctor.findings import NOTE, OK, PROBLEM

OPEN_MPI = "mpirun (Open MPI) 4.1.4"
HYDRA = "HYDRA build details:"
JOINED, ALONE, BROKEN = "echo '<2><2>'", "echo '<1><1>'", "echo no daemon >&2; exit 1"


@pytest.fixture
def launcher(tmp_path, monkeypatch):
    """Return a function that makes a launcher which says `version` and then does `action`; the
    folder of each `place` is all that is in PATH."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), "/usr/bin", "/bin"]))
    monkeypatch.setattr(mpi, "_beside", lambda: None)
    known = {}

    def which(name, path=None):
        return known.get(name)

    monkeypatch.setattr(mpi.shutil, "which", which)

    def make(name, version="", action="true"):
        path = tmp_path / name
        version = f'[ "$1" = --version ] && {{ echo "{version}"; exit; }}'
        path.write_text(f"#!/bin/sh\n{version}\n{action}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        known[name] = str(path)
        return str(path)

    monkeypatch.setattr(mpi, "is_root", lambda: False)
    return make


def test_an_mpirun_that_fits(launcher):
    launcher("mpirun", HYDRA, JOINED)
    assert mpi.check_mpirun("MPICH").status == OK


def test_an_mpirun_of_another_mpi_is_named(launcher):
    path = launcher("mpirun", OPEN_MPI, BROKEN)
    finding = mpi.check_mpirun("MPICH")
    assert finding.status == PROBLEM
    assert finding.found == f"{path} is that of Open MPI, mpi4py uses MPICH"
    assert "the mpirun of MPICH" in finding.remedy


def test_two_runs_of_one_rank_are_a_problem(launcher):
    launcher("mpirun", HYDRA, ALONE)
    finding = mpi.check_mpirun("MPICH")
    assert (finding.status, "two runs of one rank each" in finding.found) == (PROBLEM, True)


def test_a_launcher_that_fits_is_found_beside_one_that_does_not(launcher):
    launcher("mpirun", HYDRA, ALONE)
    other = launcher("mpirun.openmpi", OPEN_MPI, JOINED)
    finding = mpi.check_mpirun("Open MPI")
    assert finding.status == NOTE
    assert finding.remedy == f"start runs with {other}, which fits"


def test_a_broken_launcher_is_quoted(launcher):
    launcher("mpirun", HYDRA, BROKEN)
    assert "no daemon" in mpi.check_mpirun("MPICH").found


def test_no_mpirun_is_a_problem_unless_the_machine_has_a_batch_system(launcher):
    assert mpi.check_mpirun("MPICH").status == PROBLEM
    launcher("srun")
    finding = mpi.check_mpirun("Cray MPICH")
    assert (finding.status, finding.found) == (NOTE, "not found; runs start with srun")


def test_a_login_node_whose_mpirun_does_nothing_is_no_problem(launcher):
    launcher("mpirun", HYDRA, BROKEN)
    launcher("srun")
    finding = mpi.check_mpirun("MPICH")
    assert finding.status == NOTE and "inside a job with srun" in finding.remedy


def test_root_is_told_what_open_mpi_wants_only_where_it_is_missing(launcher, monkeypatch):
    launcher("mpirun", OPEN_MPI, JOINED)
    monkeypatch.setattr(mpi, "is_root", lambda: True)
    for name in findings.AS_ROOT:
        monkeypatch.delenv(name, raising=False)
    finding = mpi.check_mpirun("Open MPI")
    assert finding.status == NOTE and "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1" in finding.remedy
    for name in findings.AS_ROOT:
        monkeypatch.setenv(name, "1")
    assert mpi.check_mpirun("Open MPI").status == OK


def test_what_doctor_starts_may_be_root_and_more_than_the_cores(monkeypatch):
    """Open MPI would refuse either, and doctor would raise a false alarm."""
    monkeypatch.setattr(findings, "is_root", lambda: True)
    names = (*findings.AS_ROOT, "OMPI_MCA_rmaps_base_oversubscribe")
    code = f"import os; print([os.environ[name] for name in {names}])"
    assert findings.python(code).stdout.strip() == "['1', '1', '1']"


def test_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert next(machine.check_threads()).status == OK
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert next(machine.check_threads()).status == NOTE


Files = namedtuple("Files", "proc groups")


@pytest.fixture
def files(tmp_path):
    """Folders in the place of /proc and of the control groups: 16 GB of memory, no limit."""
    made = Files(tmp_path / "proc", tmp_path / "cgroup")
    (made.proc / "self").mkdir(parents=True)
    (made.proc / "meminfo").write_text("MemTotal:       15625000 kB\nMemFree: 1 kB\n")
    return made


def test_memory_of_the_node(files):
    assert machine.memory(*files, {}) == 16e9


@pytest.mark.parametrize(
    "line, name",
    [
        ("0::/job/step\n", "job/memory.max"),
        ("5:cpu,memory:/job/step\n", "memory/job/memory.limit_in_bytes"),
    ],
)
def test_memory_is_limited_by_the_control_group_or_one_above(files, line, name):
    (files.proc / "self" / "cgroup").write_text(line)
    (files.groups / name).parent.mkdir(parents=True)
    (files.groups / name).write_text("4000000000\n")
    assert machine.memory(*files, {}) == 4e9
    (files.groups / name).write_text("max\n")
    assert machine.memory(*files, {}) == 16e9


def test_memory_is_limited_by_slurm(files):
    assert machine.memory(*files, {"SLURM_MEM_PER_NODE": "2000"}) == 2000 * 2**20


@pytest.mark.parametrize(
    "text, status, found",
    [
        ("always [madvise] never", OK, "madvise"),
        ("[always] madvise never", OK, "always"),
        ("always madvise [never]", NOTE, "never"),
        (None, NOTE, "does not say"),
    ],
)
def test_huge_pages(tmp_path, text, status, found):
    setting = tmp_path / "enabled"
    if text is not None:
        setting.write_text(text + "\n")
    [finding] = machine.check_pages(setting)
    assert finding.status == status
    assert found in finding.found
    assert ("madvise" in finding.remedy) == (found == "never")


class Ranks(SerialComm):
    """Rank 0 of several, which are at these places."""

    def __init__(self, places):
        self.places, self.nranks = places, len(places)

    def allgather_object(self, obj):
        return self.places


def test_ranks_that_share_a_core_are_noticed():
    bound = [machine.Place("a", frozenset([core]), 8e9) for core in (0, 1)]
    crowd = [machine.Place("b", frozenset([5]), 8e9)] * 4
    ranks, memory = machine.check_ranks(Ranks([*bound, *crowd]))
    assert ranks.status == NOTE
    assert ranks.found == "6 on 2 nodes, 2 to 4 on each; on b 4 ranks share 1 core"
    assert memory.found.startswith("2.0 GB for a rank on b, the tightest node")
    ranks, _ = machine.check_ranks(Ranks(bound))
    assert (ranks.status, ranks.found) == (OK, "2 on 1 node, 2 on each, a core or more for each")


def test_ranks_without_memory_are_noticed():
    places = [machine.Place("a", frozenset(range(64)), 16e9)] * 64
    assert [finding.status for finding in machine.check_ranks(Ranks(places))] == [OK, NOTE]


def test_a_library_is_named_without_starting_mpi():
    done = findings.python(
        "from crmpi.parallel.start import library_version, vendor_name; import sys\n"
        "vendor_name(), library_version()\n"
        "from mpi4py import MPI; sys.exit(MPI.Is_initialized())"
    )
    if "No module named" in done.stderr:
        pytest.skip("needs mpi4py")
    assert done.returncode == 0, (done.stderr, sys.executable)


def test_a_processor_without_fused_operations_is_noted(monkeypatch):
    monkeypatch.setattr("crmpi.jit.has_fused", lambda: False)
    (finding,) = doctor.check_processor()
    assert finding.status == NOTE
    assert "no fused multiply-add" in finding.found
    monkeypatch.undo()
    assert bool(list(doctor.check_processor())) == (not has_fused())
