"""Deliveries in a network of their own, with a DNS server that lies; run in its namespaces.

It prints one JSON object: how each delivery ended, and who was connected to how often.
"""

import json
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp

PUBLIC, PRIVATE, METADATA, CGNAT = "93.184.216.34", "10.0.0.5", "169.254.169.254", "100.64.0.1"
NAMES = {
    "public.test": [[PUBLIC]],
    "private.test": [[PRIVATE]],
    "metadata.test": [[METADATA]],
    "cgnat.test": [[CGNAT]],
    "loopback.test": [["127.0.0.1"]],
    "mixed.test": [[PUBLIC, PRIVATE]],
    "rebinding.test": [[PUBLIC], [PRIVATE]],  # one answer, and then another
    "rebinding-back.test": [[PRIVATE], [PUBLIC]],
}
URLS = [
    *(f"http://{name}/" for name in NAMES),
    f"http://{METADATA}/latest/meta-data/",
    f"http://{CGNAT}/",
    "http://public.test/redirect",
    *["http://rebinding.test/", "http://rebinding-back.test/"] * 5,
]

connections: Counter[str] = Counter()
queries: Counter[str] = Counter()


def main() -> None:
    """Set up the network, deliver, and say what happened."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (PUBLIC, PRIVATE, METADATA, CGNAT):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
        listener = socket.create_server((address, 80), backlog=100)
        threading.Thread(target=answer, args=(address, listener), daemon=True).start()
    folder = Path(mkdtemp())
    for name, text in {
        "resolv.conf": "nameserver 127.0.0.1",
        "nsswitch.conf": "hosts: dns",
    }.items():
        (folder / name).write_text(f"{text}\n")
        subprocess.run(["mount", "--bind", folder / name, f"/etc/{name}"], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=resolve, args=(server,), daemon=True).start()
    ended = [(url, outcome(url)) for url in URLS]
    print(json.dumps({"ended": ended, "connections": connections, "queries": queries}))


def outcome(url: str) -> str:
    """How a delivery to a URL ends."""
    from webhook_applications import Order, application, deliver, deliveries
    from webhook_receivers import SECRET

    from servey_core import webhook_channel

    channel = webhook_channel("orders", Order, url=url, secret=SECRET)
    runtime = application(channel, webhook_private_networks=())
    [arguments] = deliveries(runtime, channel)
    error = deliver(runtime, arguments)
    return "delivered" if error is None else f"{type(error).__name__}: {error.detail}"


def answer(address: str, listener: socket.socket) -> None:
    """Answer requests, and count connections."""
    while True:
        connection, _ = listener.accept()
        connections[address] += 1
        with connection:
            asked = connection.recv(65536)
            if b"/redirect" in asked:
                connection.sendall(
                    b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.5/\r\nContent-Length: 0\r\n\r\n"
                )
            else:
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def resolve(server: socket.socket) -> None:
    """Answer questions of DNS, for addresses of version 4, to be forgotten at once."""
    while True:
        packet, client = server.recvfrom(4096)
        name, rest = question_of(packet)
        addresses: list[str] = []
        if struct.unpack("!H", rest[:2])[0] == 1 and name in NAMES:
            answers = NAMES[name]
            addresses = answers[queries[name] % len(answers)]
            queries[name] += 1
        asked = packet[12 : len(packet) - len(rest) + 4]
        head = packet[:2] + struct.pack("!HHHHH", 0x8180, 1, len(addresses), 0, 0)
        records = (
            b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(one)
            for one in addresses
        )
        server.sendto(head + asked + b"".join(records), client)


def question_of(packet: bytes) -> tuple[str, bytes]:
    """The name that is asked for, and what follows it."""
    labels, rest = [], packet[12:]
    while rest[0]:
        labels.append(rest[1 : 1 + rest[0]].decode())
        rest = rest[1 + rest[0] :]
    return ".".join(labels).lower(), rest[1:]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
