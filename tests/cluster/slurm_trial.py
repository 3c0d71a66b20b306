"""What users of Slurm do, done on two nodes: launchers that do not fit, a job that runs into its
limit, goes back into the queue and goes on, an array of a sweep, a cancelled job. Every run ends
with the bits of one that Slurm never saw.

    python -m tests.cluster.slurm_trial /tmp/trial trial.txt [STEP ...]    its log is in trial.txt
"""

import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np

from crmpi.output.history import read_history
from tests.cluster.slurm_site import SlurmSite, missing

ROOT = Path(__file__).parents[2]
PROBLEM = '''"""A wave whose steps take their time: `pause` seconds for each block."""
import time
from crmpi.api import Problem, np, par


class SlowWave(Problem):
    class Params:
        pause: float = par(0.0, ge=0, doc="seconds that a row of the history takes per block")

    def initial(self, x, p):
        wave = 0.1 * np.sin(2 * np.pi * (x.x1 + x.x2))
        return dict(dens=1.0 + wave, press=1.0 + wave, vel1=wave, b1=1.0)

    def history(self, x, w, p):
        time.sleep(p.pause)
        return {}
'''
YAML = """problem: {name: .}
mesh: {cells: [16, 16, 1], block: [8, 8, 1]}
time: {end: 1e9, max_steps: 75}
fluid: {cosmic_rays: false}
transport: {solver: none}
units: {system: none}
"""
# Slurm sends a signal up to a minute earlier than asked for: here one to two minutes after the
# begin of a job whose 75 steps take more than two
LIMIT = ("--time=3", "--signal=USR1@60")
PAUSE = "problem.pause=1.7"
SECONDS = 1200  # for a job on a busy machine, requeued some times


class Trial:
    """A folder with a problem in it, a Slurm, and a log of what was done."""

    def __init__(self, site, folder, log):
        self.site, self.folder, self.log = site, Path(folder).resolve(), log
        self.began = time.monotonic()
        place = self.folder / "slow_wave"
        place.mkdir(parents=True, exist_ok=True)
        (place / "problem.py").write_text(PROBLEM)
        (place / "slow_wave.yaml").write_text(YAML)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {"PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def say(self, text):
        """Write lines to the log, with the seconds since the begin."""
        for line in str(text).rstrip().splitlines():
            line = line.replace(str(self.folder), "DIR").replace(f"{ROOT}/", "")
            line = line.replace(str(Path.home()), "~").rstrip()
            print(f"{time.monotonic() - self.began:6.1f}  {line}", file=self.log, flush=True)

    def do(self, *words):
        """Run a command of Slurm in the folder; note it, and return (exit code, what it said)."""
        self.say("$ " + " ".join(map(str, words)))
        words = [words[0], f"--chdir={self.folder}", *words[1:]]
        code, said = self.site.run(*words, check=False, **self.environment)
        self.say(said)
        return code, said

    def submit(self, *words):
        """Submit a job and return its number."""
        code, said = self.do("sbatch", *words)
        assert code == 0, said
        return int(said.split()[-1])

    def crmpi(self, *words):
        """Run crmpi on one rank, without Slurm."""
        self.say("$ " + " ".join(["crmpi", *words]))
        done = subprocess.run(
            [sys.executable, "-m", "crmpi.cli.main", *words],
            cwd=self.folder,
            env=self.site.environment | self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def same_as_straight(self, name):
        """Compare a run with one that nobody stopped."""
        if not (self.folder / "straight").exists():
            self.crmpi("run", "slow_wave", "output.dir=straight", "--quiet")
        self.same(name, "straight")

    def same(self, one, other):
        """Compare the last states and the histories of two runs, bit by bit."""
        states = []
        for folder in (one, other):
            path = sorted((self.folder / folder / "checkpoints").glob("*.h5"))[-1]
            with h5py.File(path) as file:
                arrays = {name: file[name][...] for name in file if file[name].dtype.kind == "f"}
                states.append((int(file.attrs["step"]), arrays))
        (step, arrays), (other_step, others) = states
        assert step == other_step and arrays.keys() == others.keys() and "u0" in arrays
        assert all(np.array_equal(arrays[name], others[name]) for name in arrays)
        rows = [read_history(self.folder / folder / "history.txt") for folder in (one, other)]
        assert all(np.array_equal(rows[0][name], rows[1][name]) for name in rows[0])
        self.say(f"{one} and {other}: the same bits after step {step}")


def launchers(trial):
    """The srun that fits starts one run of four ranks; the others are refused with a sentence."""
    run = ("crmpi", "run", "slow_wave", "time.max_steps=2")
    code, _ = trial.do("srun", "-N2", "-n4", "--mpi=pmi2", *run, "output.dir=fits", "--quiet")
    assert code == 0
    for kind in ("none", "pmix"):
        words = (f"--mpi={kind}", *run, f"output.dir={kind}")
        code, said = trial.do("srun", "-N2", "-n4", *words)
        sentences = re.findall(r"^crmpi: error: .*$", said, re.MULTILINE)
        assert code != 0 and len(sentences) == 1 and "Traceback" not in said, said
        assert f"srun --mpi={kind} started 4 processes" in sentences[0]
        assert "start them with srun --mpi=pmi2" in sentences[0]
        assert not (trial.folder / kind).exists()
    code, said = trial.do("srun", "-N2", "-n4", "--mpi=pmi2", "crmpi", "doctor")
    assert code == 0 and "srun --mpi=pmi2 started 4 processes, and MPI joins them" in said, said
    code, said = trial.do("srun", "-N2", "-n4", "--mpi=none", "crmpi", "doctor")
    assert code != 0 and "PROBLEM  launcher: srun --mpi=none started 4 processes" in said, said


def limit(trial):
    """A job stops before its limit, requeues itself, goes on, and ends with the bits of a run that
    nobody stopped."""
    resources = ("--nodes=2", "--ntasks-per-node=2", *LIMIT)
    script = (ROOT / "launch" / "slurm.sbatch", "slow_wave", PAUSE, "output.dir=limited")
    number = trial.submit("--output=limited.txt", *resources, *script)
    job = trial.site.wait(number, ("COMPLETED", "FAILED", "TIMEOUT"), SECONDS)
    said = (trial.folder / "limited.txt").read_text()
    trial.say(said)
    trial.say(f"job {number}: {job['JobState']} after {job['Restarts']} restarts")
    assert job["JobState"] == "COMPLETED" and int(job["Restarts"]) >= 1
    assert said.count("stopped: received SIGUSR1") == int(job["Restarts"])
    assert "stopped: reached time.max_steps" in said
    trial.same_as_straight("limited")


def array(trial):
    """The script of crmpi sweep --slurm, as an array; each run equals that of a serial sweep."""
    words = ["sweep", "slow_wave", "time.max_steps=20", "--over", "time.cfl=0.1,0.2,0.3"]
    trial.crmpi(*words, "--output", "serial")
    options = ["--slurm", "--ranks-per-run", "2", "--slurm-time", "00:10:00"]
    trial.crmpi(*words, "--output", "swept", *options)
    number = trial.submit("swept/sweep.sbatch")
    for task in (1, 2, 3):
        job = trial.site.wait(f"{number}_{task}", ("COMPLETED", "FAILED"), SECONDS)
        trial.say(f"task {task}: {job['JobState']}")
        assert job["JobState"] == "COMPLETED"
    for value in ("0.1", "0.2", "0.3"):
        trial.same(f"swept/time.cfl={value}", f"serial/time.cfl={value}")


def cancelled(trial):
    """scancel ends a job for good, with a checkpoint from which the next one goes on."""
    script = (ROOT / "launch" / "slurm.sbatch", "slow_wave", "problem.pause=0.1")
    script = (*script, "output.dir=cancelled")
    number = trial.submit("--output=cancelled.txt", "--nodes=2", "--ntasks-per-node=1", *script)
    trial.site.wait(number, ("RUNNING",), SECONDS)
    history = trial.folder / "cancelled" / "history.txt"
    while not history.exists() or len(history.read_text().splitlines()) < 8:
        time.sleep(0.2)
    trial.say(f"$ scancel {number}")
    trial.site.run("scancel", number)
    job = trial.site.wait(number, ("CANCELLED",), SECONDS)
    while trial.site.run("squeue", "--noheader", "--job", number, check=False)[1].strip():
        time.sleep(0.5)  # its processes end in peace
    said = (trial.folder / "cancelled.txt").read_text()
    trial.say(said)
    time.sleep(8)  # longer than a requeued job waits
    job = trial.site.job(number)
    trial.say(f"job {number}: {job['JobState']} after {job['Restarts']} restarts")
    assert job["JobState"] == "CANCELLED" and job["Restarts"] == "0"
    assert "stopped: received SIGTERM" in said
    trial.crmpi("run", "--restart", "cancelled", "--quiet")
    trial.same_as_straight("cancelled")


STEPS = (launchers, limit, array, cancelled)


def main(folder, path, *names):
    """Do the named steps, all by default, and keep the log, also of a trial that fails."""
    log = io.StringIO()
    try:
        with SlurmSite(Path(folder) / "site") as site:
            trial = Trial(site, folder, log)
            trial.say("\n".join(site.run("sinfo", "--version")[1].splitlines()))
            for step in [step for step in STEPS if not names or step.__name__ in names]:
                trial.say(f"== {step.__name__}: {' '.join(step.__doc__.split())}")
                step(trial)
            trial.say("== all steps passed")
    finally:
        Path(path).write_text(log.getvalue(), encoding="utf-8")
        print(log.getvalue())


if __name__ == "__main__":
    if missing():
        sys.exit(missing())
    main(*sys.argv[1:])
