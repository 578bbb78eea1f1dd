"""What a 404 means where the path is wrong: the path that would have been right."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from orchestrator.dialects import DIALECTS
from orchestrator.vendors import azure, databricks
from orchestrator.vendors.catalogue import at_address, known


def explain_not_found(
    vendor: str, base_url: str, dialect: str, status: int | None, body: Any
) -> str | None:
    """One sentence with the path that would have been right, ``None`` where nothing is known.

    Args:
        vendor: The known provider's name, or any other.
        base_url: Where the request went, without the dialect's own path.
        dialect: The dialect that was spoken.
        status: The answer's status; anything but 404 is not explained.
        body: The answer, decoded or not.
    """
    if status != 404 or dialect not in DIALECTS:
        return None
    entry = at_address(base_url) or known(vendor)
    if entry is not None and entry.name == "databricks":
        return _databricks(base_url, dialect, str(body))
    if entry is not None and entry.name == "azure":
        return _azure(base_url, str(body))
    right = "" if entry is None else entry.others.get(dialect, entry.base_url)
    if right and right != base_url and _origin(right) == _origin(base_url):
        return _wrong(base_url, dialect, right)
    if entry is None and not urlsplit(base_url).path.strip("/"):
        return f"{_wrong(base_url, dialect, f'{base_url}/v1')}, where most servers have it"
    return None


def _wrong(base_url: str, dialect: str, right: str) -> str:
    suffix = DIALECTS[dialect].shown_path
    return f"there is no {base_url}{suffix}; set base_url to {right} (it asks {right}{suffix})"


def _databricks(base_url: str, dialect: str, body: str) -> str | None:
    origin, gateway = _origin(base_url), ".ai-gateway." in (urlsplit(base_url).hostname or "")
    namespaces = databricks.GATEWAY_NAMESPACES if gateway else databricks.WORKSPACE_NAMESPACES
    right = origin + namespaces[dialect]
    if right != base_url and base_url != origin + databricks.UNIFIED_NAMESPACE:
        return _wrong(base_url, dialect, right)
    if "ENDPOINT_NOT_FOUND" not in body:
        return None
    if gateway and dialect == "openai-chat" and right == base_url:
        return _wrong(base_url, dialect, origin + databricks.UNIFIED_NAMESPACE)
    return f"the path {base_url} is right, so the model is not served there: check its name"


def _azure(base_url: str, body: str) -> str | None:
    if "DeploymentNotFound" in body:
        return "there is no deployment of that name: a target's model is the deployment's name"
    if urlsplit(base_url).path.rstrip("/") == azure.V1:
        return None
    right = _origin(base_url) + azure.V1
    return (
        f"there is nothing below {base_url.partition('?')[0]} for this deployment and version: "
        f"set base_url to {right}, which needs no {azure.VERSION}"
    )


def _origin(base_url: str) -> str:
    url = urlsplit(base_url)
    return f"{url.scheme}://{url.netloc}"
