"""Slurm on one machine: munged, slurmctld and two slurmd's, which pass for two nodes, all of this
user and in one folder. Nothing of the machine's own Slurm, if there is one, is touched.

    python -m tests.cluster.slurm_site /tmp/site        starts it; prints the line that selects it
    SLURM_CONF=/tmp/site/slurm.conf scontrol shutdown   ends it (but munged, whose pid is in munge/)

Debian's packages: slurmctld slurmd slurm-client munge.
"""

import getpass
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue")
NODES = ("n1", "n2")
_SYSTEM = ("/usr/sbin", "/sbin", "/usr/local/sbin")  # daemons, often not in PATH

# TmpFS: the PMIx plug-in of Slurm makes a folder named after user and step in it; nodes that share
# /tmp meet there, and the step is killed at its launch. cred_expire: a requeued job waits as long
# as an old credential may live, two minutes by default.
_CONF = """
ClusterName=trial
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/%n/slurmd.pid
SlurmdSpoolDir={folder}/%n
SlurmdLogFile={folder}/%n/slurmd.log
TmpFS={folder}/%n/tmp
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=pmi2
KillWait=30
ReturnToService=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


class SlurmSite:
    """A Slurm of two nodes below `folder`.

    Attributes
    ----------
    environment : dict
        with which its commands and jobs run
    """

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
        self.environment = kept | {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Start all daemons and wait until both nodes are idle.

        Raises
        ------
        RuntimeError
            one did not start; its last words
        """
        for name in ("state", "munge", *NODES, *(f"{node}/tmp" for node in NODES)):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        # jobs and munge look into the folder as whoever they are
        self.folder.chmod(0o755)
        munge = self.folder / "munge"
        munge.chmod(0o755)
        (munge / "key").write_bytes(secrets.token_bytes(128))
        (munge / "key").chmod(0o600)
        host = platform.node().split(".")[0]
        text = _CONF.format(
            host=host, user=getpass.getuser(), folder=self.folder, ports=_free_ports(3)
        )
        (self.folder / "slurm.conf").write_text(text)
        files = {
            "key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log",
            "seed-file": "seed",
        }  # fmt: skip
        options = [f"--{option}={munge / name}" for option, name in files.items()]
        self._daemon("munged", "--force", *options)
        self._daemon("slurmctld", "-i")
        for node in NODES:
            self._daemon("slurmd", "-N", node)
        self._await_nodes()

    def stop(self):
        """End all jobs and daemons."""
        self.run("scancel", "--user", getpass.getuser(), check=False)
        self.run("scontrol", "shutdown", check=False)
        pid = self.folder / "munge" / "pid"
        if pid.exists():
            os.kill(int(pid.read_text()), 15)

    def run(self, *words, check=True, **environment):
        """Run a command of Slurm and return (exit code, what it said)."""
        done = subprocess.run(
            [_path(words[0]), *map(str, words[1:])],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(map(str, words))}: {done.stdout}")
        return done.returncode, done.stdout

    def job(self, number):
        """Return {key: value} of what Slurm knows about a job."""
        _, text = self.run("scontrol", "--oneliner", "show", "job", number)
        return dict(word.split("=", 1) for word in text.split() if "=" in word)

    def wait(self, number, states, seconds):
        """Wait until a job is in one of these states, and return what Slurm knows about it."""
        deadline = time.monotonic() + seconds
        while (job := self.job(number))["JobState"] not in states:
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"job {number} is {job['JobState']} after {seconds} s, not {states}"
                )
            time.sleep(0.5)
        return job

    def _daemon(self, *words):
        code, said = self.run(*words, check=False)
        if code:
            raise RuntimeError(f"{words[0]} did not start: {said.strip()[-400:]}")

    def _await_nodes(self):
        for _ in range(60):
            code, states = self.run("sinfo", "--noheader", "--Node", "-o", "%T", check=False)
            if code == 0 and states.split() == ["idle"] * len(NODES):
                return
            time.sleep(0.5)
        log = self.folder / "slurmctld.log"
        words = log.read_text()[-400:] if log.exists() else ""
        raise RuntimeError(f"the nodes of Slurm do not come up: {states} {words}")


def missing():
    """Return why Slurm cannot be started here, '' if its programs are there."""
    absent = [name for name in PROGRAMS if _path(name) is None]
    if absent:
        return f"needs {', '.join(absent)} (Debian: slurmctld slurmd slurm-client munge)"
    return ""


def _path(program):
    return shutil.which(program) or shutil.which(program, path=os.pathsep.join(_SYSTEM))


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


if __name__ == "__main__":
    if missing():
        sys.exit(missing())
    site = SlurmSite(sys.argv[1])
    site.start()
    print(f"export SLURM_CONF={site.folder / 'slurm.conf'}")
