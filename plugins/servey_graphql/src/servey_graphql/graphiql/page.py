"""The explorer's page, as HTML, and what a browser may load for it."""

import html
from collections.abc import Iterable
from urllib.parse import quote

from servey_core import Runtime
from servey_graphql.graphiql import cdn
from servey_graphql.graphiql.assets import page_files
from servey_graphql.settings import GraphqlSettings
from servey_web import DEBUG_LOGIN_PATH, DEBUG_LOGIN_SCRIPT, web_settings

_NOT_BUNDLED = (
    f"GraphiQL was not bundled when servey-graphql was built, for which npm is needed: this page "
    f"loads an older GraphiQL from {cdn.CDN}."
)
_NO_INTROSPECTION = (
    "Introspection is off, as it is outside development unless SERVEY_GRAPHQL_INTROSPECTION is "
    "true: queries run, but nothing documents, completes or checks them here."
)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphQL explorer</title>
<link rel="icon" type="image/svg+xml" href="{assets}/favicon.svg">
{styles}
</head>
<body>
<header><h1>GraphQL explorer</h1>{opener}</header>
{notices}
<div id="explorer" data-introspection="{introspection}">Loading …</div>
<noscript>This page needs scripts.</noscript>
{login}
{scripts}
</body>
</html>
"""
_OPENER = '<span id="who"></span><button type="button" id="open-login" disabled>Log in</button>'
_LOGIN = """\
<dialog id="login" data-url="{url}">
<form>
<h2>Debug login</h2>
<p>Any name, and the password of the console. The token goes into the headers pane.</p>
<label>Name <input name="username" required autocomplete="username"></label>
<label>Password
<input name="password" type="password" required autocomplete="current-password"></label>
{scopes}
<p role="alert"></p>
<div class="actions">
<button type="button">Cancel</button>
<button type="submit">Log in</button>
</div>
</form>
</dialog>"""


def explorer_page(runtime: Runtime, *, bundled: bool, introspection: bool) -> str:
    """The page; its addresses are relative, so that the API may stand under any path.

    Args:
        runtime: The application.
        bundled: Whether GraphiQL is among this host's files.
        introspection: Whether the API tells its schema.
    """
    assets = html.escape(_assets(runtime))
    styles = [_own_style(assets, "graphiql.css")] if bundled else map(_cdn_style, cdn.STYLES)
    ours = ("graphiql.js",) if bundled else ("from_cdn.js",)
    with_login = bool(web_settings(runtime).debug_authenticator)
    scripts = [_own_script(assets, name) for name in (*ours, "subscriptions.js", "explorer.js")]
    if not bundled:
        scripts = [*map(_cdn_script, cdn.SCRIPTS), *scripts]
    if with_login:
        scripts += [_own_script(assets, DEBUG_LOGIN_SCRIPT), _own_script(assets, "login.js")]
    notices = {_NOT_BUNDLED: not bundled, _NO_INTROSPECTION: not introspection}
    return _PAGE.format(
        assets=assets,
        styles="\n".join([*styles, _own_style(assets, "explorer.css")]),
        opener=_OPENER if with_login else "",
        notices="\n".join(f'<p class="notice">{text}</p>' for text, on in notices.items() if on),
        introspection="on" if introspection else "off",
        login=_login(runtime) if with_login else "",
        scripts="\n".join(scripts),
    )


def content_security_policy(*, bundled: bool) -> str:
    """What a browser may load: all from this host, and from the CDN where it must be.

    GraphiQL and its editor set styles on elements, and have their fonts in their style sheets.
    """
    beside = "" if bundled else f" {cdn.CDN}"
    return (
        f"default-src 'none'; script-src 'self'{beside}; worker-src 'self'; "
        f"style-src 'self' 'unsafe-inline'{beside}; img-src 'self' data:; "
        f"font-src 'self' data:; connect-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _assets(runtime: Runtime) -> str:
    last = runtime.settings.group(GraphqlSettings).graphql_path.rpartition("/")[2]
    return page_files().below(quote(last))


def _login(runtime: Runtime) -> str:
    above = runtime.settings.group(GraphqlSettings).graphql_path.count("/") - 1
    return _LOGIN.format(
        url="../" * above + DEBUG_LOGIN_PATH.lstrip("/"), scopes=_scopes(_all_scopes(runtime))
    )


def _scopes(names: Iterable[str]) -> str:
    boxes = [
        f'<label><input type="checkbox" name="scope" value="{html.escape(name)}"> '
        f"{html.escape(name)}</label>"
        for name in names
    ]
    return f"<fieldset><legend>Scopes</legend>{''.join(boxes)}</fieldset>" if boxes else ""


def _all_scopes(runtime: Runtime) -> list[str]:
    alternatives = (one.access_control.scope_alternatives for one in runtime.actions.values())
    return sorted({scope for several in alternatives for scopes in several for scope in scopes})


def _own_style(assets: str, name: str) -> str:
    return f'<link rel="stylesheet" href="{assets}/{name}">'


def _own_script(assets: str, name: str) -> str:
    return f'<script defer src="{assets}/{name}"></script>'


def _cdn_style(file: cdn.CdnFile) -> str:
    return f'<link rel="stylesheet" href="{file.url}" {_guarded(file)}>'


def _cdn_script(file: cdn.CdnFile) -> str:
    return f'<script defer src="{file.url}" {_guarded(file)}></script>'


def _guarded(file: cdn.CdnFile) -> str:
    return f'integrity="{file.integrity}" crossorigin="anonymous"'
