#!/usr/bin/env bash
# PBS template (OpenPBS, PBS Professional), written from their documentation and not tried on such a machine.
# Submit from a folder with your YAML:  qsub -v WORDS="my_wind.yaml time.end=1e3" launch/pbs.sh
# It goes on from the last checkpoint in output.dir if there is one: submit it again until the run has reached its end.
#PBS -N crmpi
#PBS -l select=2:ncpus=64:mpiprocs=64
#PBS -l walltime=12:00:00
#PBS -r y
#PBS -j oe

cd "$PBS_O_WORKDIR" || exit
export OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1
read -ra words <<<"${WORDS:?usage: qsub -v WORDS=\"FILE.yaml key=value ...\" pbs.sh}"

# PBS kills ten seconds after it warns: the run stops by itself five minutes before the limit, unless you set a limit of your own
if ! { printf '%s\n' "${words[@]}" && cat "${words[0]}"; } 2>/dev/null | grep -q wall_time; then
    words+=(output.wall_time=42900)
fi
mpiexec -n "$(wc -l <"$PBS_NODEFILE")" crmpi run --resume "${words[@]}"
