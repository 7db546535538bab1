"""Chromium without a window, driven over its DevTools protocol."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from waiting import PATIENCE
from websockets.sync.client import ClientConnection, connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")

IN_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PROGRAM is None and os.environ.get("CI") != "true", reason="there is no Chromium here"
    ),
]
"""What marks the tests that need it; in CI, they fail where it is missing."""

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--no-first-run",
    "--window-size=1280,1600",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)
_WAIT = """new Promise((found, failed) => {
  const end = performance.now() + %d;
  const shown = () => document.body.innerText;
  const look = () => {
    const value = (%s);
    if (value) found(value);
    else if (performance.now() > end) failed(new Error("It never came: " + shown()));
    else setTimeout(look, 20);
  };
  look();
})"""


class Page:
    """A page.

    Args:
        connection: To the page's debugger.

    Attributes:
        requests: The URLs that the page asked for.
        complaints: What the page logged as errors.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = count(1)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """Call a method of the debugger, and note what happens until it answers."""
        number = next(self._ids)
        self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := json.loads(self._connection.recv(PATIENCE))).get("id") != number:
            self._note(message["method"], message["params"])
        if "error" in message:
            raise AssertionError(f"{method}: {message['error']}")
        return message["result"]

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, when it is there."""
        options = {"awaitPromise": True, "returnByValue": True}
        answer = self.call("Runtime.evaluate", expression=expression, **options)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> Any:
        """The value of an expression in the page, once it is true."""
        return self.evaluate(_WAIT % (PATIENCE * 1000 / 2, expression))

    def arrive(self, expression: str) -> Any:
        """The same in the page that is on its way; what is asked before it comes is asked again."""
        while True:
            try:
                return self.wait_for(expression)
            except AssertionError as error:
                if "navigated" not in str(error):
                    raise

    def open(self, url: str) -> None:
        """Go to a URL."""
        self.call("Page.navigate", url=url)

    def click(self, selector: str) -> None:
        """Click on the first element that a selector finds, once there is one."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.wait_for(f"{element} !== null")
        self.evaluate(f"{element}.click()")

    def type(self, selector: str, text: str) -> None:
        """Type into the first element that a selector finds, once there is one."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.wait_for(f"{element} !== null")
        self.evaluate(f"{element}.focus()")
        self.call("Input.insertText", text=text)

    def text(self, selector: str) -> str:
        """The text of the first element that a selector finds, once it has any."""
        shown = f"(document.querySelector({json.dumps(selector)}) || {{}}).innerText"
        return str(self.wait_for(shown)).replace("\u200b", "")

    def screenshot(self, file: Path) -> None:
        """Write a picture of the page, as PNG."""
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))

    def _note(self, event: str, params: Any) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"]["text"])


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A page of a browser that knows nobody but this host.

    Args:
        folder: Where the browser keeps what it keeps.
    """
    assert PROGRAM is not None, "CI must have Chromium"
    command = [PROGRAM, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = _debugger(browser, folder / "DevToolsActivePort")
        # The browser may have no time for pings: who waits for it gives up by itself.
        with connect(url, max_size=None, ping_interval=None, proxy=None) as connection:
            yield Page(connection)
    finally:
        browser.kill()
        browser.wait()


def _debugger(browser: "subprocess.Popen[bytes]", place: Path) -> str:
    """Where a browser's page is driven, once there is one; its port is in a file."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert browser.poll() is None, "the browser has ended"
        with suppress(OSError, httpx.TransportError):
            port = place.read_text().partition("\n")[0]
            targets = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False).json()
            for target in targets:
                if target["type"] == "page":
                    return str(target["webSocketDebuggerUrl"])
        time.sleep(0.02)
    raise AssertionError("the browser has no page")
