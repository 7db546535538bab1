"""What an action says of its jobs."""

from datetime import timedelta

import pytest

from servey_core import ActionError, Background, action, action_of


def test_what_is_not_said_is_ordinary():
    @action
    def plain() -> None: ...

    assert action_of(plain).background == Background()
    assert Background().keep_result is None


def test_an_action_says_how_its_jobs_behave():
    rule = Background(queue="mail", priority=-1, max_retries=0, concurrency=1)

    @action(background=rule)
    def send_mail() -> None: ...

    assert action_of(send_mail).background is rule


@pytest.mark.parametrize("span", [1, 0.5, timedelta(seconds=1)])
@pytest.mark.parametrize("name", ["max_backoff", "time_limit", "keep_result"])
def test_spans_are_seconds_or_timedeltas(name, span):
    assert getattr(Background(min_backoff=0, **{name: span}), name) == span


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"queue": ""}, "queue: a queue cannot be called ''"),
        ({"queue": "  "}, "queue: a queue cannot be called"),
        ({"queue": "a\nb"}, "queue: a queue cannot be called"),
        ({"max_retries": -1}, "max_retries: -1 is negative"),
        ({"concurrency": 0}, "concurrency: 0 lets no job run"),
        ({"min_backoff": -1}, "Background.min_backoff: A span of time"),
        ({"max_backoff": float("inf")}, "Background.max_backoff: A span of time"),
        ({"max_backoff": 5}, "min_backoff is longer than max_backoff"),
        ({"time_limit": 0}, "time_limit must be above 0"),
        ({"time_limit": -1}, "Background.time_limit: A span of time"),
        ({"keep_result": timedelta(0)}, "keep_result must be above 0"),
        ({"keep_result": float("nan")}, "Background.keep_result: A span of time"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong, text):
    with pytest.raises(ValueError, match=text):
        Background(**wrong)


@pytest.mark.parametrize(("wrong", "text"), [({"timeout": 1}, "only in a thread")])
def test_what_runs_on_the_loop_has_no_timeout_of_its_own(wrong, text):
    with pytest.raises(ActionError, match=text):

        @action(sync_to_thread=False, **wrong)
        def quick() -> None: ...
