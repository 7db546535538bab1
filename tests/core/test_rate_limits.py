"""Limits on how often an action is run."""

import asyncio
import re
from dataclasses import dataclass

import pytest

from servey_core import ActionError, RateLimit, TooManyRequests, action, action_of
from servey_core.hits import HitsInMemory
from servey_core.rate_limits import RateLimiter, RateLimitStatus


@dataclass
class Clock:
    """A clock that is put forward by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock):
    """Make the limiter of an action; all of a test share what counts."""
    counter = HitsInMemory(clock)

    def make(*limits: RateLimit, action: str = "act") -> RateLimiter:
        return RateLimiter(action, limits, counter)

    return make


def hit(limiter: RateLimiter, caller=None, address=None) -> RateLimitStatus:
    return asyncio.run(limiter.hit(caller, address))


def refused(limiter: RateLimiter, caller=None, address=None) -> TooManyRequests:
    with pytest.raises(TooManyRequests) as caught:
        hit(limiter, caller, address)
    return caught.value


def a_function():
    def act() -> None: ...

    return act


@pytest.mark.parametrize(
    ("rate", "limit", "seconds", "policy"),
    [
        ("10/minute", 10, 60, "minute"),
        ("1/second", 1, 1, "second"),
        ("5 / hours", 5, 3600, "hour"),
        ("100/15 minutes", 100, 900, "15-minutes"),
        ("100000/7days", 100_000, 604_800, "7-days"),
    ],
)
def test_a_rate_is_read(rate, limit, seconds, policy) -> None:
    given = RateLimit(rate)
    assert (given.limit, given.seconds, given.policy) == (limit, seconds, policy)


@pytest.mark.parametrize(
    "rate",
    [
        *["", "10", "10/", "/minute", "0/minute", "-1/minute", "1.5/minute", "\u0661/minute"],
        *["10/fortnight", "10/0 minutes", "10/Minute", "10/minute\n", "1/minute; 20/hour"],
        "100001/day",
    ],
)
def test_what_is_no_rate_is_named_and_a_right_one_shown(rate) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(repr(rate))} is no rate: .*'10/minute'"):
        RateLimit(rate)


def test_what_calls_cannot_be_counted_by_is_named() -> None:
    with pytest.raises(ValueError, match=r"per 'caller' or 'address' or .*, not 'user'"):
        RateLimit("1/minute", per="user")


def test_limits_are_equal_where_they_say_the_same() -> None:
    assert RateLimit("1/minute") == RateLimit("1/minute") != RateLimit("1/minute", "address")
    assert repr(RateLimit("1/minute")) == "RateLimit(rate='1/minute', per='caller')"


def test_an_action_has_one_limit_or_several() -> None:
    one, other = RateLimit("1/minute"), RateLimit("1/minute", per="everybody")
    for given, expected in ((one, (one,)), ([one, other], (one, other))):
        found = action_of(action(rate_limits=given)(a_function()))
        assert found is not None
        assert found.rate_limits == expected


def test_two_limits_for_the_same_are_refused() -> None:
    with pytest.raises(ActionError, match=r"'act'.*two rate limits are for 'minute'; the lower"):
        action(rate_limits=[RateLimit("1/minute"), RateLimit("2/minute")])(a_function())


def test_what_is_left_is_told_after_each_call(limiter, clock) -> None:
    two = limiter(RateLimit("2/minute"))
    assert hit(two, "ann").headers() == {
        "RateLimit-Policy": '"minute";q=2;w=60',
        "RateLimit": '"minute";r=1;t=60',
    }
    clock.now += 18.2
    assert hit(two, "ann").headers()["RateLimit"] == '"minute";r=0;t=42'


def test_one_more_is_refused_and_told_when_to_come_back(limiter, clock) -> None:
    one = limiter(RateLimit("1/minute"))
    hit(one, "ann")
    clock.now += 18
    problem = refused(one, "ann")
    assert problem.status == 429
    assert problem.detail == "No more than 1/minute: try again in 42 s."
    assert problem.headers == {
        "Retry-After": "42",
        "RateLimit-Policy": '"minute";q=1;w=60',
        "RateLimit": '"minute";r=0;t=42',
    }
    assert problem.extensions == {"violated-policies": ["minute"]}
    clock.now += 42
    hit(one, "ann")


def test_a_refused_call_does_not_count(limiter, clock) -> None:
    one = limiter(RateLimit("1/minute"))
    hit(one, "ann")
    for _ in range(5):
        clock.now += 10
        refused(one, "ann")
    clock.now += 10
    hit(one, "ann")


def test_what_one_limit_refuses_counts_for_no_other(limiter, clock) -> None:
    both = limiter(RateLimit("1/second"), RateLimit("2/hour"))
    hit(both, "ann")
    problem = refused(both, "ann")
    assert problem.headers["RateLimit-Policy"] == '"second";q=1;w=1, "hour";q=2;w=3600'
    assert problem.headers["RateLimit"] == '"second";r=0;t=1, "hour";r=1;t=3600'
    assert problem.headers["Retry-After"] == "1"
    assert problem.extensions == {"violated-policies": ["second"]}
    clock.now += 1
    assert hit(both, "ann").headers()["RateLimit"] == '"second";r=0;t=1, "hour";r=0;t=3599'
    clock.now += 1
    problem = refused(both, "ann")
    assert problem.headers["Retry-After"] == "3598"
    assert problem.extensions == {"violated-policies": ["hour"]}


def test_retry_after_waits_for_every_limit_that_refuses(limiter) -> None:
    both = limiter(RateLimit("1/second"), RateLimit("1/hour"))
    hit(both, "ann")
    problem = refused(both, "ann")
    assert problem.headers["Retry-After"] == "3600"
    assert problem.extensions == {"violated-policies": ["second", "hour"]}


def test_callers_are_counted_by_subject_and_else_by_address(limiter) -> None:
    one = limiter(RateLimit("1/minute"))
    hit(one, "ann", "192.0.2.1")
    hit(one, "bob", "192.0.2.1")
    refused(one, "ann", "192.0.2.2")
    hit(one, None, "192.0.2.1")
    hit(one, None, "192.0.2.2")
    refused(one, None, "192.0.2.1")


def test_nobody_passes_for_another_by_the_name_of_an_address(limiter) -> None:
    one = limiter(RateLimit("1/minute"))
    hit(one, "192.0.2.1")
    hit(one, None, "192.0.2.1")
    hit(one, "address 192.0.2.1")
    hit(one, "")


def test_calls_of_which_nothing_is_known_are_counted_together(limiter) -> None:
    one = limiter(RateLimit("1/minute"))
    hit(one)
    refused(one)
    refused(limiter(RateLimit("1/minute")), None, "")
    by_address = limiter(RateLimit("1/minute", per="address"))
    hit(by_address, "ann")
    refused(by_address, "bob")


def test_an_address_is_counted_whoever_calls(limiter) -> None:
    one = limiter(RateLimit("1/minute", per="address"))
    hit(one, "ann", "192.0.2.1")
    refused(one, "bob", "192.0.2.1")
    hit(one, "bob", "192.0.2.2")


def test_everybody_is_counted_together(limiter) -> None:
    one = limiter(RateLimit("1/minute", per="everybody"))
    assert hit(one, "ann").headers()["RateLimit"] == '"minute-everybody";r=0;t=60'
    refused(one, "bob", "192.0.2.1")


@pytest.mark.parametrize(
    "other", ["2001:db8:0:1::2", "2001:DB8:0:1:ffff::", "2001:0db8:0:1:0:0:0:1"]
)
def test_one_network_is_one_address_of_ipv6(limiter, other) -> None:
    one = limiter(RateLimit("1/minute"))
    hit(one, None, "2001:db8:0:1::1")
    refused(one, None, other)
    hit(one, None, "2001:db8:0:2::1")


def test_one_address_of_ipv4_is_the_same_in_the_dress_of_ipv6(limiter) -> None:
    one = limiter(RateLimit("1/minute"))
    hit(one, None, "::ffff:192.0.2.1")
    refused(one, None, "192.0.2.1")
    hit(one, None, "::ffff:192.0.2.2")


def test_what_is_no_ip_address_counts_as_it_is(limiter) -> None:
    one = limiter(RateLimit("1/minute"))
    hit(one, None, "testclient")
    refused(one, None, "testclient")
    hit(one, None, "an:other")


def test_actions_are_counted_apart(limiter) -> None:
    hit(limiter(RateLimit("1/minute"), action="one"), "ann")
    hit(limiter(RateLimit("1/minute"), action="other"), "ann")


def test_calls_at_once_get_no_more_than_there_is(limiter) -> None:
    three = limiter(RateLimit("3/minute"))

    async def all_at_once() -> list[object]:
        calls = (three.hit("ann", None) for _ in range(10))
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    assert [isinstance(one, RateLimitStatus) for one in answers] == [True] * 3 + [False] * 7
