"""What the API is called, where its documents name it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servey_core import Runtime, SettingsGroup, setting
from servey_core.settings import Words


class RestSettings(SettingsGroup):
    """The settings of the REST surface."""

    api_title: str | None = setting(
        None, "What the API is called. Left out, the project's name in `pyproject.toml`."
    )
    api_version: str | None = setting(
        None, "The API's version. Left out, the project's in `pyproject.toml`."
    )
    api_description: str | None = setting(
        None, "What the API is for, in Markdown. Left out, the project's in `pyproject.toml`."
    )
    fastapi_routers: Words = setting(
        (), "FastAPI routers that stand beside the actions, as `module:attribute`."
    )


@dataclass(frozen=True, slots=True)
class ApiInfo:
    """What the API is called.

    Attributes:
        title: Its name.
        version: Its version.
        description: What it is for, in Markdown; may be empty.
    """

    title: str
    version: str
    description: str


def api_info(runtime: Runtime) -> ApiInfo:
    """What the API is called: by the settings, or as the project in the working folder is."""
    settings = runtime.settings.group(RestSettings)
    project = _project()
    return ApiInfo(
        settings.api_title or str(project.get("name", "Actions")),
        settings.api_version or str(project.get("version", "0.0.0")),
        settings.api_description or str(project.get("description", "")),
    )


def _project() -> dict[str, Any]:
    try:
        text = Path("pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return {}
    project: dict[str, Any] = tomllib.loads(text).get("project", {})
    return project
