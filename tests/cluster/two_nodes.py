"""Two nodes on one machine: network namespaces with a cable (veth) between them, each with a host
name, shared memory and semaphores of its own, so that ranks on different nodes can only meet over
TCP.

    python -m tests.cluster.two_nodes                         the reproducibility tests
    python -m tests.cluster.two_nodes mpirun -n 4 COMMAND     any command

Ranks go to both nodes by turns.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from crmpi.tools.doctor.mpi import family, find_mpirun

ROOT = Path(__file__).parents[2]
NODES = {"node1": "10.99.0.1", "node2": "10.99.0.2"}
_TOOLS = ("ip", "unshare", "mount", "hostname")

# what a launcher calls in place of ssh: HOST COMMAND...
_AGENT = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
host=$1; shift
exec ip netns exec "$host" unshare --uts --ipc --mount sh -c '
    hostname "$0"; mount -t tmpfs tmpfs /dev/shm; exec sh -c "$*"' "$host" "$@"
"""
# run in name spaces of its own, which end with it: the two nodes, and the command on the first one
_NODES = """
set -e
mount -t tmpfs tmpfs /run
ip netns add node1
ip netns add node2
ip link add cable1 netns node1 type veth peer name cable2 netns node2
ip -n node1 addr add 10.99.0.1/24 dev cable1
ip -n node2 addr add 10.99.0.2/24 dev cable2
for n in 1 2; do
    ip -n node$n link set lo up
    ip -n node$n link set cable$n up
done
# an MPI that starts before the kernel calls the cable running does not see it
carries() { [ "$(ip netns exec node$1 cat /sys/class/net/cable$1/operstate)" = up ]; }
for attempt in $(seq 100); do
    carries 1 && carries 2 && break
    sleep 0.1
done
"$AGENT" node1 "$COMMAND" || code=$?
count() { ip netns exec node1 cat /sys/class/net/cable1/statistics/$1_bytes; }
echo "bytes between the nodes: $(count rx) $(count tx)"
exit ${code:-0}
"""


def missing():
    """Return why there cannot be two nodes here, '' if there can."""
    absent = [name for name in _TOOLS if shutil.which(name) is None]
    if absent:
        return f"needs {', '.join(absent)}"
    if find_mpirun() is None:
        return "needs mpirun"
    # what the nodes need, and be it a user's own name spaces
    trial = _unshared("mount -t tmpfs tmpfs /run && ip netns add x && ip netns exec x true")
    if trial.returncode:
        return f"may not make network namespaces: {trial.stderr.strip().splitlines()[-1:]}"
    return ""


def run(words, folder, **options):
    """Run ``mpirun -n N COMMAND...`` with the ranks on both nodes; return the completed process.

    The last line of its output are the bytes that node1 received and sent over the cable.
    """
    agent = Path(folder) / "agent"
    agent.write_text(_AGENT)
    agent.chmod(0o755)
    mpirun = find_mpirun() if words[0] == "mpirun" else words[0]
    command = " ".join([mpirun, *_placement(mpirun, agent), *map(_quoted, words[1:])])
    environment = {"AGENT": str(agent), "COMMAND": command}
    return _unshared(_NODES, environment, **options)


def _placement(mpirun, agent):
    """Return the options that put ranks on both nodes by turns and let them talk by TCP only."""
    if family(mpirun) == "Open MPI":
        hosts = ",".join(f"{name}:16" for name in NODES)
        network = {"btl": "tcp,self", "plm_rsh_agent": agent, "btl_tcp_if_include": "10.99.0.0/24"}
        network["oob_tcp_if_include"] = "10.99.0.0/24"
        chosen = [f"--mca {name} {value}" for name, value in network.items()]
        return [f"-H {hosts}", "--map-by node", *chosen]
    by_tcp = {"FI_PROVIDER": "tcp", "UCX_TLS": "tcp,self"}
    chosen = [f"-genv {name} {value}" for name, value in by_tcp.items()]
    launcher = f"-launcher ssh -launcher-exec {agent} -iface cable1"
    return [launcher, f"-hosts {','.join(NODES)}", "-ppn 1", *chosen]


def _quoted(word):
    return "'" + str(word).replace("'", "'\\''") + "'"


def _unshared(script, environment=(), **options):
    """Run a script as root of name spaces of its own, which a user may be without being root."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return subprocess.run(
        ["unshare", *user, "--net", "--mount", "--uts", "--ipc", "sh", "-c", script],
        env={name: value for name, value in os.environ.items() if not name.startswith("PMI")}
        | dict(environment),
        text=True,
        check=False,
        **{"capture_output": True} | options,
    )


def bytes_between(said):
    """Return the (received, sent) bytes of node1 that the last line of `run` tells."""
    return tuple(map(int, re.findall(r"bytes between the nodes: (\d+) (\d+)", said)[-1]))


def main(words):
    """Run a command, or the reproducibility tests, on two nodes and return the exit code."""
    import tempfile

    tests = ["-m", "pytest", "-q", "--with-mpi", "--only-mpi", "tests/mpi/test_reproducibility.py"]
    commands = [words] if words else [["mpirun", "-n", n, sys.executable, *tests] for n in "24"]
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        for command in commands:
            print("$", *command, flush=True)
            done = run(command, folder, capture_output=False, cwd=ROOT)
            code = code or done.returncode
    return code


if __name__ == "__main__":
    sys.exit(missing() or main(sys.argv[1:]))
