"""Litestar with its Jinja engine, and no OpenAPI document."""

from litestar import Litestar, get
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig

from peers.pages.contract import PATH, TEMPLATE, TEMPLATES, search


@get(PATH)
async def products(q: str) -> Template:
    """The page."""
    return Template(template_name=TEMPLATE, context={"model": search(q)})


def application() -> Litestar:
    """A handler."""
    config = TemplateConfig(directory=TEMPLATES, engine=JinjaTemplateEngine)
    return Litestar([products], template_config=config, openapi_config=None)
