"""The documentation page as a browser shows it."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from servey_core import WEB_GET, ScopeAccessControl, action

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
IN_CI = os.environ.get("CI") == "true"

pytestmark = pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="there is no Chromium here")


@action(triggers=WEB_GET)
async def say_hello(name: str) -> str:
    """Greet somebody, as seen in the browser."""
    return f"Hello {name}!"


@action(triggers=WEB_GET, access_control=ScopeAccessControl("root"))
async def guarded() -> None: ...


ACTIONS = [say_hello, guarded]
SETTINGS = {"api_title": "Greetings"}


def test_the_page_shows_the_actions(app: Any, tmp_path: Path) -> None:
    assert CHROMIUM is not None, "CI must have Chromium"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path}",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--virtual-time-budget=15000",
        "--enable-logging=stderr",
        "--dump-dom",
    ]
    shown = subprocess.run(
        [CHROMIUM, *options, f"{app.url}/docs"],
        check=True,
        capture_output=True,
        text=True,
        timeout=90,
    )
    page = re.sub(r"<wbr\s*/?>|\u200b", "", shown.stdout)
    for text in ("Greetings", "/actions/say-hello", "as seen in the browser.", "Authorize"):
        assert text in page
    assert "Failed to load" not in page
    assert "Content Security Policy" not in shown.stderr
    assert "net::ERR" not in shown.stderr
