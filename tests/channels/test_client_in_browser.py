"""The client of channels, in a browser: it comes back, and has missed nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from chromium import IN_BROWSER, Page, browsing
from cutting import Way
from jose import jwt
from ports import free_port
from redis_servers import OwnRedis
from talk_server import PASSWORD, talking

SECRET = "k" * 32

pytestmark = IN_BROWSER

BEGIN = """(async () => {
  const { connect } = await import("/servey-client.js");
  globalThis.seen = [];
  globalThis.gaps = [];
  globalThis.states = [];
  globalThis.closes = [];
  globalThis.errors = [];
  globalThis.frames = [];
  globalThis.tokens = [];
  globalThis.begin = (options = {}) => connect("/subscription", {
    minDelay: 20, maxDelay: 200, ...options,
    onState: (state, detail) => states.push({ state, ...detail }),
    onClose: ({ code }) => closes.push(code),
    onError: (error) => errors.push(error.problem?.status ?? error.message),
    onMessage: (direction, message) => frames.push({ direction, message }),
  });
  globalThis.listen = (since = null) => client.subscribe(
    "messenger", ({ text }) => seen.push(text), { since, onGap: (place) => gaps.push(place) },
  );
  globalThis.login = async (scope) => {
    const body = new URLSearchParams(
      { grant_type: "password", username: "ann", password: "%s", scope });
    const answer = await fetch("/debug/login", { method: "POST", body });
    const token = (await answer.json()).access_token;
    tokens.push(token);
    return token;
  };
})()"""


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    with talking(JWT_SECRET_KEY=SECRET) as client:
        yield client


@pytest.fixture
def way(server: httpx.Client) -> Iterator[Way]:
    port = server.base_url.port
    assert port is not None
    with Way.to(port) as way:
        yield way


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("browser")) as page:
        yield page


def begin(page: Page, port: int) -> Page:
    """Open a page whose scripts have the client."""
    page.open("about:blank")
    page.open(f"http://127.0.0.1:{port}/servey-client.js")
    page.wait_for("location.pathname === '/servey-client.js' && document.readyState === 'complete'")
    page.evaluate(BEGIN % PASSWORD)
    return page


@pytest.fixture
def page(way: Way, browser: Page) -> Iterator[Page]:
    yield begin(browser, way.port)
    browser.evaluate("globalThis.client?.close()")


def say(server: httpx.Client, *texts: str) -> None:
    for text in texts:
        server.post("/actions/announce", json={"text": text}).raise_for_status()


def sees(page: Page, *texts: str) -> None:
    page.wait_for(f"seen.length >= {len(texts)}")
    assert page.evaluate("seen") == list(texts)


def test_events_arrive_in_order(page: Page, server: httpx.Client) -> None:
    page.evaluate("globalThis.client = begin(); listen().ready")
    say(server, "one", "two", "three")
    sees(page, "one", "two", "three")


def test_what_is_sent_is_acknowledged(page: Page) -> None:
    page.evaluate("globalThis.client = begin(); listen().ready")
    assert page.evaluate('client.send("messenger", { text: "hello" })') == 5
    sees(page, "hello")


def test_what_is_refused_is_told(page: Page) -> None:
    page.evaluate("globalThis.client = begin()")
    told = 'client.send("messenger", { text: "" }).catch((error) => [error.name, error.status])'
    assert page.evaluate(told) == ["ProblemError", 422]
    refused = 'client.subscribe("orders", () => {}).ready.catch((error) => error.status)'
    assert page.evaluate(refused) == 401
    assert page.evaluate("errors") == [401]


def test_a_cut_loses_nothing(page: Page, way: Way, server: httpx.Client) -> None:
    page.evaluate("globalThis.client = begin(); listen().ready")
    expected: list[str] = []
    for turn in range(5):
        say(server, f"{turn} before")
        way.open = False
        way.cut()
        say(server, f"{turn} during")
        way.open = True
        page.wait_for("client.state === 'open'")
        say(server, f"{turn} after")
        expected += [f"{turn} before", f"{turn} during", f"{turn} after"]
        sees(page, *expected)
    assert page.evaluate("gaps") == []
    assert set(page.evaluate("closes")) == {1006}


def test_delays_grow_and_are_never_the_same(page: Page, way: Way) -> None:
    page.evaluate("globalThis.client = begin(); listen().ready")
    way.open = False
    way.cut()
    page.wait_for("states.filter(({ state }) => state === 'waiting').length >= 6")
    delays = page.evaluate(
        "states.filter((one) => one.state === 'waiting').map((one) => one.delay)"
    )
    assert len(set(delays)) == len(delays)
    for number, delay in enumerate(delays):
        most = min(200, 20 * 2**number)
        assert most / 2 <= delay <= most


def test_what_was_under_way_is_told_to_be_lost(page: Page, way: Way) -> None:
    page.evaluate("globalThis.client = begin(); listen().ready")
    page.evaluate("WebSocket.prototype.send = () => {}")  # it never leaves
    page.evaluate(
        'client.send("messenger", { text: "?" }).catch((error) => (globalThis.end = error.name))'
        " && 1"
    )
    way.cut()
    assert page.wait_for("globalThis.end") == "ConnectionLost"


def test_what_is_sent_without_a_connection_waits_for_one(page: Page, way: Way) -> None:
    page.evaluate("globalThis.client = begin(); listen().ready")
    way.open = False
    way.cut()
    page.wait_for("client.state !== 'open'")
    page.evaluate(
        'client.send("messenger", { text: "later" }).then((n) => (globalThis.n = n)) && 1'
    )
    way.open = True
    assert page.wait_for("globalThis.n") == 5


def test_what_is_too_large_to_send_ends_nothing_else(page: Page, server: httpx.Client) -> None:
    page.evaluate("globalThis.client = begin(); listen().ready")
    large = 'client.send("messenger", { text: "x".repeat(2 ** 21) }).catch((error) => error.name)'
    assert page.evaluate(large) == "ConnectionLost"
    assert page.evaluate("closes")[0] in (1009, 1006)  # it may be cut off as it sends
    page.wait_for("client.state === 'open'")
    say(server, "goes on")
    sees(page, "goes on")


def test_events_since_a_position_come_first(page: Page, server: httpx.Client) -> None:
    position = page.evaluate("globalThis.client = begin(); listen().ready")
    say(server, "x", "y")
    sees(page, "x", "y")
    page.evaluate(
        f"seen.length = 0; listen({{ epoch: '{position['epoch']}', "
        f"offset: {position['offset']} }}).ready"
    )
    sees(page, "x", "y")


def test_a_forgotten_history_is_a_gap(page: Page) -> None:
    page.evaluate("globalThis.client = begin(); listen({ epoch: 'older', offset: 3 }).ready")
    page.wait_for("gaps.length === 1")
    assert page.evaluate("gaps[0].channel") == "messenger"


def test_a_token_opens_what_is_guarded(page: Page) -> None:
    page.evaluate("globalThis.client = begin({ token: () => login('orders') })")
    assert page.evaluate("client.subscribe('orders', () => {}).ready.then((one) => one.recovered)")
    assert page.evaluate("client.send('whoami')") == "ann"


def test_a_token_is_renewed_in_band_before_it_ends(page: Page) -> None:
    claims = {"sub": "ann", "scope": "orders", "exp": int(time.time()) + 5}
    brief = jwt.encode(claims, SECRET, algorithm="HS256")
    page.evaluate(f"""globalThis.client = begin({{
      token: () => tokens.length ? login("orders") : (tokens.push("{brief}"), "{brief}") }});
      client.subscribe("orders", () => {{}}).ready""")
    page.wait_for("frames.some((one) => one.message.type === 'authorized')")
    assert page.evaluate("closes") == []
    assert page.evaluate("tokens.length") == 2


def test_a_new_token_opens_what_was_refused(page: Page) -> None:
    page.evaluate("""globalThis.scope = "none";
      globalThis.client = begin({ token: () => login(scope) });
      client.subscribe("orders", () => {}).ready.catch(() => {})""")
    page.wait_for("errors.length === 1")
    page.evaluate("scope = 'orders'; client.authorize()")
    page.wait_for("frames.some((one) => one.message.type === 'subscribed')")
    assert page.evaluate("errors") == [403]


def test_an_expired_token_is_replaced(page: Page, server: httpx.Client) -> None:
    """The server hangs up with 4401, and the client asks for a token, and comes back."""
    page.evaluate("""globalThis.client = begin({
      token: () => tokens.length ? login("orders") : (tokens.push("bad"), "not.a.token") });
      listen().ready""")
    assert page.evaluate("closes") == [4401]
    assert page.evaluate("client.state") == "open"
    say(server, "renewed")
    sees(page, "renewed")


def test_a_restart_is_followed_as_the_server_asks(browser: Page, tmp_path: Path) -> None:
    port, state = free_port(), f"sqlite:///{tmp_path / 'state.db'}"
    given = {"STATE": state, "JWT_SECRET_KEY": SECRET}
    with talking(port, **given) as server:
        page = begin(browser, port)
        page.evaluate("globalThis.client = begin(); listen().ready")
        say(server, "before")
        sees(page, "before")
    page.wait_for("closes.length > 0")
    assert page.evaluate("closes[0]") == 1012
    asked = page.evaluate(
        "frames.filter((one) => one.message.type === 'reconnect')[0].message.after_ms"
    )
    waited = page.evaluate("states.filter((one) => one.state === 'waiting')[0].delay")
    assert waited == asked
    with talking(port, **given) as server:
        say(server, "after")
        sees(page, "before", "after")
        page.evaluate("client.close()")
    assert page.evaluate("gaps") == []


def test_what_the_server_cannot_give_just_now_is_asked_for_again(
    browser: Page, tmp_path: Path
) -> None:
    redis, port = OwnRedis(tmp_path), free_port()
    try:
        with talking(port, CHANNELS_URL=redis.url) as server:
            redis.kill()
            page = begin(browser, port)
            page.evaluate("globalThis.client = begin(); globalThis.ready = listen().ready; 1")
            page.wait_for("errors.length > 0")
            redis.start()
            assert page.evaluate("ready.then((one) => one.offset)") == 0
            say(server, "it is back")
            sees(page, "it is back")
            assert page.evaluate("errors") == [503]  # it is told once
            page.evaluate("client.close()")
    finally:
        redis.kill()


def test_what_is_asked_for_too_quickly_is_asked_for_again(browser: Page) -> None:
    port = free_port()
    with talking(port, CHANNELS_MAX_INBOUND="2"):
        page = begin(browser, port)
        begun = page.evaluate("""globalThis.client = begin();
          Promise.all(
            ["messenger", "worries"].map((name) => client.subscribe(name, () => {}).ready)
          ).then((both) => both.length)""")
        assert begun == 2
        page.evaluate("client.close()")


def test_who_is_not_let_in_begins_nothing(page: Page) -> None:
    page.evaluate("globalThis.client = begin({ token: 'not.a.token' })")
    told = "{}.ready.catch((error) => error.name)"
    assert page.evaluate(told.format("listen()")) == "ConnectionLost"
    assert page.evaluate("client.state") == "closed"
    assert page.evaluate(told.format("listen()")) == "ConnectionLost"
