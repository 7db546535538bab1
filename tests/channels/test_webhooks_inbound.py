"""Webhooks that others send: verified, once for each message, and then as any call."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import BaseModel
from serving import Served, start_with
from standardwebhooks import Webhook
from webhook_receivers import NEWER, SECRET

from servey_channels.webhooks.inbound import webhook_routes
from servey_channels.webhooks.signing import verify
from servey_core import (
    Authorization,
    Conflict,
    Idempotency,
    ScopeAccessControl,
    SettingsError,
    Unauthorized,
    WebhookTrigger,
    action,
)

calls = []


class Payment(BaseModel):
    """An event."""

    order: str
    amount: int = 0


@action(triggers=WebhookTrigger(secret=SECRET))
def paid(payment: Payment) -> str:
    calls.append(("paid", payment.order, payment.amount))
    return "thank you"


@action(triggers=WebhookTrigger(secret=[NEWER, SECRET], path="/hooks/paid"))
def paid_in_parts(order: str, amount: int) -> None:
    calls.append(("paid_in_parts", order, amount))


@action(triggers=WebhookTrigger(secret=SECRET))
def total(amounts: list[int]) -> int:
    calls.append(("total", *amounts))
    return sum(amounts)


@action(triggers=WebhookTrigger(secret=SECRET))
def refuse(payment: Payment) -> None:
    calls.append(("refuse", payment.order))
    raise Conflict("It is paid already.")


@action(triggers=WebhookTrigger(secret=SECRET))
def fail(payment: Payment) -> None:
    calls.append(("fail", payment.order))
    raise RuntimeError("canary: the disk is full")


@action(triggers=WebhookTrigger(secret=SECRET), idempotency=Idempotency(ttl=3600))
def kept(payment: Payment) -> None:
    calls.append(("kept", payment.order))


@action(
    triggers=WebhookTrigger(
        secret=SECRET, authorization=Authorization("payments", frozenset({"pay"}))
    ),
    access_control=ScopeAccessControl("pay"),
)
def guarded(payment: Payment, authorization: Authorization) -> None:
    calls.append(("guarded", payment.order, authorization.subject))


@action(triggers=WebhookTrigger(secret=SECRET, max_body_bytes=100))
def small(payment: Payment) -> None:
    calls.append(("small", payment.order))


def of_github(headers, body, secrets, tolerance):
    """Another scheme."""
    given = headers.get("x-hub-signature-256", "")
    for secret in secrets:
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if hmac.compare_digest(expected.encode(), given.encode()):
            return headers.get("x-github-delivery")
    raise Unauthorized("The signature is wrong.")


@action(triggers=WebhookTrigger(secret="TEST_GITHUB_SECRET", verifier=of_github))
def pushed(payment: Payment) -> None:
    calls.append(("pushed", payment.order))


ACTIONS = [
    *(paid, paid_in_parts, total, refuse, fail, kept, guarded, small, pushed),
]


@pytest.fixture(scope="module")
def served():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_GITHUB_SECRET", "another scheme's")
        with Served.running(ACTIONS, state="memory:") as served:
            yield served


@pytest.fixture(autouse=True)
def no_calls():
    calls.clear()


def post(served, path, body='{"order": "a", "amount": 5}', secret=SECRET, at=None, **headers):
    """Send a message, signed by the package `standardwebhooks`."""
    at = at or datetime.now(UTC)
    name = headers.pop("id", None) or f"msg_{uuid4().hex}"
    content = body if isinstance(body, bytes) else body.encode()
    fields = {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, at, content.decode("utf-8", "replace")),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    fields = {name: value for name, value in fields.items() if value is not None}
    return served.client.post(path, content=content, headers=fields)


class TestCalls:
    def test_an_action_with_one_parameter_gets_the_event(self, served):
        reply = post(served, "/webhooks/paid")
        assert (reply.status_code, reply.content) == (204, b"")
        assert calls == [("paid", "a", 5)]

    def test_the_event_need_not_be_an_object_then(self, served):
        assert post(served, "/webhooks/total", "[1, 2]").status_code == 204
        assert calls == [("total", 1, 2)]

    def test_an_action_with_several_gets_the_members(self, served):
        assert post(served, "/hooks/paid").status_code == 204
        assert calls == [("paid_in_parts", "a", 5)]

    @pytest.mark.parametrize("secret", [SECRET, NEWER])
    def test_while_secrets_change_either_is_good(self, served, secret):
        assert post(served, "/hooks/paid", secret=secret).status_code == 204

    def test_whom_it_runs_for_is_the_triggers_to_say(self, served):
        assert post(served, "/webhooks/guarded").status_code == 204
        assert calls == [("guarded", "a", "payments")]

    def test_what_is_wrong_with_an_event_is_told(self, served):
        reply = post(served, "/webhooks/paid", '{"amount": 5}')
        assert reply.status_code == 422
        assert reply.headers["content-type"] == "application/problem+json"
        assert not calls

    @pytest.mark.parametrize(
        "body", ['{"order": "a"', '1, "other": 2', '{"order":"a"},"x":{}', "", "NaN", b"\xff"]
    )
    def test_what_is_no_json_is_refused(self, served, body):
        assert post(served, "/webhooks/paid", body).status_code in (400, 401, 422)
        assert not calls

    def test_a_body_that_is_too_large_is_refused_unread(self, served):
        reply = post(served, "/webhooks/small", '{"order": "' + "a" * 200 + '"}')
        assert reply.status_code == 413
        assert post(served, "/webhooks/small", '{"order": "a"}').status_code == 204

    def test_there_is_nothing_but_post(self, served):
        assert served.client.get("/webhooks/paid").status_code == 405

    def test_other_schemes_can_be_plugged_in(self, served):
        body = b'{"order": "a"}'
        digest = hmac.new(b"another", body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Delivery": "d1"}
        for _ in range(2):
            reply = served.client.post("/webhooks/pushed", content=body, headers=headers)
            assert reply.status_code == 204
        assert calls == [("pushed", "a")]
        headers["X-Hub-Signature-256"] = "sha256=0"
        assert (
            served.client.post("/webhooks/pushed", content=body, headers=headers).status_code == 401
        )


class TestVerifying:
    GOOD = Webhook(SECRET).sign("m", datetime.now(UTC), "{}")

    @pytest.mark.parametrize(
        "headers",
        [
            {"webhook_signature": None},
            {"webhook_id": None},
            {"webhook_timestamp": None},
            {"webhook_id": "msg_of_another"},
            {"webhook_signature": ""},
            {"webhook_signature": "v1"},
            {"webhook_signature": "v1,"},
            {"webhook_signature": ","},
            {"webhook_signature": "v1,not base64!"},
            {"webhook_signature": "v1,w8Ow"},
            {"webhook_signature": f"v2,{GOOD.partition(',')[2]}"},
            {"webhook_signature": "v1," + base64.b64encode(b"0" * 32).decode()},
            {"webhook_signature": "v1,é".encode("latin-1").decode("latin-1")},
            *(
                {"webhook_timestamp": one}
                for one in ("0", "-1", "1e9", "nan", "inf", "soon", "9" * 11, "9" * 400, "1.5", "²")
            ),
        ],
    )
    def test_what_is_not_signed_is_refused(self, served, headers):
        headers = {
            name: value.encode("utf-8") if value else value for name, value in headers.items()
        }
        reply = post(served, "/webhooks/paid", **headers)
        assert reply.status_code == 401, reply.text
        assert reply.headers["content-type"] == "application/problem+json"
        assert not calls

    def test_another_body_is_refused(self, served):
        at = datetime.now(UTC)
        signature = Webhook(SECRET).sign("m", at, '{"order": "a"}')
        reply = post(
            served, "/webhooks/paid", '{"order": "b"}', at=at, id="m", webhook_signature=signature
        )
        assert reply.status_code == 401

    def test_another_secret_is_refused(self, served):
        assert post(served, "/webhooks/paid", secret=NEWER).status_code == 401
        assert not calls

    @pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 204), (4, 204), (6, 401)])
    def test_five_minutes_are_tolerated(self, served, minutes, status):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        assert post(served, "/webhooks/paid", at=at).status_code == status

    def test_one_of_several_signatures_is_enough_and_not_of_too_many(self, served):
        at = datetime.now(UTC)
        good = Webhook(SECRET).sign("many", at, '{"order": "a", "amount": 5}')
        wrong = "v1," + base64.b64encode(b"0" * 32).decode()
        for count, status in ((5, 204), (25, 401)):
            signatures = " ".join([*[wrong] * count, good])
            reply = post(served, "/webhooks/paid", at=at, id="many", webhook_signature=signatures)
            assert reply.status_code == status

    def test_it_takes_as_long_whichever_byte_is_wrong(self, monkeypatch):
        compared = []
        compare = hmac.compare_digest
        monkeypatch.setattr(
            hmac, "compare_digest", lambda a, b: compared.append(1) or compare(a, b)
        )
        now = datetime.now(UTC)
        headers = {
            "webhook-id": "m",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": f"{Webhook(NEWER).sign('m', now, '{}')} v1,x",
        }
        assert verify(headers, b"{}", [NEWER, SECRET], 300) == "m"
        assert len(compared) == 4  # each with each, also after one has fitted

    def test_the_tolerance_is_the_triggers_to_say(self):
        at = datetime.now(UTC) - timedelta(seconds=90)
        headers = {
            "webhook-id": "m",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("m", at, "{}"),
        }
        assert verify(headers, b"{}", [SECRET], 120) == "m"
        with pytest.raises(Unauthorized):
            verify(headers, b"{}", [SECRET], 60)


class TestRepeats:
    def test_a_message_runs_once(self, served):
        name, began = f"msg_{uuid4().hex}", datetime.now(UTC)
        for seconds in range(3):  # each with a timestamp and a signature of its own
            at = began + timedelta(seconds=seconds)
            assert post(served, "/webhooks/paid", id=name, at=at).status_code == 204
        assert calls == [("paid", "a", 5)]

    def test_also_where_the_action_has_a_rule_of_its_own(self, served):
        for _ in range(2):
            assert post(served, "/webhooks/kept", id="once").status_code == 204
        assert calls == [("kept", "a")]

    def test_ids_are_each_actions_own(self, served):
        for path in ("/webhooks/paid", "/hooks/paid"):
            assert post(served, path, id="both").status_code == 204
        assert len(calls) == 2

    def test_one_id_with_another_event_is_refused(self, served):
        assert post(served, "/webhooks/paid", id="reused").status_code == 204
        reply = post(served, "/webhooks/paid", '{"order": "b"}', id="reused")
        assert reply.status_code == 422
        assert len(calls) == 1

    def test_a_forged_message_takes_no_id(self, served):
        assert post(served, "/webhooks/paid", id="taken", secret=NEWER).status_code == 401
        assert post(served, "/webhooks/paid", id="taken").status_code == 204
        assert len(calls) == 1

    def test_problems_are_answers(self, served):
        for _ in range(2):
            reply = post(served, "/webhooks/refuse", id="refused")
            assert (reply.status_code, reply.json()["detail"]) == (409, "It is paid already.")
        assert calls == [("refuse", "a")]

    def test_what_nobody_foresaw_may_be_sent_again(self, served):
        for _ in range(2):
            reply = post(served, "/webhooks/fail", id="failed")
            assert reply.status_code == 500
        assert len(calls) == 2

    def test_an_id_that_cannot_be_one_is_refused(self, served):
        assert post(served, "/webhooks/paid", id="a" * 256).status_code == 400
        assert not calls


class TestStarting:
    def test_a_secret_that_is_not_set_stops_the_start(self, monkeypatch):
        @action(triggers=WebhookTrigger(secret="ABSENT_SECRET"))
        def hear(payment: Payment) -> None:
            raise AssertionError

        monkeypatch.delenv("ABSENT_SECRET", raising=False)
        with pytest.raises(Exception, match="ABSENT_SECRET"):
            start_with([hear]).services()["web"].record.description(None)

    @pytest.mark.parametrize("secret", ["whsec_", "whsec_!!", "whsec_c2hvcnQ="])
    def test_a_secret_that_is_none_stops_the_start_and_is_not_told(self, secret):
        @action(triggers=WebhookTrigger(secret=secret))
        def hear(payment: Payment) -> None:
            raise AssertionError

        runtime = start_with([hear])
        with pytest.raises(SettingsError, match="base64 of 24 bytes") as caught:
            webhook_routes(runtime)
        assert "c2hvcnQ" not in str(caught.value)

    def test_secrets_are_not_shown(self):
        trigger = WebhookTrigger(secret=SECRET)
        assert SECRET[6:] not in f"{trigger!r} {trigger}"
