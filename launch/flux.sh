#!/usr/bin/env bash
# Flux template, written from its documentation and not tried on such a machine. Submit from a folder with your YAML:
#   flux batch launch/flux.sh my_wind.yaml [key=value ...]
# It goes on from the last checkpoint in output.dir if there is one: submit it again until the run has reached its end.
# flux: --job-name=crmpi
# flux: --nodes=2
# flux: --nslots=128
# flux: --time-limit=12h

export OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1
: "${1:?usage: flux batch flux.sh FILE.yaml [key=value ...]}"

# the run stops by itself five minutes before the limit, unless you set a limit of your own
if ! { printf '%s\n' "$@" && cat "$1"; } 2>/dev/null | grep -q wall_time; then
    set -- "$@" output.wall_time=42900
fi
flux run --ntasks=128 crmpi run --resume "$@"
