"""The results of ``crmpi bench`` as text."""

_NANO = 1e9


def report(results):
    """Return the results of `crmpi.tools.bench.measure` as lines of text."""
    names = [
        name
        for name, found in results.items()
        if isinstance(found, dict) and "zone_cycles_per_second" in found
    ]
    zones = results["cells"][0] * results["cells"][1] * results["cells"][2]
    triad, flops = results["triad_bytes_per_second"] / 1e9, results["flops_per_second"] / 1e9
    lines = [
        f"{results['cells'][0]}^3 cells in blocks of {results['block'][0]}^3, one core; "
        f"memory bandwidth (triad) {triad:.1f} GB/s, arithmetic {flops:.1f} GFLOP/s without "
        "fused operations",
        "",
        f"{'':12}{'million zone-':>14}{'ns per zone':>12}{'bytes per':>12}{'share of':>9}",
        f"{'':12}{'cycles/s':>14}{'and cycle':>12}{'zone, cycle':>12}{'triad':>9}",
    ]
    for name in names:
        found = results[name]
        rate, size, share = (
            found["zone_cycles_per_second"],
            found["bytes_per_zone_cycle"],
            found["triad_fraction"],
        )
        lines.append(f"{name:12}{rate / 1e6:14.3f}{_NANO / rate:12.1f}{size:12.0f}{share:9.0%}")
    lines += [
        "",
        *_phases(results, names, zones),
        "",
        *_substeps(results, names, zones),
        *_messages(results, names),
    ]
    return "\n".join(lines)


def _phases(results, names, zones):
    """Return the table of the phases, ns per zone and cycle."""
    phases = list(dict.fromkeys(phase for name in names for phase in results[name]["seconds"]))
    yield "ns per zone and cycle by phase ('ghosts' are those of fluid and transport together)"
    yield f"{'':12}" + "".join(f"{phase:>12}" for phase in phases) + f"{'ghosts/all':>12}"
    for name in names:
        seconds = results[name]["seconds"]
        cells = "".join(
            f"{_NANO * seconds[phase] / zones:12.1f}" if phase in seconds else f"{'-':>12}"
            for phase in phases
        )
        yield f"{name:12}{cells}{seconds.get('ghosts', 0.0) / sum(seconds.values()):12.1%}"


def _substeps(results, names, zones):
    """Return the cost of transport sub-steps."""
    for name in names:
        found = results[name]
        if found["substeps"]:
            each = _NANO / zones / found["substeps"]
            yield (
                f"{name}: {found['substeps']} sub-steps per cycle, "
                f"{each * found['substep_seconds']:.1f} ns per zone and sub-step "
                f"with ghost zones, {each * found['transport_seconds']:.1f} with all the rest "
                "of the operator"
            )


def _messages(results, names):
    """Return the messages of a rank with one block and 26 neighbours."""
    yield "a rank with one block and 26 neighbours:"
    for name in names:
        found, alone = results[name]["surrounded"], results[name]["zone_cycles_per_second"]
        zones = results["block"][0] * results["block"][1] * results["block"][2]
        yield (
            f"{name:12}{found['messages_per_step']:6.0f} messages and "
            f"{found['reductions_per_step']:.0f} reductions per step, "
            f"{found['bytes_per_zone']:.1f} bytes per zone and step sent, "
            f"{_NANO * found['step_seconds'] / zones:.1f} ns per zone and cycle with packing "
            f"(alone {_NANO / alone:.1f})"
        )
