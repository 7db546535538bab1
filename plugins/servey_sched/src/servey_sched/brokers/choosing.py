"""The broker that a URL names. None is ever guessed."""

from collections.abc import Callable, Mapping
from typing import TypedDict

from servey_core import SettingsError
from servey_core.settings import SecretUrl
from servey_sched.brokers.base import JobBroker
from servey_sched.settings import SchedSettings

SETTING = "SERVEY_BROKER_URL"

KNOWN = (
    "It may be `sqlite:///servey.db`, `redis://host:6379/0`, `amqp://user:password@host:5672/`, "
    "or `memory:` for tests."
)


def broker_of(settings: SchedSettings) -> JobBroker:
    """Make the broker that the settings name; it connects later.

    Raises:
        SettingsError: The URL does not do, or what its broker needs is not installed.
    """
    url = settings.broker_url.get_secret_value()
    scheme = url.partition(":")[0].lower()
    if scheme not in _MAKERS:
        raise SettingsError(f"{SETTING} is '{SecretUrl(url)}', which names no broker. {KNOWN}")
    return _MAKERS[scheme](url, settings)


def _sqlite(url: str, settings: SchedSettings) -> JobBroker:
    from servey_sched.brokers.sqlite import SqliteBroker, sqlite_path

    return SqliteBroker(sqlite_path(SETTING, url), middleware=[], **_leasing(settings))


def _redis(url: str, settings: SchedSettings) -> JobBroker:
    try:
        from servey_sched.brokers.redis import RedisBroker
    except ImportError as error:
        raise _missing(url, "redis", error) from error
    return RedisBroker(url, middleware=[], **_leasing(settings))


def _rabbitmq(url: str, settings: SchedSettings) -> JobBroker:
    try:
        from servey_sched.brokers.rabbitmq import RabbitmqBroker
    except ImportError as error:
        raise _missing(url, "rabbitmq", error) from error
    return RabbitmqBroker(url, middleware=[], **_leasing(settings))


def _memory(url: str, settings: SchedSettings) -> JobBroker:
    from servey_sched.brokers.memory import MemoryBroker

    if url.lower() != "memory:":
        raise SettingsError(f"{SETTING} is {url!r}: the broker in memory is `memory:` alone.")
    return MemoryBroker(middleware=[], limit=settings.jobs_in_memory)


class _Leasing(TypedDict):
    lease: float
    alone_from: int


def _leasing(settings: SchedSettings) -> _Leasing:
    """What a broker does about workers that die; a job that had all its starts but one is alone."""
    alone_from = max(1, settings.job_max_starts - 1)
    return {"lease": settings.job_lease_seconds, "alone_from": alone_from}


def _missing(url: str, extra: str, error: ImportError) -> SettingsError:
    return SettingsError(
        f"{SETTING} is '{SecretUrl(url)}', which needs a client that is not installed ({error}): "
        f"pip install 'servey-sched[{extra}]'"
    )


_MAKERS: Mapping[str, Callable[[str, SchedSettings], JobBroker]] = {
    "sqlite": _sqlite,
    "redis": _redis,
    "rediss": _redis,
    "unix": _redis,
    "amqp": _rabbitmq,
    "amqps": _rabbitmq,
    "memory": _memory,
}
