"""Files that actions give, as objects."""

from servey_core import File
from servey_core.files import in_thread
from servey_graphql.contexts import OperationContext
from servey_graphql.resolvers import ActionField, Arguments, Attribute
from servey_graphql.schema.types import ObjectType, OutputField


async def _content(file: File, arguments: Arguments, context: OperationContext) -> bytes:  # noqa: ARG001
    content: bytes = await in_thread(file.content)
    return content


FILE = ObjectType(
    "File",
    (
        OutputField("filename", "String", Attribute("filename"), description="Its name."),
        OutputField(
            "contentType",
            "String!",
            Attribute("content_type"),
            description="Its type, such as `image/png`.",
        ),
        OutputField("size", "Int!", Attribute("size"), description="How many bytes it has."),
        OutputField("content", "Base64!", ActionField(_content), description="What is in it."),
    ),
    "A file.",
    File,
)
