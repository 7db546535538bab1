"""Tables of the fan-out's figures: a line for each server."""

from collections.abc import Sequence
from statistics import median

from peers.fanout import LIMIT, SEND_JSON

from measuring.fanout_figures import Load, Measured, key
from measuring.fanout_nodes import WORKERS, Nodes, node_key
from measuring.figures import Spread

_HEADS = (
    f"  {'':28}{'µs CPU':>8}  {f'x {SEND_JSON}':30}{'x the limit':22}"
    f"{'messages/s':>10}{'p50 ms':>10}{'p99 ms':>10}"
)


def table(measured: Measured, load: Load, peers: Sequence[str]) -> str:
    """CPU time for a message, how many times less that is than others', and how quick it is."""
    lines = [load.name, _HEADS]
    lines += [_line(measured, load, peer) for peer in peers]
    return "\n".join(line.rstrip() for line in lines)


def memory_table(measured: Measured) -> str:
    """KiB for each connection."""
    lines = [f"  {peer:28}{found:>8.1f}" for peer, found in measured.memory.items()]
    return "\n".join(["KiB for each connection", *lines])


def nodes_table(nodes: Nodes, loads: Sequence[Load]) -> str:
    """What one worker process delivers, and two."""
    lines = [f"  {'':28}{'messages/s':>12}  {'x one':22}{'by CPU':>12}  {'x one':22}"]
    for load in loads:
        lines.append(load.name)
        for workers in WORKERS:
            mine, one = node_key(load, workers), node_key(load, 1)
            cells = [
                f"{samples.median(mine):>12.0f}  {samples.times_quicker(mine, one)!s:22}"
                for samples in (nodes.rates, nodes.capacities)
            ]
            lines.append(f"  {mine.peer:28}{''.join(cells)}")
    share = median(nodes.shares[2])
    lines.append(f"  of two, the busier one takes {100 * share:.0f} % of their CPU time")
    return "\n".join(line.rstrip() for line in lines)


def _line(measured: Measured, load: Load, peer: str) -> str:
    mine, cpu = key(load, peer), measured.cpu
    ratios = [cpu.times_quicker(mine, key(load, other)) for other in (SEND_JSON, LIMIT)]
    beside = f"{_cell(ratios[0]):30}{_cell(ratios[1]):22}"
    half, most = measured.latencies.ms(mine)
    rate = "" if load.apart else f"{measured.rates.median(mine):.0f}"
    return f"  {peer:28}{cpu.median(mine):>8.2f}  {beside}{rate:>10}{half:>10.1f}{most:>10.1f}"


def _cell(ratio: Spread | None) -> str:
    return str(ratio or "")
