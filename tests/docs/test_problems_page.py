"""`docs/problems.md` lists every problem that Servey knows."""

from pathlib import Path

from servey_core import errors

PAGE = Path(__file__).parents[2] / "docs" / "problems.md"


def test_every_problem_is_listed_with_its_type_and_status() -> None:
    known = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.ProblemError)
    ]
    rows = {f"| `{one.__name__}` | `{one.type}` | {one.status} |" for one in known[1:]}
    listed = {line for line in PAGE.read_text().splitlines() if line.startswith("| `")}
    assert listed == rows
