#!/usr/bin/env bash
# Sets everything up in a virtual environment and runs all tests: style, serial, on 2 and on 4 ranks.
#   bash launch/test.sh [--full] [pytest options ...]
#     --full   also the full-resolution verification (long)
#   PYTEST_XDIST_AUTO_NUM_WORKERS   processes that share the serial tests   (the cores of the machine, at most 8)
# All steps run, whatever fails; the exit code is 0 only if all passed.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CRMPI_EXTRAS=${CRMPI_EXTRAS:-mpi,plot,test,docs}
source "$here/launch/environment.sh"
cd "$here" || exit 1

full=
if [[ ${1:-} == --full ]]; then
    full=yes
    shift
fi

summary=
failures=0

# step NAME COMMAND...: run, time and remember; "no tests collected" (pytest's exit code 5) is a failure like any other
step() {
    local name=$1 begin=$SECONDS code=0 verdict
    shift
    printf '\n== %s\n' "$name"
    "$@" || code=$?
    verdict=passed
    if ((code)); then
        verdict="FAILED (exit code $code)"
        failures=$((failures + 1))
    fi
    summary+=$(printf '%-34s %6d s   %s' "$name" $((SECONDS - begin)) "$verdict")$'\n'
}

# the types and, beside them, the site without a warning: each of the two keeps one core busy
typed_and_documented() {
    local documentation code=0
    python -m sphinx -W --keep-going -q -c docs/site . build/site &
    documentation=$!
    python -m mypy || code=$?
    wait "$documentation" && return "$code"
}

# on_ranks N COMMAND...: under mpirun; only the first rank speaks on standard output
on_ranks() {
    local ranks=$1
    shift
    mpirun -n "$ranks" bash -c '[[ ${PMI_RANK:-${OMPI_COMM_WORLD_RANK:-0}} == 0 ]] || exec >/dev/null; exec "$@"' rank "$@"
}

# the slowest tests are listed: all of them together must stay below 25 minutes on 2 cores
slowest=(--durations 25 --durations-min 3)
# one worker per core; each begins with its share of the files, whose tests share runs, and one that
# is done takes over from the others
serial=(python -m pytest -q --timeout 1200 -n auto --maxprocesses 8 --dist worksteal "${slowest[@]}")
parallel=(python -m pytest -q --with-mpi --only-mpi --timeout 600 --timeout-method=thread "${slowest[@]}")

step "style" ruff check .
step "types; documentation without warnings" typed_and_documented
step "unit tests" "${serial[@]}" -m "not full" tests/unit "$@"
step "problems, faults, verification" "${serial[@]}" -m "not full" tests --ignore tests/unit --ignore tests/mpi "$@"
step "tests on 2 ranks" on_ranks 2 "${parallel[@]}" -m "not full" tests/mpi "$@"
# what more ranks can change: neighbours and the bits of the answer; restarts and partitions follow with --full
step "tests on 4 ranks" on_ranks 4 "${parallel[@]}" -m "not full" tests/mpi/test_halo.py tests/mpi/test_reproducibility.py \
    -k "not restart and not transport_across_levels and not galaxy" "$@"
if [[ $full ]]; then
    step "restarts and partitions on 4 ranks" on_ranks 4 "${parallel[@]}" tests/mpi/test_reproducibility.py "$@"
    step "full verification" "${serial[@]}" --timeout 14400 -m full tests --ignore tests/mpi "$@"
fi

printf '\n== summary\n%s' "$summary"
if ((failures)); then
    echo "$failures of the steps above failed"
    exit 1
fi
echo "all passed"
