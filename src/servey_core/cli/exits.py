"""What the exit status of `servey` says."""

OK = 0
FAILED = 1
BAD_INPUT = 2
DENIED = 3
REFUSED = 4
CANNOT_START = 5
INTERRUPTED = 130

MEANINGS = {
    OK: "it went well",
    FAILED: "it failed, in a way that the action's author did not foresee (5xx)",
    BAD_INPUT: "the command line or the input is wrong (400, 413, 415, 422)",
    DENIED: "the caller may not, or is not known (401, 403)",
    REFUSED: "the action refused (any other 4xx)",
    CANNOT_START: "the application could not start",
    INTERRUPTED: "it was interrupted",
}

_BAD_INPUT_STATUSES = {400, 413, 415, 422}
_DENIED_STATUSES = {401, 403}
_FIRST_SERVER_ERROR = 500


def exit_code(status: int) -> int:
    """The exit status for a problem's HTTP status code."""
    if status in _BAD_INPUT_STATUSES:
        return BAD_INPUT
    if status in _DENIED_STATUSES:
        return DENIED
    return FAILED if status >= _FIRST_SERVER_ERROR else REFUSED
