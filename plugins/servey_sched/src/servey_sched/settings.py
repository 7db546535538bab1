"""The plugin's settings."""

from servey_core import SettingsGroup, setting
from servey_core.settings import SecretUrl, Words


class SchedSettings(SettingsGroup):
    """Where jobs wait, and how they are run."""

    broker_url: SecretUrl = setting(
        SecretUrl("sqlite:///servey.db"),
        "Where background jobs wait: `sqlite:///FILE` for one machine, `redis://…` or `amqp://…` "
        "(RabbitMQ) for several, `memory:` for tests.",
    )
    job_threads: int = setting(
        8, "How many functions that block a worker process runs at once.", ge=1, le=512
    )
    job_coroutines: int = setting(
        100, "How many coroutines a worker process runs at once.", ge=1, le=10_000
    )
    job_queues: Words = setting(
        (), "The queues that workers take jobs of. Left out, those of all actions."
    )
    job_max_starts: int = setting(
        3, "How often a job is started that kills its worker, before it is given up.", ge=1
    )
    job_lease_seconds: float = setting(
        15.0,
        "After how long without a sign of life a worker's jobs are given to another, in seconds.",
        gt=0,
    )
    jobs_in_memory: int = setting(
        100_000, "How many jobs the broker `memory:` keeps before more are refused (503).", ge=1
    )
