"""``model_list`` of LiteLLM: each deployment as a target."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from orchestrator.importing.carrying import Unwanted
from orchestrator.importing.draft import ImportedAccount, ImportedTarget
from orchestrator.importing.foreign_provider import ForeignProvider
from orchestrator.importing.litellm_names import RESPONSES, RESPONSES_MARK, split_model
from orchestrator.importing.settings import ForeignSetting
from orchestrator.importing.values import NO_ADDRESS, ValueReader, is_header, key_stem

_PARAMETERS: Final = (
    *("temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "seed", "stop", "n"),
    *("presence_penalty", "frequency_penalty", "logit_bias", "response_format", "verbosity"),
    *("reasoning_effort", "thinking", "tools", "tool_choice", "parallel_tool_calls", "user"),
    *("service_tier", "modalities", "logprobs", "top_logprobs"),
)
"""Fields of a request that stand in ``litellm_params``."""

_SERVED_MODES: Final = ("", "chat", "completion", "embedding", "responses")
_NO_CHAT: Final = re.compile(
    r"(^|[/-])(whisper|tts|dall-e|gpt-image|imagen|stable-diffusion|flux|rerank|omni-moderation)",
    re.IGNORECASE,
)
_OTHER_API: Final = Unwanted(
    "{0}: routes serve chats, responses and embeddings",
    "POST /passthrough/PROVIDER/… asks one provider for anything else",
)
_NO_DEPLOYMENT: Final = Unwanted("it is no deployment: model_name or model is missing")
_NO_MODEL: Final = Unwanted(
    "its model stands in a variable that is not set", "set it, and import again"
)
_WINS: Final = "goes before what a request says; in LiteLLM the request goes before it"
_ORGANIZATION: Final = "OpenAI-Organization"
_VERSION: Final = "the v1 API of Azure needs no version"


@attrs.frozen
class Deployment:
    """An entry of ``model_list``.

    Attributes:
        group: Its ``model_name``.
        named: Where that stands.
        target: What it asks; its model is empty where it stands for any.
        order: Its place among those of its group, the lowest first.
    """

    group: str
    named: ForeignSetting
    target: ImportedTarget
    order: int = 0

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for any model of its provider."""
        return not self.target.model


@attrs.frozen
class DeploymentReader:
    """Reads the deployments of a file."""

    values: ValueReader
    root: ForeignSetting

    def read(self) -> Iterator[Deployment]:
        """Those that can be asked here: in the order of their groups, and of themselves in each."""
        listed = self.root.get("model_list")
        found: dict[str, list[Deployment]] = {}
        for entry in listed.entries if listed is not None else []:
            deployment = self._deployment(entry)
            if deployment is not None:
                found.setdefault(deployment.group, []).append(deployment)
        for group in found.values():
            yield from _pooled(sorted(group, key=lambda one: one.order))

    def _deployment(self, entry: ForeignSetting) -> Deployment | None:
        params, named = entry.get("litellm_params"), entry.get("model_name")
        model = params.get("model") if params is not None else None
        if params is None or named is None or model is None or not named.text:
            self.values.carrying.leave(entry, _NO_DEPLOYMENT)
            return None
        written = self.values.resolved(model)
        why: Unwanted | None = _NO_MODEL
        if isinstance(written, str) and written.strip():
            owner = params.get("custom_llm_provider")
            said = owner.text if owner is not None else ""
            name, rest, foreign = split_model(written.strip(), said)
            why = self._refused(entry, written, foreign)
            if why is None:
                parts = _Parts(named, params, model, owner, name, rest, foreign)
                account = self._account(parts)
                if isinstance(account, ImportedAccount):
                    return self._made(entry, parts, account)
                why = account
        self.values.carrying.leave(entry, why or _NO_DEPLOYMENT, name=named.text)
        return None

    def _refused(
        self, entry: ForeignSetting, model: str, foreign: ForeignProvider
    ) -> Unwanted | None:
        """Why a deployment cannot be asked here, and what to do instead."""
        params = entry.table["litellm_params"]
        if foreign.refused and not (foreign.is_unknown and self._base(params) is not None):
            return foreign.refused
        if foreign.known and foreign.known.retired and self._base(params) is None:
            return Unwanted(f"its vendor ended the service on {foreign.known.retired}")
        info = entry.get("model_info")
        mode = info.get("mode") if info is not None else None
        if mode is not None and mode.text not in _SERVED_MODES:
            return _OTHER_API.of(f"its mode is {mode.text[:40]}")
        if mode is None and _NO_CHAT.search(model):
            return _OTHER_API.of("by its name it makes or reads media")
        return None

    def _made(self, entry: ForeignSetting, parts: _Parts, plain: ImportedAccount) -> Deployment:
        values, params = self.values, parts.params
        values.carry_address(self._base(params))
        account = attrs.evolve(plain, headers=self._headers(parts, plain.suggest_name()))
        self._tell_of_version(parts)
        values.carrying.carry(parts.named, parts.model, parts.owner, *_said_by_model(entry))
        keys = self._keys(parts, account)
        order = values.whole(params.get("order"), least=0) or 0
        wildcard = "*" in parts.rest
        if parts.foreign.is_unknown:
            what = f"{account.suggest_name()} is taken to speak chat completions"
            values.carrying.tell(parts.model, what, name=parts.named.text)
        if wildcard:
            what = f"any model of it is asked for as {account.suggest_name()}/MODEL"
            values.carrying.tell(parts.named, what, name=parts.named.text)
        target = ImportedTarget(
            account,
            "" if wildcard else parts.rest,
            keys,
            {} if wildcard else self._settings(entry, parts),
        )
        return Deployment(parts.named.text, parts.named, target, order)

    # Whom it asks.

    def _credentials(self, params: ForeignSetting) -> Mapping[str, ForeignSetting]:
        """What ``credential_list`` says under the name that a deployment gives."""
        named = params.get("litellm_credential_name")
        listed = self.root.get("credential_list")
        if named is None or listed is None:
            return {}
        for one in listed.entries:
            name, held = one.get("credential_name"), one.get("credential_values")
            if name is not None and held is not None and name.text == named.text:
                self.values.carrying.carry(named, name)
                return held.table
        return {}

    def _base(self, params: ForeignSetting) -> ForeignSetting | None:
        return params.get("api_base", "base_url") or self._credentials(params).get("api_base")

    def _address(self, parts: _Parts) -> str | Unwanted:
        """Its ``base_url``, empty for the vendor's own; or why there is none."""
        setting, foreign = self._base(parts.params), parts.foreign
        if setting is None:
            return foreign.base_url if foreign.base_url or foreign.known else NO_ADDRESS
        found = self.values.address(setting, foreign)
        return _azure_resource(found) if isinstance(found, str) and parts.is_azure else found

    def _account(self, parts: _Parts) -> ImportedAccount | Unwanted:
        """Whom it asks, without what is sent besides; or why nothing here can."""
        address, foreign = self._address(parts), parts.foreign
        if isinstance(address, Unwanted):
            return address
        known = None if foreign.lends_its_name and address else foreign.known
        account = ImportedAccount(
            vendor=known,
            base_url=address,
            dialect=RESPONSES if parts.is_responses else "",
            name="" if known is not None or not foreign.base_url else parts.name,
        )
        return Unwanted(why) if (why := account.problem(self.values.environ)) else account

    def _headers(self, parts: _Parts, provider: str) -> tuple[tuple[str, str], ...]:
        params = parts.params
        found = self.values.headers(params.get("extra_headers", "headers"), provider)
        organization = params.get("organization")
        if organization is None or self.values.variable(organization):
            return tuple(found.items())
        if is_header(_ORGANIZATION, organization.value):
            self.values.carrying.carry(organization)
            found[_ORGANIZATION] = organization.text
        return tuple(found.items())

    def _tell_of_version(self, parts: _Parts) -> None:
        version = parts.params.get("api_version")
        version = version or self._credentials(parts.params).get("api_version")
        if version is not None and parts.is_azure:
            fix = "for a dated one set OPENAI_API_VERSION where it runs"
            self.values.carrying.change(version, _VERSION, fix)

    def _keys(self, parts: _Parts, account: ImportedAccount) -> tuple[str, ...]:
        setting = parts.params.get("api_key") or self._credentials(parts.params).get("api_key")
        foreign = parts.foreign
        own = foreign.own_server or (account.vendor is None and not foreign.base_url)
        if setting is None:
            key = "" if own else foreign.variable
            if own and foreign.lends_its_name:
                what = f"no key is named for {account.suggest_name()}, so none is sent"
                self.values.carrying.tell(parts.model, what, name=parts.named.text)
            return (self.values.entry_of(key),) if key else ()
        stem = key_stem(None if own else foreign, account.suggest_name())
        key = self.values.credential(setting, stem, own_server=own)
        return (key,) if key else ()

    # What is said of its model.

    def _settings(self, entry: ForeignSetting, parts: _Parts) -> dict[str, Any]:
        values, params, info = self.values, parts.params, entry.get("model_info")
        context = values.whole(info.get("max_input_tokens")) if info is not None else None
        timeouts = {"total": values.seconds(params.get("timeout", "request_timeout"))}
        silence = values.seconds(params.get("stream_timeout"))
        timeouts |= {"first_token": silence, "idle": silence}
        said = {
            "context": context,
            "overrides": self._overrides(params),
            "timeouts": {key: one for key, one in timeouts.items() if one is not None},
        }
        return {key: one for key, one in said.items() if one}

    def _overrides(self, params: ForeignSetting) -> dict[str, Any]:
        body = params.get("extra_body")
        found: dict[str, Any] = {}
        for key, setting in (*params.table.items(), *(body.table.items() if body else ())):
            if key not in _PARAMETERS and not (body and body.table.get(key) is setting):
                continue
            value = self.values.override(setting)
            if value is not None:
                self.values.carrying.change(setting, _WINS)
                found[key] = value
        return found


@attrs.frozen
class _Parts:
    """What is read of a deployment first.

    Attributes:
        named: Its group.
        params: Its ``litellm_params``.
        model: Its model, as it stands.
        owner: ``custom_llm_provider``, if it is said.
        name: LiteLLM's name of the provider.
        written: The model without it.
        foreign: What the provider is here.
    """

    named: ForeignSetting
    params: ForeignSetting
    model: ForeignSetting
    owner: ForeignSetting | None
    name: str
    written: str
    foreign: ForeignProvider

    @property
    def is_responses(self) -> bool:
        """Whether the Responses API is asked."""
        return self.written.startswith(RESPONSES_MARK)

    @property
    def rest(self) -> str:
        """The model as its provider calls it."""
        return self.written.removeprefix(RESPONSES_MARK)

    @property
    def is_azure(self) -> bool:
        """Whether its model is a deployment of a resource."""
        return self.foreign.has_resources


def _said_by_model(entry: ForeignSetting) -> Iterator[ForeignSetting]:
    """What the API that is asked says already."""
    info = entry.get("model_info")
    mode = info.get("mode") if info is not None else None
    if mode is not None:
        yield mode


def _azure_resource(address: str) -> str:
    """The address of a resource, without the path of an API that a dialect adds itself."""
    parts = urlsplit(address)
    if parts.path.startswith(("/openai", "/models")) and not parts.path.startswith("/openai/v1"):
        return f"{parts.scheme}://{parts.netloc}"
    return address


def _pooled(group: list[Deployment]) -> Iterator[Deployment]:
    """The deployments of a group, the keys of those that differ in nothing else in one pool."""
    pools: dict[tuple[Hashable, str], dict[str, None]] = {}
    for one in group:
        place = (one.target.account.identity, one.target.model)
        pools.setdefault(place, {}).update(dict.fromkeys(one.target.keys))
    for one in group:
        keys = tuple(pools[one.target.account.identity, one.target.model])
        yield attrs.evolve(one, target=attrs.evolve(one.target, keys=keys))
