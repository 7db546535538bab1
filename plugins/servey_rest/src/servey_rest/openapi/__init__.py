"""The OpenAPI 3.1 document of an application, made from its actions alone."""

from servey_rest.openapi.document import openapi_document, openapi_text

__all__ = ["openapi_document", "openapi_text"]
