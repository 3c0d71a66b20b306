#!/usr/bin/env bash
# Sets everything up in a virtual environment and runs gas lifted off a disc by cosmic rays on 2 ranks; ends with a summary and a picture.
#   bash launch/quickstart.sh [RANKS] [key=value ...]      e.g.  bash launch/quickstart.sh 4 time.end="20 Myr"
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$here/launch/environment.sh"

ranks=2
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    ranks=$1
    shift
fi
out=${CRMPI_OUTPUT:-$here/runs/galactic_wind}

echo "== cosmic rays lift gas off a disc (a fountain: most of it falls back), $ranks ranks, output in $out"
mpirun -n "$ranks" crmpi run galactic_wind output.dir="$out" "$@"

echo "== the picture"
crmpi plot "$out" --output "$out/galactic_wind.png"
echo "open $out/galactic_wind.png"
