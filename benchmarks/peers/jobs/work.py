"""What is only there in a process that works or enqueues: the job, and where it goes."""

import os
from pathlib import Path

from peers.jobs.contract import NAME, NOTES, URL
from peers.jobs.notes import Notes

BROKER_URL = os.environ[URL]
QUEUE = os.environ[NAME]
ON_REDIS = BROKER_URL.startswith("redis:")

work = Notes(Path(os.environ[NOTES])).run
"""Every job of every library: a call with the job's number."""
