"""Publishes Servey's events from a process of its own: `measuring.fanout_nodes` runs it.

Each line of stdin is `[size, count]`, and is answered with a line once those are published.
"""

import json
import sys
import time

from peers.fanout import servey
from peers.fanout.contract import text
from peers.fanout.servey_app.actions import Message, messenger
from servey_core import start


def main(url: str) -> None:
    """Publish until stdin ends.

    Args:
        url: Where the events go.
    """
    start(actions=[], channels=[messenger], given={**servey.SETTINGS, "channels_url": url})
    print(flush=True)
    for line in sys.stdin:
        size, count = json.loads(line)
        message = Message(time.time_ns(), text(size))
        for _ in range(count):
            messenger.publish(message)
        print(flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
