"""Databricks: the AI Gateway of a workspace, and its serving endpoints where that is blocked.

The gateway has a host of its own, named after the workspace's id, and one API namespace a
dialect. Looked up 2026-11-21:
https://learn.microsoft.com/azure/databricks/ai-gateway/query-endpoints-beta
https://docs.databricks.com/machine-learning/model-serving/score-foundation-models.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.not_found import origin, wrong_path
from orchestrator.vendors.record import Endpoint, EndpointUnknown, Vendor

HOST: Final = "DATABRICKS_HOST"
WORKSPACE: Final = "DATABRICKS_WORKSPACE_ID"
GATEWAY: Final = "DATABRICKS_GATEWAY_HOST"

AZURE_DOMAIN: Final = ".azuredatabricks.net"
AWS_DOMAIN: Final = ".cloud.databricks.com"

GATEWAY_NAMESPACES: Final[Mapping[str, str]] = {
    "openai-chat": "/openai/v1",
    "openai-responses": "/openai/v1",
    "anthropic-messages": "/anthropic/v1",
    "gemini": "/gemini/v1beta",
}
"""Below the gateway's host, by dialect."""

UNIFIED_NAMESPACE: Final = "/mlflow/v1"
"""Where the gateway's own documentation has chat completions for models of any vendor; the
vendor's namespace is preferred, since it knows all of the vendor's fields."""

WORKSPACE_NAMESPACES: Final[Mapping[str, str]] = {
    "openai-chat": "/serving-endpoints",
    "openai-responses": "/serving-endpoints",
    "anthropic-messages": "/serving-endpoints/anthropic/v1",
    "gemini": "/serving-endpoints/gemini/v1beta",
}
"""Below the workspace's host, by dialect."""

_AZURE_WORKSPACE = re.compile(r"adb-(\d+)\.\d+\.azuredatabricks\.net", re.ASCII)
_ID = re.compile(r"\d{1,32}", re.ASCII)


def derive(environ: Mapping[str, str], dialect: str, base_url: str) -> Endpoint:
    """The endpoint: as configured, else the gateway, with the serving endpoints behind it.

    ``DATABRICKS_GATEWAY_HOST`` names the gateway; else it is derived from the workspace.
    Every namespace takes the token as a bearer token, whatever the dialect is used to.

    Raises:
        EndpointUnknown: No variable says where the workspace is.
        ValueError: One says what is no address or no id.
    """
    if base_url:
        return Endpoint((base_url,), key_header="authorization")
    gateway = _origin(environ, GATEWAY, keep_path=True)
    if gateway:
        return Endpoint((gateway + GATEWAY_NAMESPACES[dialect],), key_header="authorization")
    host = _origin(environ, HOST)
    candidates = []
    if derived := gateway_of(host, environ.get(WORKSPACE, "").strip()):
        candidates.append(derived + GATEWAY_NAMESPACES[dialect])
    if host:
        candidates.append(host + WORKSPACE_NAMESPACES[dialect])
    if not candidates:
        raise EndpointUnknown(
            f"the environment variable {HOST} is not set; it is the workspace's address, such "
            "as https://adb-1234567890123456.7.azuredatabricks.net"
        )
    return Endpoint(tuple(candidates), key_header="authorization")


def gateway_of(host: str, workspace: str) -> str:
    """The address of a workspace's AI Gateway, empty where its id is not known.

    Args:
        host: The workspace's address, empty where it is not known.
        workspace: Its id; on Azure the address says it.

    Raises:
        ValueError: ``workspace`` is no id.
    """
    name = (urlsplit(host).hostname or "") if host else ""
    matched = _AZURE_WORKSPACE.fullmatch(name)
    if matched:
        workspace = matched[1]
    if not workspace:
        return ""
    if not _ID.fullmatch(workspace):
        raise ValueError(f"{WORKSPACE} is no workspace id, which is a whole number")
    if name.endswith(AZURE_DOMAIN):
        return f"https://{workspace}.0.ai-gateway{AZURE_DOMAIN}"
    return f"https://{workspace}.ai-gateway{AWS_DOMAIN}"


def _origin(environ: Mapping[str, str], variable: str, *, keep_path: bool = False) -> str:
    """The address in ``variable``, ``https`` unless it says otherwise; empty where not set."""
    given = environ.get(variable, "").strip()
    if not given:
        return ""
    try:
        url = urlsplit(given if "://" in given else f"https://{given}")
        _ = url.port  # raises where it is none
    except ValueError:
        url = urlsplit("")
    if url.scheme not in ("http", "https") or not url.hostname or url.username:
        raise ValueError(f"{variable} is no address such as https://HOST")
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/') if keep_path else ''}"


def explain_not_found(base_url: str, dialect: str, body: Any) -> str | None:
    """What a 404 of the gateway or of a workspace means."""
    root, gateway = origin(base_url), ".ai-gateway." in (urlsplit(base_url).hostname or "")
    right = root + (GATEWAY_NAMESPACES if gateway else WORKSPACE_NAMESPACES)[dialect]
    if right != base_url and base_url != root + UNIFIED_NAMESPACE:
        return wrong_path(base_url, dialect, right)
    if "ENDPOINT_NOT_FOUND" not in str(body):
        return None
    if gateway and dialect == "openai-chat" and right == base_url:
        return wrong_path(base_url, dialect, root + UNIFIED_NAMESPACE)
    return f"the path {base_url} is right, so the model is not served there: check its name"


_DOC = "https://docs.databricks.com/aws/en/error-messages/error-classes (2026-11-21)"

_RULES = (
    Rule("databricks.path", Reason.MODEL_NOT_FOUND, _DOC,
         codes={"endpoint_not_found"}, scope=Scope.MODEL,
         hint=("No such path on Databricks: base_url must end in an API namespace, "
         "/serving-endpoints on the workspace or /openai, /anthropic on the AI Gateway.")),
    Rule("databricks.endpoint", Reason.MODEL_NOT_FOUND, _DOC,
         codes={"resource_does_not_exist", "not_found", "feature_disabled"}, scope=Scope.MODEL,
         hint=("The Databricks workspace has no serving endpoint of this name: check the "
         "name in the workspace.")),
    Rule("databricks.rate", Reason.RATE_LIMIT, _DOC, codes={"request_limit_exceeded",
         "resource_exhausted", "rate_limited"}),
    Rule("databricks.busy", Reason.OVERLOADED, _DOC,
         codes={"temporarily_unavailable", "deadline_exceeded_upstream"}),
    Rule("databricks.auth", Reason.AUTH, _DOC, codes={"permission_denied",
         "unauthenticated", "invalid_token", "403", "401"}, statuses={401, 403},
         unless=("ip access list", "ip acl", "network", "credits", "payment", "billing"),
         hint=("Databricks did not accept this token for this endpoint: check its "
         "permissions and that it belongs to this workspace.")),
    Rule("databricks.parameters", Reason.BAD_REQUEST, _DOC,
         codes={"invalid_parameter_value", "bad_request", "malformed_request"}, unless=("context",
         "too long", "maximum", "tokens")),
    Rule("databricks.budget", Reason.BILLING, _DOC, codes={"billing_disabled",
         "customer_unauthorized"}, scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "databricks",
    keys=("DATABRICKS_TOKEN",),
    documentation="https://docs.databricks.com/aws/en/ai-gateway/",
    domains=(AZURE_DOMAIN, AWS_DOMAIN),
    derive=derive,
    explain_not_found=explain_not_found,
    starter="databricks-gpt-5-2",
    rules=_RULES,
)
