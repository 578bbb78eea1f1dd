"""What the status alone says, when nothing else spoke.

RFC 9110 section 15 (2022-06), https://www.rfc-editor.org/rfc/rfc9110, and the
codes of Cloudflare, https://developers.cloudflare.com/support/troubleshooting/http-status-codes/
(looked up 2026-11-21).
"""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_RFC = "RFC 9110 section 15 (2022-06)"
_CLOUDFLARE = (
    "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/ (2026-11-21)"
)

_SUCCESS = set(range(200, 300))

RULES: tuple[Rule, ...] = (
    # --- answers of success that are no answers ---
    Rule("answer.html", Reason.INVALID_RESPONSE, _RFC, statuses=_SUCCESS, codes={"body:html"},
         hint=("The endpoint answered with a web page: check that base_url is the API's "
         "address (often it ends in /v1), and that no login or portal stands before it.")),
    Rule("answer.empty", Reason.INVALID_RESPONSE, _RFC, statuses=_SUCCESS, codes={"body:empty"},
         hint="The endpoint answered with an empty body: check base_url, and try again."),
    Rule("answer.not-json", Reason.INVALID_RESPONSE, _RFC, statuses=_SUCCESS,
         codes={"body:text"}),
    Rule("answer.no-content", Reason.INVALID_RESPONSE, _RFC, statuses=_SUCCESS,
         codes={"answer:none", "answer:no-object"},
         hint=("The endpoint answered with nothing that was asked for, neither a choice nor a "
         "vector: check base_url, and try again.")),
    # --- what a relay says of any failure upstream, where nothing tells more ---
    Rule("cover.upstream-failed", Reason.SERVER_ERROR, "common among relays (2026-11-21)",
         contains=("upstream error", "upstream request failed", "上游"),
         statuses={200, 400, 404, 409, 424, 500, 502, 503, 504}),
    # --- refusals ---
    Rule("status.403-empty", Reason.AUTH, "undecidable; leans to auth, never revoked",
         statuses={403}, codes={"body:empty"},
         hint=("Access was refused without a word: check the key's permissions and the "
         "plan, then the region and the headers you send.")),
    Rule("type.refused", Reason.AUTH,
         "types that stand for 401 and 403 and say no more than these (2026-11-21)",
         codes={"permission_error", "permission_denied_error", "permission_denied", "unauthorized",
         "unauthorized_error", "unauthorizedexception", "auth_error", "autherror",
         "authorized_error"}),
    Rule("status.401", Reason.AUTH, _RFC, statuses={401}, scope=Scope.KEY),
    Rule("status.402", Reason.BILLING, _RFC, statuses={402}, scope=Scope.ACCOUNT),
    Rule("status.403", Reason.AUTH, _RFC, statuses={403}),
    Rule("status.404", Reason.MODEL_NOT_FOUND, _RFC, statuses={404},
         hint=("Nothing answers to this model or path: check the model's name and that "
         "base_url ends where the API begins (often /v1).")),
    Rule("status.405", Reason.MODEL_NOT_FOUND, _RFC, statuses={405},
         hint=("This path does not take the request: check that base_url ends where the API "
         "begins (often /v1).")),
    Rule("status.408", Reason.TIMEOUT, _RFC, statuses={408},
         hint=("The provider waited too long for the request or for its model: send it "
         "again, smaller if it is large.")),
    Rule("status.409", Reason.SERVER_ERROR, _RFC, statuses={409}),
    Rule("status.410", Reason.MODEL_NOT_FOUND, _RFC, statuses={410},
         hint=("This model or path was retired: choose its successor from the provider's "
         "list of models.")),
    Rule("status.413", Reason.PAYLOAD_TOO_LARGE, _RFC, statuses={413, 414, 431}),
    Rule("status.425", Reason.OVERLOADED, _RFC, statuses={425}),
    Rule("status.424", Reason.SERVER_ERROR, _RFC, statuses={424}),
    Rule("status.429", Reason.RATE_LIMIT, _RFC, statuses={429}),
    Rule("status.451", Reason.FORBIDDEN, _RFC, statuses={451}),
    Rule("status.499", Reason.SERVER_ERROR,
         "nginx: the client side of a proxy closed the request (2026-11-21)", statuses={499}),
    Rule("status.503", Reason.OVERLOADED, _RFC, statuses={503},
         hint=("The service is unavailable for now: wait, or use another target; if it is "
         "your own server, check that it runs.")),
    Rule("status.529", Reason.OVERLOADED, "https://docs.claude.com/en/api/errors (2026-11-21)",
         statuses={529}),
    Rule("status.530", Reason.CONNECTION, _CLOUDFLARE, statuses={530}),
    Rule("status.cloudflare-origin", Reason.SERVER_ERROR, _CLOUDFLARE,
         statuses=set(range(520, 528))),
    Rule("status.501", Reason.BAD_REQUEST, _RFC, statuses={501, 505}),
    # --- weak types: said by everyone for everything, so they count only where no status does ---
    Rule("type.server-error", Reason.SERVER_ERROR, "common type in streams (2026-11-21)",
         codes={"server_error", "internal_server_error", "internal_error", "api_error",
         "internalservererror", "internal", "internal_failure", "upstream_error", "apierror",
         "internalerror"}, statuses=set(range(500, 600))),
    Rule("status.5xx", Reason.SERVER_ERROR, _RFC, statuses=set(range(500, 600))),
    Rule("status.3xx", Reason.INVALID_RESPONSE, _RFC, statuses=set(range(300, 400)),
         hint=("The endpoint redirects, which is not followed, since keys must not travel: set "
               "base_url to the address that it names.")),
    Rule("status.4xx", Reason.BAD_REQUEST, _RFC, statuses=set(range(400, 500))),
    Rule("cover.passed-on", Reason.SERVER_ERROR,
         "what OpenRouter says of any failure upstream: the status tells more (2026-11-21)",
         contains=("provider returned error",)),
    Rule("type.bare-server-error", Reason.SERVER_ERROR, "common type in streams (2026-11-21)",
         codes={"server_error", "internal_server_error", "internal_error", "api_error",
         "internalservererror", "internal", "upstream_error", "apierror", "internalerror",
         "finish:error", "failed"}),
    Rule("type.bare-invalid-request", Reason.BAD_REQUEST,
         "common type in streams (2026-11-21)", codes={"invalid_request_error", "badrequesterror",
         "bad_request", "invalid_argument", "badrequest"}),
    Rule("answer.unusable", Reason.INVALID_RESPONSE, _RFC, statuses=set(range(200, 300)),
         codes={"answer:silent", "body:text"}),
)  # fmt: skip
