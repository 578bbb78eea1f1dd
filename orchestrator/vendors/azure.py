"""Azure OpenAI: the v1 API, and deployment paths with a dated API version.

Looked up 2026-11-21: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
and https://learn.microsoft.com/azure/ai-services/openai/reference. In both the model of a
target is the name of the deployment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.not_found import origin
from orchestrator.vendors.record import Endpoint, EndpointUnknown, Vendor

ENDPOINT: Final = "AZURE_OPENAI_ENDPOINT"
VERSION: Final = "OPENAI_API_VERSION"

V1: Final = "/openai/v1"
"""Below the resource; it takes no ``api-version``."""

DEPLOYMENT_PATH: Final = "deployments/{model}/chat/completions"
"""Below ``/openai`` of the resource, with ``?api-version=``."""

KEY_HEADER: Final = "api-key"

_UNDATED = ("", "v1", "latest", "preview")
_DIALECTS = ("openai-chat", "openai-responses")
_SAFE = re.compile(r"[\w.-]{1,40}", re.ASCII)


def derive(environ: Mapping[str, str], dialect: str, base_url: str) -> Endpoint:
    """The endpoint of a resource.

    The v1 API, unless ``OPENAI_API_VERSION`` names a dated version (chat completions only).
    A ``base_url`` that names more than the resource is taken as it is.

    Raises:
        EndpointUnknown: No resource is named.
        ValueError: The dialect is not spoken there, or a variable makes no sense.
    """
    if dialect not in _DIALECTS:
        raise ValueError(f"{dialect} is not spoken there; allowed: {', '.join(_DIALECTS)}")
    given = base_url or _endpoint(environ)
    path = urlsplit(given).path.rstrip("/")
    version = environ.get(VERSION, "").strip()
    if path not in ("", "/openai"):
        return Endpoint((given,), key_header=KEY_HEADER)
    resource = given.rstrip("/").removesuffix("/openai")
    if version in _UNDATED or dialect != "openai-chat":
        return Endpoint((resource + V1,), key_header=KEY_HEADER)
    if not _SAFE.fullmatch(version):
        raise ValueError(f"{VERSION} is no version such as 2024-10-21")
    return Endpoint((f"{resource}/openai?api-version={version}",), DEPLOYMENT_PATH, KEY_HEADER)


def _endpoint(environ: Mapping[str, str]) -> str:
    given = environ.get(ENDPOINT, "").strip()
    if not given:
        raise EndpointUnknown(
            f"the environment variable {ENDPOINT} is not set; it is the resource's address, "
            "such as https://NAME.openai.azure.com"
        )
    url = urlsplit(given)
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query:
        raise ValueError(f"{ENDPOINT} is no address such as https://NAME.openai.azure.com")
    return given.rstrip("/")


def explain_not_found(base_url: str, dialect: str, body: Any) -> str | None:  # noqa: ARG001
    """What a 404 of a resource means: the same in every dialect that it speaks."""
    if "DeploymentNotFound" in str(body):
        return "there is no deployment of that name: a target's model is the deployment's name"
    if urlsplit(base_url).path.rstrip("/") == V1:
        return None
    return (
        f"there is nothing below {base_url.partition('?')[0]} for this deployment and version: "
        f"set base_url to {origin(base_url)}{V1}, which needs no {VERSION}"
    )


_DOC = "https://learn.microsoft.com/azure/ai-services/openai/how-to/quota (2026-11-21)"
_FILTER = (
    "https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter (2026-11-21)"
)

_RULES = (
    Rule("azure.no-capacity", Reason.OVERLOADED, _DOC, elsewhere=True, codes={"nocapacity",
         "toomanyrequestsnocapacity", "serverbusy"}, scope=Scope.MODEL),
    Rule("azure.content-filter", Reason.CONTENT_POLICY, _FILTER, elsewhere=True,
         codes={"content_filter", "responsibleaipolicyviolation", "contentfilter"},
         scope=Scope.REQUEST),
    Rule("azure.deployment", Reason.MODEL_NOT_FOUND,
         "https://learn.microsoft.com/azure/ai-services/openai/reference (2026-11-21)",
         elsewhere=True, codes={"deploymentnotfound", "operationnotsupported", "modelnotfound",
         "invalidresourceid", "resourcenotfound", "deploymentmodelnotsupported",
         "unavailable_model", "unknown_model"}, scope=Scope.MODEL,
         hint=("This Azure resource has no such deployment: check the deployment's name, "
         "the resource and api-version; a new one takes minutes.")),
    Rule("azure.quota-words", Reason.RATE_LIMIT, _DOC, elsewhere=True,
         contains=("exceeded token rate limit", "exceeded call rate limit",
         "exceeded the call rate limit", "rate limit is exceeded", "exceeded rate limit",
         "pricing tier"), unless=("quota has been exhausted", "out of call volume quota"),
         scope=Scope.MODEL),
    Rule("azure.volume-quota", Reason.RATE_LIMIT,
         ("Azure API Management: a volume quota is replenished at a time that it names "
         "(2026-11-21)"), elsewhere=True, contains=("out of call volume quota",
         "quota will be replenished", "out of bandwidth quota"), scope=Scope.KEY),
    Rule("azure.subscription-off", Reason.BILLING,
         ("https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-disabled "
         "(2026-11-21)"), elsewhere=True, codes={"readonlydisabledsubscription",
         "subscriptionnotfound", "subscriptionisdisabled", "disabledsubscription"},
         scope=Scope.ACCOUNT),
    Rule("azure.network", Reason.FORBIDDEN,
         ("https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks "
         "(2026-11-21)"), elsewhere=True, contains=("virtual network/firewall",
         "public access is disabled", "traffic is not from an approved private endpoint"),
         hint=("The Azure resource's network rules refuse your address: allow it there, or "
         "send from inside the network.")),
    Rule("azure.key", Reason.AUTH, _DOC, contains=("invalid subscription key",
         "wrong api endpoint", "missing subscription key", "principal does not have access",
         "permissiondenied", "lacks the required data action"), scope=Scope.KEY),
    Rule("azure.timeout", Reason.SERVER_ERROR, _DOC, codes={"timeout", "requesttimeout",
         "operationtimeout"}),
    Rule("azure.high-demand", Reason.OVERLOADED, _DOC,
         contains=("experiencing high demand", "peak load", "system is currently experiencing",
         "model is currently overloaded", "server is busy"), scope=Scope.MODEL),
)  # fmt: skip

VENDOR = Vendor(
    "azure",
    keys=("AZURE_OPENAI_API_KEY",),
    documentation="https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
    domains=(".openai.azure.com",),
    derive=derive,
    explain_not_found=explain_not_found,
    aliases=("azure-foundry", "azure-openai", "azure-ai"),
    runs_models=True,
    starter="gpt-5-mini",
    telemetry_name="azure.ai.openai",
    rules=_RULES,
)
