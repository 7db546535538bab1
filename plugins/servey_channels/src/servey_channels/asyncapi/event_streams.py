"""Channels as server-sent events, each at an address of its own."""

from servey_channels.asyncapi.contents import streamed_message
from servey_channels.asyncapi.parts import Parts
from servey_channels.asyncapi.problems import PROBLEM_EXAMPLE
from servey_channels.asyncapi.security import BEARER, DEBUG_LOGIN, requirements
from servey_channels.asyncapi.server_words import stream_words
from servey_channels.asyncapi.servers import HTTP
from servey_channels.asyncapi.sources import Source
from servey_channels.asyncapi.words import EPOCH, Message
from servey_core.json_schemas import PROBLEM, REFERENCE
from servey_core.problems import PROBLEM_CONTENT_TYPE

_REQUEST: Message = {
    "name": "request",
    "summary": "The request, which has no body.",
    "headers": {
        "type": "object",
        "properties": {
            "Authorization": {"type": "string", "description": "`Bearer` and a token."},
            "Last-Event-ID": {
                "type": "string",
                "pattern": "^.{0,64}:[0-9]{1,18}$",
                "description": "The id of the last event that the client knows.",
            },
        },
    },
    "examples": [
        {"name": "from now on", "headers": {}},
        {"name": "since an event", "headers": {"Last-Event-ID": f"{EPOCH}:41"}},
    ],
}
_REFUSED: Message = {
    "name": "refused",
    "summary": "The answer where there is no stream; its status is the problem's.",
    "contentType": PROBLEM_CONTENT_TYPE,
    "payload": {"$ref": REFERENCE.format(model=PROBLEM)},
    "examples": [{"name": "no such channel", "payload": PROBLEM_EXAMPLE}],
}


def describe_streams(parts: Parts, source: Source) -> None:
    """Describe the streams of channels.

    Args:
        parts: The document's parts, which it is added to.
        source: What there is.
    """
    request, refused = parts.add_messages({"stream.request": _REQUEST, "stream.refused": _REFUSED})
    for channel in source.channels:
        name, stream = channel.name, f"{channel.name}.stream"
        words = {f"{stream}.{kind}": one for kind, one in stream_words(name).items()}
        event = streamed_message(channel, source.schemas)
        told = parts.add_messages({f"{stream}.event": event, **words})
        described = {
            "address": f"{source.path}/{name}",
            "title": f"Server-sent events of {name}",
            **({"description": channel.description} if channel.description else {}),
        }
        parts.channel(stream, described, HTTP, [request, *told, refused])
        parts.receives(
            stream,
            stream,
            [request],
            f"A client listens to `{name}`.",
            [*told, refused],
            tags=[{"name": name}],
            bindings={"http": {"method": "GET", "bindingVersion": "0.3.0"}},
            **requirements(channel.access_control, source.schemes, (BEARER, DEBUG_LOGIN)),
        )
