"""Tables of figures."""

from collections.abc import Sequence

from peers import BARE, FASTAPI, SERVEY

from measuring.figures import CPU, Key, Samples


def table(
    samples: Samples, case: str, title: str, peers: Sequence[str], baseline: str = FASTAPI
) -> str:
    """The figures of one case: a line for each peer, a column for each count of actions."""
    heads = [f"{samples.unit:>10}  {_actions(count)}" for count in samples.actions]
    lines = [f"{title}, x {baseline}", f"  {'':28}{_row(heads)}"]
    for peer in peers:
        keys = [Key(case, count, peer) for count in samples.actions]
        cells = [_cell(samples, key, [baseline]) for key in keys]
        if any(cells):
            lines.append(f"  {peer:28}{_row(cells)}")
    shares = [samples.times_quicker(*of_bare(case, count)) for count in samples.actions]
    if any(shares):
        cells = [f"{'':10}  {share}" if share else "" for share in shares]
        lines.append(f"  {f'{SERVEY}, x bare':28}{_row(cells)}")
    return "\n".join(line.rstrip() for line in lines)


def table_of_ratios(
    samples: Samples, case: str, title: str, peers: Sequence[str], baselines: Sequence[str]
) -> str:
    """The figures of one case: a line for each peer, a column for each that it is compared with."""
    lines = [title, f"  {'':28}{samples.unit:>10}  {_columns([f'x {one}' for one in baselines])}"]
    for peer in peers:
        key = Key(case, 1, peer)
        if key in samples:
            lines.append(f"  {peer:28}{_cell(samples, key, baselines)}")
    return "\n".join(line.rstrip() for line in lines)


def of_bare(case: str, actions: int) -> tuple[Key, Key]:
    """The keys to compare for the share of the bare application's speed that servey reaches."""
    return Key(case, actions, SERVEY), Key(case, actions, BARE)


def _cell(samples: Samples, key: Key, baselines: Sequence[str]) -> str:
    if key not in samples:
        return ""
    ratios = [samples.times_quicker(key, key._replace(peer=baseline)) for baseline in baselines]
    places = 1 if samples.unit == CPU else 0
    return f"{samples.median(key):>10.{places}f}  {_columns([str(one or '') for one in ratios])}"


def _columns(ratios: Sequence[str]) -> str:
    return "".join(f"{ratio:24}" for ratio in ratios).rstrip()


def _actions(count: int) -> str:
    return f"{count} action{'s' if count > 1 else ''}"


def _row(cells: Sequence[str]) -> str:
    return "".join(f"{cell:32}" for cell in cells)
