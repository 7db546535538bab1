"""The log: where it goes, how it is written, and that no secret gets into it."""

import io
import json
import logging
import subprocess
import sys
import time
import warnings

import pytest

from servey_core.logs import configure_logging, log_format
from servey_core.redaction import REDACTED, is_secret, redacted, redacted_text
from servey_core.settings import CoreSettings

CANARY = "canary-5Jk2mQ8xWz71"


@pytest.fixture
def configured():
    """`configure_logging` on a stream, and everything as it was afterwards."""
    structlog = pytest.importorskip("structlog")
    root = logging.getLogger()
    before = root.handlers[:], root.level, warnings.showwarning

    def configure(written="json", level="info"):
        stream = io.StringIO()
        configure_logging(CoreSettings(log_format=written, log_level=level), stream)
        return stream

    yield configure
    root.handlers, level, warnings.showwarning = before
    root.setLevel(level)
    structlog.reset_defaults()


def records(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_line_of_json_with_its_fields(configured):
    stream = configured()
    fields = {"instance": "urn:uuid:1", "action": "say_hello", "event": "tide", "sizes": (1, 2)}
    logging.getLogger("servey.test").warning("it took %d s", 3, extra=fields)
    [record] = records(stream)
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "message": "it took 3 s",
        "level": "warning",
        "logger": "servey.test",
        **fields,
        "sizes": [1, 2],
    }


def test_a_traceback_is_in_the_record(configured):
    stream = configured()
    error = ValueError("too high")
    logging.getLogger("servey.test").error("failed", exc_info=error)
    [record] = records(stream)
    assert "ValueError: too high" in record["exception"]


@pytest.mark.parametrize("written", ["console", "json"])
def test_no_secret_gets_into_the_log(configured, written):
    stream = configured(written)
    log = logging.getLogger("servey.test")
    headers = [(b"authorization", CANARY.encode()), (b"accept", b"*/*")]
    fields = {
        "headers": headers,
        "settings": {"jwt-secret-key": CANARY, "nested": [{"Password": CANARY}]},
        "set-cookie": f"session={CANARY}",
        "access_token": CANARY,
        "url": f"redis://user:{CANARY}@host/0",
        "whatever": Exception(f"Bearer {CANARY}"),
    }
    log.info("got Authorization: Bearer %s", CANARY, extra=fields)
    log.info("GET /ws?token=%s&x=1", CANARY)
    log.info("%s", {"password": CANARY})
    log.info("key whsec_%s", CANARY)
    log.error("failed", exc_info=ValueError(f"cannot log in with password={CANARY}"))
    text = stream.getvalue()
    assert CANARY not in text
    assert text.count(REDACTED) >= 10
    assert "*/*" in text


def test_records_of_structlog_take_the_same_way(configured):
    structlog = pytest.importorskip("structlog")
    stream = configured()
    structlog.get_logger("app").info("it %s", "works", token=CANARY, action="say_hello")
    structlog.get_logger("app").debug("too quiet")
    [record] = records(stream)
    assert record["message"] == "it works"
    assert record["logger"] == "app"
    assert record["action"] == "say_hello"
    assert record["token"] == REDACTED


def test_loggers_of_uvicorn_write_once(configured):
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.NOTSET)  # a server in this process may have set another
    logger.addHandler(logging.StreamHandler(own := io.StringIO()))
    logger.propagate = False
    stream = configured()
    logger.info("started", extra={"color_message": "\x1b[1mstarted"})
    assert own.getvalue() == ""
    [record] = records(stream)
    assert record["message"] == "started"
    assert "color_message" not in record


def test_warnings_are_records(configured):
    stream = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("beware", UserWarning, "tides.py", 3)
    [record] = records(stream)
    assert record["message"] == "beware"
    assert record["category"] == "UserWarning"
    assert record["place"] == "tides.py:3"


def test_the_level_is_kept(configured):
    stream = configured(level="error")
    logging.getLogger("servey.test").warning("not now")
    logging.getLogger("servey.test").error("now")
    assert [one["message"] for one in records(stream)] == ["now"]


def test_the_console_is_for_people(configured):
    stream = configured("console")
    logging.getLogger("servey.test").info("hello", extra={"action": "say_hello"})
    assert "hello" in stream.getvalue()
    assert "action=say_hello" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_auto_is_console_on_a_terminal_only():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    core = CoreSettings()
    assert log_format(core, Terminal()) == "console"
    assert log_format(core, io.StringIO()) == "json"
    assert log_format(CoreSettings(log_format="json"), Terminal()) == "json"


def test_importing_configures_nothing_and_loads_no_structlog():
    code = """if True:
        import logging, sys, warnings
        usual = warnings.showwarning
        import servey_core.logs, servey_core.services, servey_core.serving
        assert not logging.getLogger().handlers
        assert warnings.showwarning is usual
        assert "structlog" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    "text",
    [
        "the token expired",
        "Invalid token: expected a string",
        "Basic auth",
        "GET /actions/say-hello 200",
        "monkey=1",
        "http://127.0.0.1:8000/a@b",
        "password: none was given",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redacted_text(text) == text


def test_names_of_secrets():
    secret = ["Authorization", "cookie", "SET-COOKIE", "refresh_token", "api-key", "DB_PASSWORD"]
    harmless = ["tokens", "max_tokens", "key", "author", "path", "monkey", "status"]
    assert [name for name in (*secret, *harmless) if is_secret(name)] == secret


def test_what_is_very_deep_is_left_out():
    value: list = []
    value.append(value)
    assert "..." in json.dumps(redacted(value))


def test_long_texts_take_linear_time():
    pieces = ["a-", "a", "-eyJ", "eyJ.", "://", "token ", "Bearer ", 'password="', "cookie: "]
    started = time.process_time()
    for piece in pieces:
        redacted_text(f"token {piece * (200_000 // len(piece))}")
    assert time.process_time() - started < 5
