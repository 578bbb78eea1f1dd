"""Azure OpenAI: the v1 API, and deployment paths with a dated API version.

Looked up 2026-11-21: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
and https://learn.microsoft.com/azure/ai-services/openai/reference. In both the model of a
target is the name of the deployment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from orchestrator.vendors.endpoint import Endpoint, EndpointUnknown

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
