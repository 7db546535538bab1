"""`docs/problems.md` lists every problem that Servey knows."""

from pathlib import Path

from servey_core import errors
from servey_graphql.serving import problems
from servey_web import file_ranges
from servey_web.sessions import csrf

PAGE = Path(__file__).parents[2] / "docs" / "problems.md"


def test_every_problem_is_listed_with_its_type_and_status() -> None:
    known = {
        one
        for module in (errors, file_ranges, csrf, problems)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, errors.ProblemError)
    }
    known -= {errors.ProblemError, problems.DocumentError}
    rows = {f"| `{one.__name__}` | `{one.type}` | {one.status} |" for one in known}
    listed = {line for line in PAGE.read_text().splitlines() if line.startswith("| `")}
    assert listed == rows
