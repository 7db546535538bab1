"""The AsyncAPI 3.0 document of an application, made from its channels and actions alone."""

from servey_channels.asyncapi.document import asyncapi_document, asyncapi_text

__all__ = ["asyncapi_document", "asyncapi_text"]
