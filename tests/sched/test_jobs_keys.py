"""Jobs with an idempotency key run once, however often and from wherever they are sent."""

from contextlib import suppress
from dataclasses import replace

import pytest
from dramatiq.errors import ConnectionClosed
from job_applications import OnBrokers
from waiting import until

from servey_core import Context, Unavailable
from servey_core.enqueueing import order_job
from servey_sched.brokers.redis import RedisBroker
from servey_sched.jobs.messages import message_of
from servey_sched.queue import DramatiqQueue

KEYED = """
@action(idempotency=Idempotency(), background=QUICK)
async def pays(word: str) -> str:
    say("paid", word)
    return word

@action(idempotency=Idempotency(), background=QUICK)
async def refuses(word: str) -> str:
    say("refused", word)
    if len(open_lines()) < 2:
        raise NotFound("Not yet.")
    return word

@action(background=QUICK)
async def says_nothing_of_keys(word: str) -> str:
    say("paid", word)
    if word == "no" and is_first_refusal():
        raise NotFound("Not yet.")
    return word

def open_lines():
    with open(LOG) as log:
        return [line for line in log if '"refused"' in line]

def is_first_refusal():
    with open(LOG) as log:
        return sum('"paid"' in line for line in log) == 1
"""

SENDING = """
import os
from servey_core import enqueue, start
start()
import actions
children = []
for _ in range(8):
    if not (child := os.fork()):
        for _ in range(5):
            enqueue.using(idempotency_key="order-7")(actions.pays, "it")
        os._exit(0)
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""


class TestKeys(OnBrokers):
    def test_a_job_that_eight_processes_send_runs_once(self, make):
        app = make(KEYED)
        with app.working():
            assert app.script(SENDING).ended() == 0
            app.until_idle()
            job = app.enqueue(
                "pays", word="it", using={"idempotency_key": "order-7", "keep_result": 60}
            )
            assert app.wait(job) == "it"
        assert app.words("paid") == ["it"]

    def test_of_an_action_that_says_nothing_of_keys_too(self, make):
        app = make(KEYED)
        with app.working():
            for key in ("a", "a", "b"):
                using = {"idempotency_key": key, "keep_result": 60}
                job = app.enqueue("says_nothing_of_keys", word="it", using=using)
                assert app.wait(job) == "it"
        assert app.words("paid") == ["it", "it"]

    @pytest.mark.parametrize("action", ["refuses", "says_nothing_of_keys"])
    def test_a_job_that_is_renewed_does_not_meet_its_own_end(self, make, action):
        app = make(KEYED)
        using = {"idempotency_key": "k" * 255, "keep_result": 60}
        order = order_job(app.runtime, action, {"word": "no"}, **using)
        with app.working():
            app.queue.put([order])
            until(app.broker.dead)
            app.queue.put([order])
            app.until_idle()
            assert len(app.log()) == 1
            message = message_of(order)
            app.broker.enqueue(replace(message, options={**message.options, "renewals": 1}))
            until(lambda: len(app.log()) == 2)

    @pytest.mark.parametrize("action", ["refuses", "says_nothing_of_keys"])
    def test_a_dead_letter_that_is_replayed_does_not_meet_its_own_end(self, make, action):
        app = make(KEYED)
        job = app.enqueue(
            action, word="no", using={"idempotency_key": "k" * 255, "keep_result": 60}
        )
        with app.working():
            until(app.broker.dead)
            assert app.run(app.queue.retry(job.id))
            assert app.wait(job) == "no"


class TestSendingAgain(OnBrokers):
    kinds = ("redis",)

    def test_what_may_or_may_not_have_been_sent_can_be_sent_again(self, make, redis_server):
        app = make(KEYED)
        broker = RedisBroker(app.store.url, middleware=[], patience=0.5)
        queue = DramatiqQueue(app.runtime, broker)
        order = order_job(app.runtime, "pays", {"word": "it"}, idempotency_key="order-7")

        def is_connected():
            with suppress(ConnectionClosed):
                return broker.sizes()

        with app.working():
            app.enqueue("note", word="first")
            until(lambda: app.said("note"))
            until(is_connected)
            redis_server.stop()
            try:
                with pytest.raises(Unavailable):
                    queue.put([order])
            finally:
                redis_server.go_on()
            until(lambda: app.said("paid"))  # it had arrived
            app.queue.put([order])
            app.until_idle()
        queue.close()
        assert app.words("paid") == ["it"]


class TestOneStore(OnBrokers):
    kinds = ("sqlite",)

    def test_a_call_and_a_job_with_one_key_are_one(self, make):
        app = make(KEYED)

        async def call():
            invoker = app.runtime.invoker("pays")
            context = Context(surface="rest", idempotency_key="order-7")
            outcome = await invoker.invoke(invoker.signature.from_json, b'{"word": "it"}', context)
            return outcome.to_json()

        assert app.run(call()) == b'"it"'
        job = app.enqueue("pays", word="it", using={"idempotency_key": "order-7", "keep_result": 9})
        with app.working():
            assert app.wait(job) == "it"
        assert app.words("paid") == ["it"]
