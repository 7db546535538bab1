"""`servey publish`: events from the command line, and from wherever else code runs."""

import json
import subprocess
import sys

import pytest
from chatting import HERE, SECRET, serving
from talk_server import environment
from waiting import until


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("events")
    return {
        "CHANNELS_URL": f"sqlite:///{folder}/events.db",
        "BROKER_URL": f"sqlite:///{folder}/jobs.db",
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory, settings):
    with serving(tmp_path_factory.mktemp("server"), **settings) as server:
        yield server


def servey(*arguments, stdin="", **settings):
    own = {"ACTION_PATH": "chatter", "JWT_SECRET_KEY": SECRET, **settings}
    return subprocess.run(
        [sys.executable, "-m", "servey_core", *arguments],
        cwd=HERE,
        env=environment(**own),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_event_reaches_the_clients_of_servers(server, settings):
    with server.connected("/news") as client, server.connected("/news") as other:
        name = client.hear("welcome")["connection_id"]
        here = client.hear("subscribed")
        other.hear("subscribed")
        ended = servey("publish", "news", '{"text": "é"}', **settings)
        assert (ended.returncode, ended.stderr) == (0, "")
        epoch, offset = here["epoch"], here["offset"] + 1
        assert json.loads(ended.stdout) == {"channel": "news", "epoch": epoch, "offset": offset}
        given = ("publish", "news", "-", "--connection-id", name)
        assert servey(*given, stdin='{"text": "one"}', **settings).returncode == 0
        assert client.texts(2) == ["é", "one"]
        server.tell("last")
        assert other.texts(2) == ["é", "last"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["new", "{}"], 2, "Did you mean 'news'?"),
        (["news", "{}"], 2, "/text"),
        (["news", "nonsense"], 2, "error: "),
        (["news", '{"text": 1}'], 2, "#/text: Input should be a valid string"),
        (["news"], 2, "Missing argument"),
    ],
)
def test_what_is_wrong_is_said_in_words(settings, arguments, status, words):
    ended = servey("publish", *arguments, **settings)
    assert ended.returncode == status, ended.stderr
    assert ended.stdout == ""
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_problem_can_be_json(settings):
    ended = servey("publish", "news", "{}", "--json", **settings)
    assert (ended.returncode, json.loads(ended.stdout)["status"]) == (2, 422)


def test_events_in_memory_would_be_heard_by_nobody(settings):
    ended = servey("publish", "news", '{"text": "a"}', **{**settings, "CHANNELS_URL": "memory:"})
    assert (ended.returncode, ended.stdout) == (5, "")
    assert "SERVEY_CHANNELS_URL" in ended.stderr


def test_a_redis_that_is_away_is_a_problem(settings):
    url = "redis://:secret@127.0.0.1:1/0"
    ended = servey("publish", "news", '{"text": "a"}', **{**settings, "CHANNELS_URL": url})
    assert ended.returncode == 1
    assert "cannot be used just now" in ended.stderr
    assert "secret" not in ended.stderr


def test_a_background_job_publishes(server, settings):
    worker = subprocess.Popen(
        [sys.executable, "-m", "servey_core", "worker"],
        cwd=HERE,
        env=environment(ACTION_PATH="chatter", JWT_SECRET_KEY=SECRET, **settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with server.connected("/news") as client:
            client.hear("subscribed")
            server.call("tell-by-job", text="by a job")
            assert client.texts(1) == ["by a job"]
    finally:
        worker.terminate()
        until(lambda: worker.poll() is not None)
