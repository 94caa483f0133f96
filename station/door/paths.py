"""Which paths are open to everybody, which are hidden, and where a path leads."""

from urllib.parse import urlsplit

JOIN = "/join"
"""Where people register themselves at a station."""
TILLS = "/api"
"""Where tills ask; each shows a key of its own, and no browser's cookie counts there."""
CALENDARS = "/calendar"
"""Where telephones read calendars; the address itself is the secret."""
OPEN = (
    "/sign-in",
    "/sign-out",
    "/welcome",
    "/demo",
    "/company",
    JOIN,
    CALENDARS,
    TILLS,
    "/health",
    "/static",
)
"""Paths for which nobody needs to be signed in; they show nothing of the archive to anybody."""
FORMS = ("/demo", "/company", "/company/back", "/sign-out")
"""Of these, those to which forms are sent; whoever opens one is sent to the sign-in."""
HIDDEN = ("/_stcore/metrics", "/_stcore/agent", "/agent", "/auth/logout")
"""Paths of Streamlit's that are nobody's business."""
COMPANY = ("/company", "/auth", "/oauth2callback")
"""Paths of the company's own sign-in; without it they are hidden too."""
ON_THE_WAY = (
    *("/auth/login", "/oauth2callback"),
    *("/_stcore/stream", "/_stcore/host-config", "/_stcore/health"),
)
"""Paths that, with the front page, take somebody to the company's own sign-in and back."""
POLICY_VIOLATION = 1008
"""The code with which a WebSocket is closed to whom it is not meant for."""


def is_below(path: str, roots: tuple[str, ...]) -> bool:
    """Return whether a path is one of `roots` or lies under it."""
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def local(path: str) -> str:
    """Return a path of the dashboard; nothing for an address that leads elsewhere."""
    parts = urlsplit(path.replace("\\", "/"))
    is_ours = (
        path.startswith("/") and not path.startswith("//") and not (parts.scheme or parts.netloc)
    )
    return path if is_ours and path.isprintable() and not is_below(parts.path, OPEN) else ""
