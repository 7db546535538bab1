"""The page, as HTML, and what a browser may load for it."""

import html

from servey_channels.studio import cdn
from servey_channels.studio.assets import page_files
from servey_core import Runtime
from servey_web import DEBUG_LOGIN_PATH, DEBUG_LOGIN_SCRIPT, web_settings

_NOT_BUNDLED = (
    f'<p class="notice">The renderer was not bundled when servey-channels was built, for which '
    f"npm is needed: this page loads it from {cdn.CDN}.</p>"
)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Channels</title>
<link rel="icon" type="image/svg+xml" href="{assets}/favicon.svg">
{style}
<link rel="stylesheet" href="{assets}/studio.css">
</head>
<body data-document="asyncapi.json" data-login="{login}">
<header>
<h1 id="title">Channels</h1>
<span id="state" role="status" data-state="closed">Disconnected</span>
<span id="who"></span>
<button type="button" id="connect">Connect</button>
<button type="button" id="open-login">Log in</button>
</header>
{notice}
<main>
<section id="studio" aria-label="Studio">
<section aria-labelledby="channels-title">
<h2 id="channels-title">Channels</h2>
<ul id="channels"></ul>
</section>
<form id="send" aria-labelledby="send-title">
<h2 id="send-title">Send</h2>
<div class="row">
<label>Channel <select id="send-channel" required></select></label>
<label>Example <select id="send-example"></select></label>
</div>
<label>Data <textarea id="send-data" rows="5" spellcheck="false"></textarea></label>
<div class="row"><button type="submit">Send</button><span id="send-hint" role="alert"></span></div>
</form>
<section id="frames" aria-labelledby="frames-title">
<div class="row">
<h2 id="frames-title">Messages</h2>
<button type="button" id="clear">Clear</button>
</div>
<ol id="log" role="log" aria-labelledby="frames-title" tabindex="0"></ol>
</section>
</section>
<details id="reference" open>
<summary>Document <a href="asyncapi.json">asyncapi.json</a></summary>
<div id="document">Loading …</div>
</details>
</main>
<noscript>This page needs scripts. <a href="asyncapi.json">The document</a></noscript>
<dialog id="login" aria-labelledby="login-title">
<h2 id="login-title">Log in</h2>
<form id="debug-login">
<p>Any name, and the password of the console.</p>
<label>Name <input name="username" required autocomplete="username"></label>
<label>Password
<input name="password" type="password" required autocomplete="current-password"></label>
<fieldset id="scopes"><legend>Scopes</legend></fieldset>
<p role="alert"></p>
<div class="actions"><button type="submit">Log in</button></div>
</form>
<form id="paste-token">
<label>A token of your own
<input name="token" required autocomplete="off" spellcheck="false"></label>
<div class="actions"><button type="submit">Use it</button></div>
</form>
<div class="actions">
<button type="button" id="log-out">Log out</button>
<button type="button" id="close-login">Close</button>
</div>
</dialog>
{script}
<script defer src="{assets}/{login_script}"></script>
<script type="module" src="{assets}/studio.js"></script>
</body>
</html>
"""


def studio_page(runtime: Runtime, *, bundled: bool) -> str:
    """The page; its addresses are relative, so that it may stand under any path.

    Args:
        runtime: The application.
        bundled: Whether the renderer is among this host's files.
    """
    assets = page_files().below("asyncapi")
    style = f'<link rel="stylesheet" href="{assets}/asyncapi.css">'
    script = f'<script defer src="{assets}/asyncapi.js"></script>'
    if not bundled:
        style = f'<link rel="stylesheet" href="{cdn.STYLE[0]}" {_guarded(cdn.STYLE[1])}>'
        script = f'<script defer src="{cdn.SCRIPT[0]}" {_guarded(cdn.SCRIPT[1])}></script>'
    with_login = web_settings(runtime).debug_authenticator
    return _PAGE.format(
        assets=html.escape(assets),
        style=style,
        script=script,
        notice="" if bundled else _NOT_BUNDLED,
        login_script=DEBUG_LOGIN_SCRIPT,
        login=DEBUG_LOGIN_PATH.lstrip("/") if with_login else "",
    )


def content_security_policy(*, bundled: bool) -> str:
    """What a browser may load: all from this host, and from the CDN where it must be.

    The renderer sets styles on elements. As the CDN has it, it also checks documents, by code that
    it makes of texts.
    """
    beside = "" if bundled else f" {cdn.CDN}"
    code = "" if bundled else " 'unsafe-eval'"
    return (
        f"default-src 'none'; script-src 'self'{beside}{code}; "
        f"style-src 'self' 'unsafe-inline'{beside}; img-src 'self' data:; "
        f"font-src 'self' data:; connect-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _guarded(integrity: str) -> str:
    return f'integrity="{integrity}" crossorigin="anonymous"'
