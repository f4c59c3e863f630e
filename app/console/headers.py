"""Headers of every answer: what a browser may load, keep and show inside another page."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")
NEVER_KEPT = (b"cache-control", b"no-store")
KEPT = (b"cache-control", b"public, max-age=31536000, immutable")
STATIC = "/static/"


class Headers:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept = KEPT if scope["path"].startswith(STATIC) and scope.get("query_string") else NEVER_KEPT

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = [(name, value) for name, value in message["headers"] if name.lower() != b"cache-control"]
                secure = [TLS_ONLY] if scope.get("scheme") == "https" else []
                message["headers"] = [*known, *ALWAYS, kept, *secure]
            await send(message)

        await self._app(scope, receive, with_headers)
