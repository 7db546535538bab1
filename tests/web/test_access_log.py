"""The access log: the same line and the same record, whichever way it takes."""

import io
import json
import logging
import re
import warnings
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_core.logs import configure_logging
from servey_core.settings import CoreSettings
from servey_web.access_log import log_access
from servey_web.scopes import REQUEST_ID

CANARY = "canary5Jk2mQ8xWz71"
FIELDS = ["method", "path", "status", "duration_ms", "bytes", "client", "request_id"]


@contextmanager
def served(written="json"):
    """Logging as `servey serve` has it, and nothing else's handlers: the stream."""
    structlog = pytest.importorskip("structlog")
    root = logging.getLogger()
    before = root.handlers, root.level, warnings.showwarning
    try:
        configure_logging(CoreSettings(log_format=written), stream := io.StringIO())
        yield stream
    finally:
        root.handlers, level, warnings.showwarning = before
        root.setLevel(level)
        structlog.reset_defaults()


class Kept(logging.Handler):
    """A handler of the user's own, which keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record) -> None:
        self.records.append(record)


paths = (
    st.binary()
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.sampled_from([f"/password={CANARY}", f"/whsec_{CANARY}"]).map(str.encode)
)
queries = st.just(f"?token={CANARY}".encode()) | st.just(b"")
clients = st.none() | st.tuples(st.ip_addresses().map(str) | st.text(), st.integers(0, 65535))


@st.composite
def scopes(draw):
    """Scopes of requests: well-formed, malformed, and from servers that give no raw path."""
    path = draw(paths)
    scope = {
        "type": "http",
        "method": draw(st.sampled_from(["GET", "POST", "M-SEARCH"]) | st.text()),
        "path": path.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode(),
        "raw_path": draw(st.sampled_from([None, b"", path + draw(queries)])),
        "headers": [(b"authorization", f"Bearer {CANARY}".encode())],
        REQUEST_ID: draw(
            st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{7,127}", fullmatch=True)
        ).encode(),
    }
    if draw(st.booleans()):
        scope["client"] = draw(clients)
    return scope


@given(
    written=st.sampled_from(["json", "console"]),
    scope=scopes(),
    status=st.integers(100, 599),
    size=st.integers(0, 2**63),
    seconds=st.floats(0, 1e9),
)
def test_the_line_is_the_one_of_an_ordinary_record(written, scope, status, size, seconds) -> None:
    with served(written) as stream:
        log_access(scope, status, size, seconds)
        direct = stream.getvalue()
        logging.getLogger().addHandler(kept := Kept())
        log_access(scope, status, size, seconds)
        ordinary = stream.getvalue()[len(direct) :]
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"
    assert re.sub(moment, "(time)", direct, count=1) == re.sub(moment, "(time)", ordinary, count=1)
    assert re.search(moment, direct)
    assert CANARY not in direct
    [record] = kept.records
    if written == "json":
        line = json.loads(direct)
        assert [*line] == ["message", "level", "logger", "timestamp", *FIELDS]
        numbers = ["status", "duration_ms", "bytes"]
        assert [line[name] for name in numbers] == [getattr(record, name) for name in numbers]


def test_as_served_a_line_needs_no_record(monkeypatch) -> None:
    structlog = pytest.importorskip("structlog")
    made = []
    with served() as stream:
        monkeypatch.setattr(structlog.stdlib.ProcessorFormatter, "format", made.append)
        log_access({"method": "GET", "path": "/", REQUEST_ID: b"12345678"}, 200, 5, 0.1)
    assert json.loads(stream.getvalue())["message"] == "GET / 200"
    assert made == []


def test_a_path_cannot_break_the_line() -> None:
    scope = {
        "method": "GET",
        "path": "/",
        "raw_path": b'/a\r\n"\xff\x1b[2J\\',
        REQUEST_ID: b"12345678",
    }
    with served() as stream:
        log_access(scope, 200, 5, 0.0123456)
    [line] = stream.getvalue().splitlines()
    assert json.loads(line)["path"] == r"/a\r\n" + '"' + r"\xff\x1b[2J\\"
    assert json.loads(line)["duration_ms"] == 12.35
    assert json.loads(line)["client"] is None


def test_a_handler_of_the_users_own_gets_a_record() -> None:
    scope = {
        "method": "PUT",
        "path": "/a",
        "raw_path": b"/a?b",
        "client": ("127.0.0.1", 5000),
        REQUEST_ID: b"12345678",
    }
    with served():
        logging.getLogger().addHandler(kept := Kept())
        log_access(scope, 200, 5, 0.0123456)
    [record] = kept.records
    assert (record.name, record.levelname) == ("servey.access", "INFO")
    assert (record.msg, record.args) == ("%s %s %d", ("PUT", "/a", 200))
    assert (record.module, record.funcName) == ("access_log", "log_access")
    values = ["PUT", "/a", 200, 12.35, 5, "127.0.0.1", "12345678"]
    assert {name: vars(record)[name] for name in FIELDS} == dict(zip(FIELDS, values, strict=True))


def test_what_is_too_quiet_is_not_written() -> None:
    scope = {"method": "GET", "path": "/", REQUEST_ID: b"12345678"}
    with served() as stream:
        logger = logging.getLogger("servey.access")
        logger.setLevel(logging.WARNING)
        try:
            log_access(scope, 200, 5, 0.1)
        finally:
            logger.setLevel(logging.NOTSET)
        log_access(scope, 201, 5, 0.1)
    assert [json.loads(line)["status"] for line in stream.getvalue().splitlines()] == [201]
