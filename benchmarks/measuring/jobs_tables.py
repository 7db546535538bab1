"""Tables of jobs' figures: a line for each library."""

from collections.abc import Mapping, Sequence

from measuring.jobs_figures import (
    BOTH,
    ENQUEUED,
    IN_BATCHES,
    RUN,
    RUN_BY_TWO,
    Latencies,
    Measured,
    Where,
    key,
)

_TABLES = ((ENQUEUED, IN_BATCHES, BOTH), (RUN, RUN_BY_TWO))


def rate_tables(measured: Measured, broker: str, peers: Sequence[str], baseline: str) -> list[str]:
    """Jobs per second on a broker, and as many times those of another library."""
    made = []
    for columns in _TABLES:
        lines = [f"{broker}, jobs/s, x {baseline}"]
        lines.append(f"  {'':24}" + "".join(f"{column:30}" for column in columns))
        for peer in peers:
            cells = [_rate(measured, (broker, peer), what, baseline) for what in columns]
            if any(cells):
                lines.append(f"  {peer:24}" + "".join(f"{cell:30}" for cell in cells))
        made.append("\n".join(line.rstrip() for line in lines))
    return made


def latency_table(latencies: Mapping[str, Latencies], broker: str, peers: Sequence[str]) -> str:
    """How long jobs wait on a broker, in ms: the 50th and the 99th percentile."""
    lines = [f"{broker}, ms from enqueueing to the start"]
    heads = [f"{name + ', p50':>12}{'p99':>10}" for name in latencies]
    lines.append(f"  {'':24}" + "    ".join(heads))
    for peer in peers:
        cells = [_latency(one, (broker, peer)) for one in latencies.values()]
        if any(cells):
            lines.append(f"  {peer:24}" + "    ".join(f"{cell:22}" for cell in cells))
    return "\n".join(line.rstrip() for line in lines)


def _rate(measured: Measured, where: Where, what: str, baseline: str) -> str:
    rates, mine = measured.rates, key(where, what)
    if mine not in rates:
        return ""
    ratio = rates.times_quicker(mine, measured.comparable((where[0], baseline), what))
    return f"{rates.median(mine):>7.0f}  {ratio or ''}"


def _latency(latencies: Latencies, where: Where) -> str:
    found = latencies.ms(where)
    return f"{found[0]:>12.1f}{found[1]:>10.1f}" if found else ""
