#!/usr/bin/env bash
# Builds sdist and wheel and tries the wheel outside of the checkout: alone, then with the extras mpi, plot and xarray.
#   bash launch/packages.sh [PYTHON ...]      interpreters to try it with, by default the first Python >= 3.11 on the path
# Needs a package registry. The packages stay in dist/; exit code 0 only if every interpreter passed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 PIP_DISABLE_PIP_VERSION_CHECK=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if (($#)); then
    pythons=("$@")
else
    pythons=()
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            pythons=("$candidate")
            break
        fi
    done
    ((${#pythons[@]})) || { echo "error: no Python 3.11 or newer found; name one behind the command" >&2; exit 1; }
fi

echo "== sdist, and a wheel made of it"
"${pythons[0]}" -m venv "$scratch/build"
"$scratch/build/bin/python" -m pip install --quiet build
"$scratch/build/bin/python" -m build --outdir "$scratch/dist" "$here" >"$scratch/build.log" || { tail -20 "$scratch/build.log"; exit 1; }
wheel=$(ls "$scratch"/dist/*.whl)
mkdir -p "$here/dist"
cp "$scratch"/dist/* "$here/dist"

# try_extras PYTHON: the wheel in a new environment, with one extra more each time
try_extras() {
    local python=$1 name bin
    name=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    bin=$scratch/$name/bin
    "$python" -m venv "$scratch/$name"
    mkdir "$scratch/work-$name"
    cd "$scratch/work-$name"
    "$bin/pip" install --quiet "$wheel"
    "$bin/python" -c 'import crmpi, pathlib, sys; sys.exit(pathlib.Path(crmpi.__file__).is_relative_to(sys.argv[1]))' "$here"
    "$bin/crmpi" --version
    "$bin/crmpi" run blast mesh.cells=[16,16,1] mesh.block=[8,8,1] time.max_steps=2 output.dir=base --quiet
    echo "   $name: base runs"
    "$bin/pip" install --quiet "$wheel[mpi]"
    "$bin/mpirun" -n 2 "$bin/crmpi" run blast mesh.cells=[16,16,1] mesh.block=[8,8,1] time.max_steps=2 output.dir=two --quiet
    echo "   $name: two ranks run"
    "$bin/pip" install --quiet "$wheel[plot]"
    "$bin/crmpi" plot two -o two.png >/dev/null
    test -s two.png
    echo "   $name: a picture is drawn"
    "$bin/pip" install --quiet "$wheel[xarray]"
    "$bin/python" - <<'PYTHON'
import xarray

files = ("base", "two")
sums = [float(xarray.open_dataset(f"{run}/snapshots/snapshot_00000.athdf", engine="crmpi").dens.sum()) for run in files]
assert sums[0] == sums[1] > 0, sums
PYTHON
    echo "   $name: xarray reads both, and both are the same"
}

failures=0
for python in "${pythons[@]}"; do
    echo "== $("$python" --version)"
    (set -e; try_extras "$python") || { failures=$((failures + 1)); echo "   FAILED with $python"; }
done
exit $((failures > 0))
