"""Channels over websockets, by the public door: what clients may ask, and who may ask it."""

import json
import re

import pytest
from chatting import SECRET, Refused, serving, token
from websockets.exceptions import InvalidStatus

ELSEWHERE = "https://evil.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), ALLOWED_HOSTS="127.0.0.1") as server:
        yield server


def test_events_come_in_order_with_their_places(server):
    with server.connected() as client:
        here = client.subscribe("news", id=7)
        assert (here["id"], here["channel"], here["recovered"]) == (7, "news", True)
        server.tell("one", "two")
        first, second = client.hear("event"), client.hear("event")
    assert set(first) == {"type", "channel", "epoch", "offset", "data"}
    assert first["data"] == {"text": "one", "owner": None}
    assert (first["epoch"], first["offset"]) == (here["epoch"], here["offset"] + 1)
    assert second["offset"] == here["offset"] + 2


def test_ten_thousand_events_come_in_order_without_gaps(server):
    with server.connected() as client, server.connected("/news") as other:
        here = client.subscribe("news")["offset"]
        assert other.hear("subscribed")["offset"] == here
        for begin in range(0, 10_000, 1000):
            server.tell(*[str(number) for number in range(begin, begin + 1000)])
        for one in (client, other):
            events = [one.hear("event") for _ in range(10_000)]
            assert [event["offset"] - here for event in events] == list(range(1, 10_001))
            assert [event["data"]["text"] for event in events] == [str(n) for n in range(10_000)]


def test_each_channel_has_an_address_of_its_own(server):
    with server.connected("/news") as client:
        assert client.hear("subscribed")["channel"] == "news"
        server.tell("here")
        assert client.texts(1) == ["here"]


def test_what_is_missed_comes_again(server):
    with server.connected() as client:
        here = client.subscribe("news")
    server.tell("a", "b", "c")
    since = {"epoch": here["epoch"], "offset": here["offset"] + 1}
    with server.connected() as client:
        assert client.subscribe("news", since=since)["recovered"]
        server.tell("d")
        assert client.texts(3) == ["b", "c", "d"]


@pytest.mark.parametrize("epoch", ["another", None])
def test_what_cannot_come_again_is_said_so(server, epoch):
    with server.connected() as client:
        here = client.subscribe("short")
        server.tell(*"abcdefgh", channel="short")
        since = {"epoch": epoch or here["epoch"], "offset": here["offset"]}
        client.texts(8)
        again = client.subscribe("short", since=since)
        assert (again["recovered"], again["offset"]) == (False, here["offset"] + 8)
        server.tell("next", channel="short")
        assert client.texts(1) == ["next"]


def test_a_second_subscription_takes_the_place_of_the_first(server):
    with server.connected() as client:
        client.subscribe("news")
        client.subscribe("news")
        server.tell("once", "twice")
        assert client.texts(2) == ["once", "twice"]


def test_who_unsubscribes_gets_no_more(server):
    with server.connected() as client:
        client.subscribe("news")
        assert client.ask("unsubscribe", "unsubscribed", channel="news", id="u")["id"] == "u"
        server.tell("unheard")
        client.ask("ping", "pong")
        assert not client.heard[1:]
        client.ask("unsubscribe", "unsubscribed", channel="news")


def test_a_channel_that_is_not_there_is_a_problem(server):
    with server.connected() as client:
        error = client.ask("subscribe", "error", channel="new", id=1)
        assert (error["id"], error["channel"], error["problem"]["status"]) == (1, "new", 404)
    with pytest.raises(InvalidStatus) as refused, server.connected("/new"):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("way", "status"),
    [("nobody", 401), ("wrong scope", 403), ("right scope", None)],
)
def test_a_guarded_channel_is_for_who_may(server, way, status):
    scopes = {"nobody": None, "wrong scope": ("other",), "right scope": ("insider",)}[way]
    header = {"Authorization": f"Bearer {token('ann', *scopes)}"} if scopes else {}
    for path in ("", "/secret"):
        with server.connected(path, additional_headers=header) as client:
            if not path:
                client.say("subscribe", channel="secret")
            if status is None:
                client.hear("subscribed")
                server.tell("psst", channel="secret")
                assert client.texts(1) == ["psst"]
            else:
                assert client.hear("error")["problem"]["status"] == status
                server.tell("psst", channel="secret")
                client.ask("ping", "pong")
                assert [one["type"] for one in client.heard] == ["welcome"]


def test_who_one_is_comes_by_header_subprotocol_or_message(server):
    bearer = token("ann", "insider")
    header = {"Authorization": f"Bearer {bearer}"}
    with server.connected(additional_headers=header) as client:
        assert client.ask("send", "ack", channel="whoami", id=1)["data"] == "ann"
    with server.connected(subprotocols=["servey", f"bearer.{bearer}"]) as client:
        assert client.connection.subprotocol == "servey"
        assert client.ask("send", "ack", channel="whoami", id=1)["data"] == "ann"
    with server.connected() as client:
        assert client.ask("send", "error", channel="whoami", id=1)["problem"]["status"] == 401
        assert client.ask("authorize", "authorized", token=bearer, id=2)["subject"] == "ann"
        assert client.ask("send", "ack", channel="whoami", id=3)["data"] == "ann"


def test_a_token_that_is_not_valid_is_hung_up_on(server):
    forged = token("ann")[:-4] + "AAAA"
    for given in (
        {"additional_headers": {"Authorization": f"Bearer {forged}"}},
        {"subprotocols": ["servey", f"bearer.{forged}"]},
    ):
        with server.connected(**given) as client:
            assert client.code() == 4401
    with server.connected() as client:
        assert client.ask("authorize", "error", token=forged)["problem"]["status"] == 401
        client.ask("ping", "pong")


def test_a_token_in_the_address_is_neither_read_nor_logged(server):
    bearer = token("canary", "insider")
    with server.connected(f"/secret?token={bearer}&access_token={bearer}") as client:
        assert client.hear("error")["problem"]["status"] == 401
        assert client.ask("send", "error", channel="whoami")["problem"]["status"] == 401
    logged = server.log.read_text()
    assert bearer not in logged
    assert SECRET not in logged


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        (None, True),
        ("http://127.0.0.1:{port}", True),
        (ELSEWHERE, False),
        ("http://127.0.0.1", False),
        ("http://127.0.0.1:{port}.evil.example", False),
        ("null", False),
        ("", True),
    ],
)
def test_pages_of_other_origins_cannot_connect(server, origin, accepted):
    fields = [] if origin is None else [f"Origin: {origin.format(port=server.port)}"]
    if accepted:
        server.raw(*fields).close()
    else:
        with pytest.raises(Refused, match="403"):
            server.raw(*fields)


def test_origins_that_are_named_can(tmp_path):
    with serving(tmp_path, CHANNELS_ORIGINS=ELSEWHERE) as server:
        server.raw(f"Origin: {ELSEWHERE}").close()
        with pytest.raises(Refused, match="403"):
            server.raw("Origin: https://another.example")


def test_connections_are_named_by_the_server_and_cannot_be_guessed(server):
    names = set()
    for _ in range(20):
        with server.connected("/news?connection_id=mine&id=mine") as client:
            names.add(client.hear("welcome")["connection_id"])
    assert len(names) == 20
    assert all(re.fullmatch(r"[\w-]{22}", name) for name in names)


def test_an_event_for_one_connection_reaches_no_other(server):
    with server.connected("/news") as ann, server.connected("/news") as bob:
        name = ann.hear("welcome")["connection_id"]
        for one in (ann, bob):
            one.hear("subscribed")
        server.tell("for ann", connection_id=name)
        server.tell("for nobody", connection_id="")
        server.tell("for another", connection_id="x" * 22)
        assert ann.texts(2) == ["for ann", "for nobody"]
        assert bob.texts(1) == ["for nobody"]
        server.tell("again")
        assert bob.texts(1) == ["again"]


def test_an_event_for_one_connection_passes_its_filter_and_access(server):
    with server.as_("ann", path="/mine") as client:
        name = client.hear("welcome")["connection_id"]
        client.hear("subscribed")
        server.tell("not hers", channel="mine", owner="bob", connection_id=name)
        server.tell("hers", channel="mine", owner="ann", connection_id=name)
        server.tell("unsubscribed", channel="secret", connection_id=name)
        assert client.texts(1) == ["hers"]
        client.ask("ping", "pong")
        assert not client.heard


def test_a_filter_gives_each_subscriber_its_own(server):
    with server.as_("ann") as ann, server.as_("bob") as bob, server.connected() as nobody:
        for one in (ann, bob, nobody):
            one.subscribe("mine")
        for owner in ("ann", "bob", None):
            server.tell(f"of {owner}", channel="mine", owner=owner)
        for one, expected in ((ann, ["of ann"]), (bob, ["of bob"]), (nobody, [])):
            assert one.texts(len(expected)) == expected
            one.ask("ping", "pong")
            assert [message["type"] for message in one.heard] == ["welcome"]


def test_a_filter_that_raises_delivers_nothing_to_its_subscriber(server):
    with server.as_("ann") as ann, server.as_("bob") as bob, server.as_("eve") as eve:
        for one in (eve, bob, ann):
            one.subscribe("picky")
        server.tell("a", "b", channel="picky")
        assert ann.texts(2) == ["a", "b"]
        for one in (bob, eve):
            one.ask("ping", "pong")
            assert [message["type"] for message in one.heard] == ["welcome"]
        bob.subscribe("news")  # it is served on
    assert "The filter of the channel 'picky' failed" in server.log.read_text()


def test_another_subject_gets_what_is_its_own_from_then_on(server):
    with server.as_("ann") as client:
        client.subscribe("mine")
        client.ask("authorize", "authorized", token=token("bob"))
        server.tell("of ann", channel="mine", owner="ann")
        server.tell("of bob", channel="mine", owner="bob")
        assert client.texts(1) == ["of bob"]


def test_a_new_token_that_may_less_is_hung_up_on(server):
    with server.as_("ann", "insider") as client:
        client.subscribe("secret")
        client.say("authorize", token=token("ann"), id=9)
        error = client.hear("error")
        assert (error["id"], error["channel"], error["problem"]["status"]) == (9, "secret", 403)
        assert client.code() == 4403


def test_a_token_that_expires_is_hung_up_on_unless_renewed(server):
    soon = token("ann", "insider", seconds=4)
    header = {"Authorization": f"Bearer {soon}"}
    with (
        server.connected("/secret", additional_headers=header) as expiring,
        server.connected("/secret", additional_headers=header) as renewing,
    ):
        renewing.ask("authorize", "authorized", token=token("ann", "insider"))
        assert expiring.code() == 4401
        server.tell("still here", channel="secret")
        assert renewing.texts(1) == ["still here"]


def test_messages_run_actions_whose_results_are_acknowledged(server):
    with server.connected() as client:
        data = {"text": "ab", "count": 2}
        ack = client.ask("send", "ack", channel="echo", data=data, id="é")
        assert ack == {"type": "ack", "channel": "echo", "id": "é", "data": "abab"}
        client.say("send", channel="slow", data={"seconds": 0.2}, id=1)
        client.say("send", channel="echo", data={"text": "quick"}, id=2)
        assert [client.hear("ack")["id"] for _ in range(2)] == [2, 1]


@pytest.mark.parametrize(
    ("channel", "data", "status"),
    [
        ("echo", {}, 422),
        ("echo", {"text": 1}, 422),
        ("echo", {"text": "a", "other": 1}, 422),
        ("echo", [], 422),
        ("echo", "text", 422),
        ("guarded", {"text": "a"}, 401),
        ("slow", {"seconds": 9}, 504),
        ("wrong", {"how": "conflict"}, 409),
        ("wrong", {"how": "input"}, 422),
        ("wrong", {"how": "bug"}, 500),
        ("wrong", {"how": "exit"}, 500),
        ("wrong", {"how": "cancelled"}, 500),
        ("nowhere", {}, 404),
        ("news", {"text": "a"}, 404),
    ],
)
def test_what_goes_wrong_with_a_message_is_a_problem(server, channel, data, status):
    with server.connected() as client:
        error = client.ask("send", "error", channel=channel, data=data, id=5)
        assert (error["id"], error["channel"]) == (5, channel)
        problem = error["problem"]
        assert problem["status"] == status, problem
        assert problem["instance"].startswith("urn:servey:call:")
        client.ask("ping", "pong")


def test_a_guarded_action_is_for_who_may(server):
    with server.as_("ann", "other") as client:
        error = client.ask("send", "error", channel="guarded", data={"text": "a"})
        assert error["problem"]["status"] == 403
    with server.as_("ann", "insider") as client:
        assert client.ask("send", "ack", channel="guarded", data={"text": "a"})["data"] == "a"


def test_actions_of_one_connection_are_bounded(server):
    with server.connected() as client:
        for number in range(40):
            client.say("send", channel="count", id=number)
        acks = [client.hear("ack") for _ in range(40)]
    assert {ack["id"] for ack in acks} == set(range(40))
    assert max(ack["data"] for ack in acks) == 8


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("garbage", 400),
        ("[" * 100_000, 400),
        ('{"type": "subscribe", "type": "ping", "channel": "news"}', 400),
        ('{"type": "ping", "id": NaN}', 400),
        ("[]", 422),
        ("null", 422),
        ("{}", 422),
        ('{"type": "dance"}', 422),
        ('{"type": "subscribe"}', 422),
        ('{"type": "subscribe", "channel": 1}', 422),
        ('{"type": "subscribe", "channel": "news", "connection_id": "mine"}', 422),
        ('{"type": "subscribe", "channel": "news", "since": {"epoch": "a", "offset": -1}}', 422),
        ('{"type": "ping", "id": {"a": 1}}', 422),
        ('{"type": "ping", "id": ' + "9" * 6000 + "}", None),
        ('{"type": "authorize", "token": "' + "a" * 9000 + '"}', 422),
    ],
)
def test_what_is_no_message_is_a_problem(server, text, status):
    with server.connected() as client:
        client.connection.send(text)
        if status is not None:
            assert client.hear("error")["problem"]["status"] == status
        client.ask("ping", "pong", id="after")


def test_an_unreadable_message_keeps_its_id(server):
    with server.connected() as client:
        assert client.ask("subscribe", "error", id="mine")["id"] == "mine"


def test_bytes_are_refused(server):
    with server.connected() as client:
        client.connection.send(b"{}")
        assert client.code() == 1003


def test_events_are_published_from_anywhere(server):
    with server.connected("/news") as client:
        client.hear("subscribed")
        server.tell("a request")
        server.call("tell-in-a-thread", texts=["our thread", "an action's thread"])
        assert client.texts(3) == ["a request", "our thread", "an action's thread"]


def test_messages_are_json_objects_on_one_line(server):
    with server.connected("/news") as client:
        server.tell('"\n<>&é\u2028 \x00')
        raw = [client.connection.recv() for _ in range(3)]
    assert all("\n" not in text for text in raw)
    assert json.loads(raw[2])["data"]["text"] == '"\n<>&é\u2028 \x00'
