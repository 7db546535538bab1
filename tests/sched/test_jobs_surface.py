"""The examples of the tour hold as background jobs, through each broker."""

import subprocess
import sys
from pathlib import Path

from job_applications import OnBrokers, Store, clean_environment

TOUR = Path(__file__).parents[2] / "examples" / "tour"

PROGRAM = """
import sys
from dataclasses import replace
from servey_core import ChannelTrigger, start
from servey_core.testing.cases import cases_of
from servey_core.testing.failing import ExampleFailed
from servey_core.testing.running import ExampleRunner
from servey_sched.brokers.choosing import broker_of
from servey_sched.settings import SchedSettings
from servey_sched.surface import job_surface

given = {"broker_url": sys.argv[1], "state": "memory:", "rate_limits": False, "plugins": ("sched",)}
runtime = start(given=given)
surface = job_surface(runtime, lambda: broker_of(runtime.settings.group(SchedSettings)))
cases = [
    replace(case, surface=surface)
    for case in cases_of(runtime, ["job"])
    if not any(isinstance(one, ChannelTrigger) for one in case.action.triggers)  # they publish
]
failed = 0
with ExampleRunner(runtime) as runner:
    for case in cases:
        try:
            runner.run(case)
        except ExampleFailed as error:
            failed += 1
            print(error)
print(len(cases), failed)
"""


class TestTour(OnBrokers):
    kinds = ("memory", "sqlite", "redis", "rabbitmq")

    def test_its_examples_hold_as_jobs(self, store: Store) -> None:
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROGRAM, store.url],
            cwd=TOUR,
            env=clean_environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, ended.stderr
        cases, failed = map(int, ended.stdout.split()[-2:])
        assert failed == 0, ended.stdout
        assert cases >= 60
