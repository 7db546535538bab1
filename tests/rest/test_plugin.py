"""The plugin costs nothing until it is needed."""

import subprocess
import sys


def test_the_plugin_is_light_to_import() -> None:
    script = (
        "import sys, servey_rest.plugin\n"
        "heavy = {'fastapi', 'starlette', 'uvicorn', 'httpx', 'fastapi_offline'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_what_carries_the_assets_is_not_imported() -> None:
    script = "import sys, servey_rest.pages\nprint('fastapi_offline' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"
