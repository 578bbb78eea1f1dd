"""What to do about each reason: who must act, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.states.reasons import Reason

HINTS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.BILLING: "Your balance or quota is used up: check the provider's dashboard.",
        Reason.RATE_LIMIT: (
            "You are sending faster than this key's limit: wait, add keys, or raise the limit at "
            "the provider."
        ),
        Reason.AUTH: (
            "The provider did not accept this credential: check the key, its permissions and that "
            "it belongs to this endpoint."
        ),
        Reason.OVERLOADED: (
            "The provider is short of capacity, which is not your limit: wait, or use another "
            "model or provider."
        ),
        Reason.SERVER_ERROR: (
            "The provider failed on its side: try again, and tell the provider if it lasts."
        ),
        Reason.TIMEOUT: (
            "No answer came in time: raise the timeout in [timeouts] if this model is slow, or use "
            "another target."
        ),
        Reason.STREAM_INTERRUPTED: (
            "The stream broke before its end: send the request again, and check proxies between "
            "you and the provider if it lasts."
        ),
        Reason.INVALID_RESPONSE: (
            "The endpoint answered with something that is no answer: check that base_url is the "
            "API's address and not a web page's."
        ),
        Reason.CONNECTION: (
            "The endpoint could not be reached: check base_url, the network and that the server "
            "is running."
        ),
        Reason.FORBIDDEN: (
            "Access was refused for a reason other than the key: check region, network and the "
            "headers you send."
        ),
        Reason.MODEL_NOT_FOUND: (
            "This account cannot use this model here: check its name against the provider's list "
            "of models and your access to it."
        ),
        Reason.CONTEXT_OVERFLOW: (
            "The request is longer than the model's context: shorten it, lower max_tokens, or use "
            "a model with a larger context."
        ),
        Reason.PAYLOAD_TOO_LARGE: (
            "The request, or a file or image in it, has too many bytes: make it smaller."
        ),
        Reason.CONTENT_POLICY: (
            "The provider's content rules refused this: change the request, or allow a fallback "
            "for content_policy in [policy.on]."
        ),
        Reason.BAD_REQUEST: (
            "The provider cannot accept the request as it is: correct what its message names."
        ),
        Reason.OUTPUT_TRUNCATED: (
            "The model stopped at its length limit: raise max_tokens or ask for less."
        ),
        Reason.UNKNOWN: (
            "No rule knows this failure: see the provider's message, and add a rule under "
            "[[providers.NAME.rules]] or report it."
        ),
        Reason.CANCELLED: "The caller cancelled the call: nothing needs to be done.",
        Reason.DEADLINE: "The call's deadline was reached: raise deadline in [policy] or timeout=.",
    }
)
"""The hint for a reason, unless the rule that matched has its own."""

HINT_LONG_LIMIT = (
    "A longer limit of this key or plan is used up, such as an hourly, daily or weekly one: let "
    "other targets take over until it opens, add keys, or raise the plan."
)
"""The hint where a limit says that it lasts: to send more slowly would not help."""

LONG_LIMIT = 300.0
"""Seconds that a cooldown lasts at most; a longer wait is one for a window to open."""

HINT_REPAIRED = (
    "The request is changed for this and sent again by itself: if that fails as well, correct what "
    "the message names."
)
"""The hint where the failure names a repair: first it is the caller's machine that acts."""

QUOTED_HINTS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.BILLING: (
            "The relay's own account at the provider behind it is empty: use another target, and "
            "tell whoever runs the relay."
        ),
        Reason.AUTH: (
            "The relay's own credential at the provider behind it was refused, yours was not: use "
            "another target, and tell whoever runs the relay."
        ),
        Reason.RATE_LIMIT: (
            "The relay is above its own limit at the provider behind it: wait, or use another "
            "target."
        ),
    }
)
"""The hint where a relay quotes the failure of whom it asked itself."""
