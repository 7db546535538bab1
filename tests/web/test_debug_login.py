"""The debug authenticator (RFC 6749, sections 4.3 and 5)."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from servey_core.authorization import Authorization
from servey_core.errors import ConfigurationError
from servey_core.settings import CoreSettings, Settings
from servey_web.debug_authenticator import DebugAuthenticator, debug_authenticator
from servey_web.debug_login import DebugLogin
from servey_web.settings import WebSettings

PASSWORD = "a långer password"
FORM = {"grant_type": "password", "username": "al", "password": PASSWORD, "scope": "read write"}


class Notebook:
    """An authorizer whose tokens are page numbers."""

    def __init__(self) -> None:
        self.pages: list[Authorization] = []

    def authorize(self, token: str) -> Authorization:
        return self.pages[int(token)]

    def issue(self, authorization: Authorization) -> str:
        self.pages.append(authorization)
        return str(len(self.pages) - 1)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def client(run_server, notebook):
    with run_server(DebugLogin(DebugAuthenticator(notebook, PASSWORD))).client() as client:
        yield client


def test_the_password_gives_a_short_lived_token(client, notebook) -> None:
    answer = client.post("/", data=FORM)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    authorization = notebook.authorize(given.pop("access_token"))
    assert given == {"token_type": "bearer", "expires_in": 1800, "scope": "read write"}
    assert authorization.subject == "al"
    assert authorization.scopes == {"read", "write"}
    assert timedelta(minutes=29) < authorization.expires_at - datetime.now(UTC)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"password": "wrong"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"username": ""}, "invalid_request"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"username": ["al", "bo"]}, "invalid_request"),
    ],
)
def test_what_is_wrong_is_said_in_the_standard_form(client, change, error) -> None:
    answer = client.post("/", data={**FORM, **change})
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_that_is_too_large_is_refused(client) -> None:
    answer = client.post("/", data={**FORM, "scope": "x" * 5000})
    assert answer.status_code == 413
    assert answer.json()["error"] == "invalid_request"


def test_only_a_posted_form_will_do(client) -> None:
    assert client.post("/", json=FORM).status_code == 415
    assert client.get("/").headers["allow"] == "POST"


def test_guesses_are_throttled_and_other_users_are_not(client) -> None:
    wrong = {**FORM, "password": "guess"}
    assert [client.post("/", data=wrong).status_code for _ in range(6)] == [400] * 5 + [429]
    throttled = client.post("/", data=FORM)
    assert throttled.status_code == 429
    assert 0 < int(throttled.headers["retry-after"]) <= 60
    assert client.post("/", data={**FORM, "username": "bo"}).status_code == 200


def test_guesses_under_many_names_are_throttled(client) -> None:
    statuses = [
        client.post("/", data={**FORM, "username": f"u{n}", "password": "guess"}).status_code
        for n in range(21)
    ]
    assert statuses == [400] * 20 + [429]


def test_it_is_on_in_development_on_loopback_with_a_password_of_its_own(notebook) -> None:
    settings = Settings.load([WebSettings], given={"host": "127.0.0.1"})
    web = settings.group(WebSettings)
    assert len(web.debug_authenticator_password.get_secret_value()) > 16
    assert debug_authenticator(settings.core, web, notebook) is not None


@pytest.mark.parametrize("core", [{"env": "production"}, {"env": "development", "host": "0.0.0.0"}])
def test_elsewhere_it_is_off_unless_it_is_asked_for(notebook, core) -> None:
    core = CoreSettings(**core)
    secret = SecretStr("x" * 12)
    asked = WebSettings(debug_authenticator=True, debug_authenticator_password=secret)
    assert (
        debug_authenticator(core, WebSettings(debug_authenticator_password=secret), notebook)
        is None
    )
    assert debug_authenticator(core, asked, notebook) is not None
    for password in (None, SecretStr("short")):
        weak = WebSettings(debug_authenticator=True, debug_authenticator_password=password)
        with pytest.raises(ConfigurationError, match="SERVEY_DEBUG_AUTHENTICATOR_PASSWORD"):
            debug_authenticator(core, weak, notebook)


def test_an_authorizer_that_cannot_sign_is_found_at_the_start() -> None:
    class Reader(Notebook):
        def issue(self, authorization):
            raise ConfigurationError("no key")

    with pytest.raises(ConfigurationError, match="no key"):
        DebugAuthenticator(Reader(), PASSWORD)
