"""Flat records: the line made directly is the ordinary one, and who wants a record gets it."""

import io
import json
import logging
import math
import re
import subprocess
import sys
import threading
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_core import flat_logs
from servey_core.flat_logs import FlatLog, LineHandler
from servey_core.logs import configure_logging
from servey_core.redaction import REDACTED
from servey_core.settings import CoreSettings

NAMES = ("path", "100%", "status", "client")
VALUES = ("/a", 2.5, 200, None)
SECRETS = ["Bearer canary-5Jk2mQ8x", "whsec_5Jk2", "x?token=5Jk2", "amqp://me:5Jk2@host", "key"]

log = FlatLog(logging.getLogger("servey.flat"), "%s took %s", NAMES)


class Seen(logging.Formatter):
    """Keeps the records that it is given."""

    def __init__(self):
        super().__init__()
        self.records = []

    def format(self, record):
        self.records.append(record)
        return "ordinary"


class Setup:
    """Loggers of nobody else's, with one handler above them."""

    def __init__(self):
        self.seen = Seen()
        self.handler = LineHandler(io.StringIO(), self.seen)
        # Pytest would add handlers to loggers that it finds.
        self.top = logging.Logger("servey", logging.INFO)  # noqa: LOG001
        self.top.addHandler(self.handler)
        self.logger = self.below("flat")
        self.log = FlatLog(self.logger, "%s took %s", NAMES)

    def below(self, name, kind=logging.Logger):
        logger = kind(f"servey.{name}")
        logger.parent = self.top
        return logger

    def write(self):
        self.log.write(("/a", 2.5), *VALUES)

    @property
    def output(self):
        return self.handler.stream.getvalue()

    @property
    def records(self):
        """Those that took the ordinary way."""
        return self.seen.records


@pytest.fixture
def setup():
    return Setup()


@contextmanager
def served(written):
    """Logging as `servey serve` has it: the stream."""
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


def without_time(text):
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"
    plain, times = re.subn(moment, "(time)", text)
    assert times >= 1
    return plain


texts = st.text() | st.sampled_from(SECRETS) | st.characters(categories=["Cs", "Cc", "Zl"])
values = texts | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none()


@given(written=st.sampled_from(["json", "console"]), first=values, rest=st.tuples(*[values] * 3))
def test_the_line_is_the_one_of_an_ordinary_record(written, first, rest) -> None:
    with served(written) as stream:
        log.write((first, rest[0]), first, *rest)
        direct = stream.getvalue()
        logging.getLogger().addHandler(logging.NullHandler())
        log.write((first, rest[0]), first, *rest)
        ordinary = stream.getvalue()[len(direct) :]
    assert without_time(direct) == without_time(ordinary)


def test_a_line_needs_no_record(setup) -> None:
    setup.write()
    record = json.loads(setup.output)
    assert datetime.fromisoformat(record.pop("timestamp")).tzinfo == UTC
    assert record == {
        "message": "/a took 2.5",
        "level": "info",
        "logger": "servey.flat",
        **dict(zip(NAMES, VALUES, strict=True)),
    }
    assert not setup.records


@pytest.mark.parametrize(
    "nanoseconds", [0, 5_000_000_999, 1_999_999_999_999_999_999, 7_000_001_000]
)
def test_the_moment_is_written_as_by_the_standard_library(setup, monkeypatch, nanoseconds) -> None:
    monkeypatch.setattr(flat_logs, "time_ns", lambda: nanoseconds)
    setup.write()
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
    assert json.loads(setup.output)["timestamp"] == moment.isoformat().replace("+00:00", "Z")
    assert not setup.records


@pytest.mark.parametrize("secret", SECRETS[:-1])
def test_no_secret_is_in_a_line(setup, secret) -> None:
    setup.log.write((secret, 1), secret, 1, 200, secret)
    assert "5Jk2" not in setup.output
    assert setup.output.count(REDACTED) == 3
    assert not setup.records


def test_there_is_no_field_for_secrets(setup) -> None:
    with pytest.raises(ValueError, match="'api_key'"):
        FlatLog(setup.logger, "%s", ["path", "api_key"])


class Filter(logging.Filter):
    """Marks what it lets through."""

    def filter(self, record):
        record.marked = True
        return True


class Record(logging.LogRecord):
    """A record of the user's own making."""


def with_a_second_handler(setup, _) -> None:
    setup.top.addHandler(logging.NullHandler())


def with_a_handler_of_its_own(setup, _) -> None:
    setup.logger.addHandler(logging.NullHandler())


def with_a_filter(setup, _) -> None:
    setup.logger.addFilter(Filter())


def with_a_filter_of_the_handler(setup, _) -> None:
    setup.handler.addFilter(Filter())


def with_records_of_another_class(_, patch) -> None:
    patch.setattr(logging, "_logRecordFactory", Record)


def with_another_name_of_the_level(_, patch) -> None:
    patch.setitem(logging._levelToName, logging.INFO, "NOTICE")


@pytest.mark.parametrize(
    "arrange",
    [
        with_a_second_handler,
        with_a_handler_of_its_own,
        with_a_filter,
        with_a_filter_of_the_handler,
        with_records_of_another_class,
        with_another_name_of_the_level,
    ],
)
def test_who_wants_a_record_gets_it(setup, monkeypatch, arrange) -> None:
    arrange(setup, monkeypatch)
    setup.write()
    assert setup.output == "ordinary\n"
    [record] = setup.records
    assert record.getMessage() == "/a took 2.5"
    assert (record.msg, record.args) == ("%s took %s", ("/a", 2.5))
    assert record.levelno == logging.INFO
    assert (record.funcName, record.pathname) == ("write", __file__)
    assert {name: vars(record)[name] for name in NAMES} == dict(zip(NAMES, VALUES, strict=True))


@pytest.mark.parametrize("method", ["makeRecord", "handle", "callHandlers"])
def test_who_observes_the_log_sees_the_record(setup, monkeypatch, method) -> None:
    def observe(*given):
        seen.append(method)
        return usual(*given)

    seen, usual = [], getattr(logging.Logger, method)
    monkeypatch.setattr(logging.Logger, method, observe)
    setup.write()
    assert seen == [method]
    assert len(setup.records) == 1


def test_a_formatter_of_the_users_own_writes_the_record(setup) -> None:
    setup.handler.setFormatter(other := Seen())
    setup.write()
    assert len(other.records) == 1
    assert not setup.records


def test_a_handler_of_the_users_own_gets_the_record(setup) -> None:
    class Kept(LineHandler):
        def emit(self, record) -> None:
            kept.append(record)

    kept = []
    setup.top.handlers = [Kept(io.StringIO(), setup.seen)]
    setup.write()
    assert [one.getMessage() for one in kept] == ["/a took 2.5"]


def test_a_logger_of_the_users_own_class_gets_the_record(setup) -> None:
    class Kept(logging.Logger):
        def handle(self, record) -> None:
            kept.append(record)

    kept = []
    FlatLog(setup.below("kept", Kept), "%s", ["path"]).write(("/a",), "/a")
    assert [one.getMessage() for one in kept] == ["/a"]


def test_a_handler_may_be_the_loggers_own(setup) -> None:
    setup.logger.addHandler(LineHandler(own := io.StringIO(), setup.seen))
    setup.logger.propagate = False
    setup.write()
    assert json.loads(own.getvalue())["message"] == "/a took 2.5"
    assert setup.output == ""
    assert not setup.records


def test_two_handlers_of_ours_both_write_the_record(setup) -> None:
    setup.logger.addHandler(LineHandler(own := io.StringIO(), setup.seen))
    setup.write()
    assert own.getvalue() == setup.output == "ordinary\n"


def silence_the_logger(setup) -> None:
    setup.logger.disabled = True


def silence_the_handler(setup) -> None:
    setup.handler.setLevel(logging.WARNING)


def silence_by_a_filter(setup) -> None:
    setup.logger.addFilter(lambda _: False)


def silence_by_a_filter_of_the_handler(setup) -> None:
    setup.handler.addFilter(lambda _: False)


@pytest.mark.parametrize(
    "silence",
    [
        silence_the_logger,
        silence_the_handler,
        silence_by_a_filter,
        silence_by_a_filter_of_the_handler,
    ],
)
def test_what_is_silenced_is_not_written(setup, silence) -> None:
    silence(setup)
    setup.write()
    assert setup.output == ""
    assert not setup.records


@pytest.mark.parametrize("wrapped", [False, True])
def test_whoever_observed_the_log_before_us_still_does(wrapped) -> None:
    code = f"""if True:
        import functools, io, logging
        seen, usual = [], logging.Logger.callHandlers

        def observe(logger, record):
            seen.append(record.getMessage())
            usual(logger, record)

        logging.Logger.callHandlers = functools.wraps(usual)(observe) if {wrapped} else observe
        from servey_core.flat_logs import FlatLog, LineHandler
        logging.basicConfig(
            level="INFO", handlers=[LineHandler(io.StringIO(), logging.Formatter())]
        )
        FlatLog(logging.getLogger("servey.flat"), "%s", ["path"]).write(("/a",), "/a")
        assert seen == ["/a"]
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_stream_that_fails_does_not_fail_the_caller(setup, capsys) -> None:
    setup.handler.stream.close()
    setup.write()
    told = capsys.readouterr().err
    assert "--- Logging error ---" in told
    assert "I/O operation on closed file" in told
    assert "/a took 2.5" in told


def test_lines_of_threads_and_of_other_loggers_stay_whole(setup) -> None:
    def work() -> None:
        for _ in range(100):
            setup.write()
            setup.below("other").info("hello")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    lines = setup.output.splitlines()
    assert lines.count("ordinary") == 400
    flat = [json.loads(line) for line in lines if line != "ordinary"]
    assert len(flat) == 400
    assert all(math.isclose(one["100%"], 2.5) for one in flat)


def test_lines_come_in_the_order_in_which_they_were_logged(setup) -> None:
    for _ in range(3):
        setup.write()
        setup.below("other").info("hello")
    assert [line == "ordinary" for line in setup.output.splitlines()] == [False, True] * 3
