"""Libraries of background jobs, one module for each.

Each module has what a worker of the library runs, and a class that enqueues (`contract.Library`).
Both are only imported in processes of their own, with the library's own environment; what is here
says how those are started.
"""

from dataclasses import dataclass

from peers import SERVEY
from peers.jobs.contract import THREADS

REDIS = "redis"
RABBITMQ = "rabbitmq"
SQLITE = "sqlite"
BROKERS = (SQLITE, REDIS, RABBITMQ)

DRAMATIQ = "Dramatiq"
CELERY = "Celery"
HUEY = "Huey"
PIKA = "pika"
SERVEY_ASYNC = "servey (async def)"
SERVEY_THREADED = "servey (def in threads)"

BASELINES = {SQLITE: HUEY, REDIS: DRAMATIQ, RABBITMQ: DRAMATIQ}
"""What others are compared with."""


@dataclass(frozen=True)
class JobPeer:
    """A library.

    Attributes:
        module: The module here.
        enqueuer: The class in it that enqueues.
        brokers: What it is measured on.
        worker: The words behind `python` that start a worker; empty for none. `{processes}` is how
            many processes work, `{worker}` which worker of several it is.
        solitary: Whether a worker is one process, so that several are several workers.
        batches: Whether it can enqueue many jobs in one step.
        share: Of how many of the jobs its figures are, as 1/`share`, where it is slow.
        only_run: Whether it is another's variant, which enqueues in the same way.
        needs: The modules that it needs.
        apart: What is installed in an environment of its own, where it needs one.
        folder: The folder here that its processes run in; empty for the run's own.
    """

    module: str
    enqueuer: str
    brokers: tuple[str, ...]
    worker: tuple[str, ...] = ()
    solitary: bool = False
    batches: bool = False
    share: int = 1
    only_run: bool = False
    needs: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    folder: str = ""


def _servey(enqueuer: str, *, only_run: bool = False) -> JobPeer:
    return JobPeer(
        "servey",
        enqueuer,
        BROKERS,
        ("-m", "servey_core", "worker", "--processes", "{processes}", "--threads", str(THREADS)),
        batches=True,
        only_run=only_run,
        folder="servey_app",
    )


JOB_PEERS = {
    PIKA: JobPeer("pika", "Pika", (RABBITMQ,), needs=("pika",)),
    DRAMATIQ: JobPeer(
        "dramatiq",
        "Dramatiq",
        (REDIS, RABBITMQ),
        (
            *("-m", "dramatiq", "--processes", "{processes}", "--threads", str(THREADS)),
            "peers.jobs.dramatiq",
        ),
        needs=("dramatiq", "pika"),
    ),
    CELERY: JobPeer(
        "celery",
        "Celery",
        (REDIS, RABBITMQ),
        (
            *("-m", "celery", "--app", "peers.jobs.celery", "worker", "--loglevel", "WARNING"),
            *("--pool", "threads", "--concurrency", str(THREADS), "--hostname", "{worker}@%h"),
        ),
        solitary=True,
        share=5,
        needs=("celery",),
    ),
    "Taskiq": JobPeer(
        "taskiq",
        "Taskiq",
        (REDIS, RABBITMQ),
        (
            *("-m", "taskiq", "worker", "--workers", "{processes}", "--log-level", "WARNING"),
            "peers.jobs.taskiq:broker",
        ),
        share=2,
        needs=("taskiq", "taskiq_redis", "taskiq_aio_pika"),
    ),
    "arq": JobPeer(
        "arq",
        "Arq",
        (REDIS,),
        ("-m", "arq", "peers.jobs.arq.Worker", "--custom-log-dict", "peers.jobs.arq.QUIET"),
        solitary=True,
        share=10,
        apart=("arq>=0.28",),
    ),
    "SAQ": JobPeer(
        "saq",
        "Saq",
        (REDIS,),
        ("-m", "saq", "peers.jobs.saq.settings", "--workers", "{processes}"),
        share=5,
        apart=("saq[redis]>=0.26.4", "typing-extensions"),  # it imports that
    ),
    HUEY: JobPeer(
        "huey",
        "Huey",
        (SQLITE, REDIS),
        (
            *("-m", "huey.bin.huey_consumer", "peers.jobs.huey.broker"),
            *("--workers", str(THREADS), "--worker-type", "thread", "--quiet"),
        ),
        solitary=True,
        needs=("huey",),
    ),
    SERVEY: _servey("Servey"),
    SERVEY_ASYNC: _servey("Async", only_run=True),
    SERVEY_THREADED: _servey("Threaded", only_run=True),
}
"""What is compared."""
