# Sourced by the launch scripts: makes the virtual environment, installs crmpi into it and activates it.
#   CRMPI_VENV    folder of the environment                     (.venv in the checkout)
#   CRMPI_PYTHON  interpreter to make it with                   (the first Python >= 3.11 on the path)
#   CRMPI_EXTRAS  optional parts to install, see pyproject.toml (mpi,plot); without mpi where the machine brings its own MPI
# An environment that is there is used again; it is installed anew only when pyproject.toml or the extras changed.

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} NUMBA_NUM_THREADS=${NUMBA_NUM_THREADS:-1}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${CRMPI_VENV:-$checkout/.venv}
extras=${CRMPI_EXTRAS:-mpi,plot}

fail() {
    echo "error: $*" >&2
    exit 1
}

find_python() {
    local candidate
    for candidate in ${CRMPI_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer found${CRMPI_PYTHON:+ at CRMPI_PYTHON=$CRMPI_PYTHON}; install one, or name one with CRMPI_PYTHON=/path/to/python3"
}

make_venv() {
    local python
    if [[ -e $venv && ! -f $venv/pyvenv.cfg && -n $(ls -A "$venv") ]]; then
        fail "$venv is not a virtual environment and not empty; choose another folder with CRMPI_VENV"
    fi
    python=$(find_python) || exit 1
    echo "== virtual environment $venv with $("$python" --version)"
    "$python" -c 'import venv, ensurepip' 2>/dev/null \
        || fail "$python cannot make virtual environments; on Debian or Ubuntu: apt install python3-venv, or name another one with CRMPI_PYTHON"
    "$python" -m venv --clear "$venv" || fail "cannot make a virtual environment in $venv; choose another folder with CRMPI_VENV"
}

install_crmpi() {
    local stamp=$venv/.crmpi-installed version before
    version="$checkout $(cksum <"$checkout/pyproject.toml")"
    before=$(grep -F "$version" "$stamp" 2>/dev/null) || before=
    if grep -qxF "$version [$extras]" <<<"$before"; then
        return
    fi
    echo "== installing crmpi[$extras]; the first time this takes a minute or two"
    python -m pip install --quiet --disable-pip-version-check -e "$checkout[$extras]" \
        || fail "pip could not install crmpi[$extras] into $venv; see its message above"
    printf '%s\n' ${before:+"$before"} "$version [$extras]" >"$stamp"
}

activate() {
    if [[ -f $venv/bin/activate ]]; then
        source "$venv/bin/activate"
    else
        export PATH=$venv/bin:$PATH
    fi
}

has_pip() {
    "$venv/bin/python" -m pip --version || "$venv/bin/python" -m ensurepip
}

has_pip >/dev/null 2>&1 || make_venv
activate
install_crmpi
