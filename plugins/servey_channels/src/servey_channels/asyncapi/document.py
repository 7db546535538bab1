"""The document as a whole."""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from servey_channels.asyncapi.event_streams import describe_streams
from servey_channels.asyncapi.parts import Parts
from servey_channels.asyncapi.schemas import Schemas
from servey_channels.asyncapi.security import Schemes, inbound_access, security_schemes
from servey_channels.asyncapi.servers import public_url, servers
from servey_channels.asyncapi.sockets import describe_sockets
from servey_channels.asyncapi.sources import Source
from servey_channels.asyncapi.webhooks import SERVER, SUBSCRIBER, describe_webhooks
from servey_channels.inbound import Inbound
from servey_channels.settings import ChannelSettings
from servey_core import AccessControl, Runtime, WebhookChannel, WebsocketChannel
from servey_core.json_schemas import PROBLEM, PROBLEM_SCHEMA

VERSION = "3.0.0"


def asyncapi_text(runtime: Runtime) -> str:
    """The document as text, always the same for the same application."""
    return json.dumps(asyncapi_document(runtime), indent=2, ensure_ascii=False) + "\n"


def asyncapi_document(runtime: Runtime) -> dict[str, Any]:
    """The document as JSON values."""
    channels = tuple(one for one in runtime.channels.values() if isinstance(one, WebsocketChannel))
    inbound = Inbound(runtime).actions
    webhooks = tuple(one for one in runtime.channels.values() if isinstance(one, WebhookChannel))
    controls = [one.access_control for one in channels]
    controls += [inbound_access(one) for one in inbound.values()]
    url = public_url(runtime)
    schemas = Schemas((*channels, *webhooks), inbound, (PROBLEM,))
    schemes = security_schemes(runtime, controls, url)
    path = runtime.settings.group(ChannelSettings).channels_path
    source = Source(path, channels, inbound, schemas, schemes)
    parts = Parts()
    if channels or inbound:
        describe_sockets(parts, source)
    if channels:
        describe_streams(parts, source)
    describe_webhooks(parts, webhooks, schemas)
    known = servers(url, with_sockets=bool(channels or inbound), with_streams=bool(channels))
    return {
        "asyncapi": VERSION,
        "info": _info(runtime),
        "defaultContentType": "application/json",
        "servers": {**known, **({SUBSCRIBER: SERVER} if webhooks else {})},
        "channels": parts.channels,
        "operations": parts.operations,
        "components": {
            "schemas": {**schemas.definitions, PROBLEM: PROBLEM_SCHEMA},
            "messages": parts.messages,
            **_used(schemes, controls),
        },
    }


def _used(schemes: Schemes, controls: Iterable[AccessControl]) -> dict[str, Any]:
    """The ways to be let in, where anything asks for one."""
    guarded = any(not one.public for one in controls)
    return {"securitySchemes": schemes} if guarded else {}


def _info(runtime: Runtime) -> dict[str, str]:
    """What the API is called: as its REST document says, or as the project is."""
    told = {one.name: one.value for one in runtime.settings}
    project = _project()
    title = told.get("api_title") or project.get("name", "Actions")
    version = told.get("api_version") or project.get("version", "0.0.0")
    text = told.get("api_description") or project.get("description", "")
    described = {"description": str(text)} if text else {}
    return {"title": str(title), "version": str(version), **described}


def _project() -> dict[str, Any]:
    try:
        text = Path("pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return {}
    project: dict[str, Any] = tomllib.loads(text).get("project", {})
    return project
