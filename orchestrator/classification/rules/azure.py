"""Azure OpenAI and Azure AI Foundry."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_P = {"azure"}
_DOC = "https://learn.microsoft.com/azure/ai-services/openai/how-to/quota (2026-11-21)"
_FILTER = (
    "https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter (2026-11-21)"
)

RULES: tuple[Rule, ...] = (
    Rule("azure.no-capacity", Reason.OVERLOADED, _DOC, _P, elsewhere=True, codes={"nocapacity",
         "toomanyrequestsnocapacity", "serverbusy"}, scope=Scope.MODEL),
    Rule("azure.content-filter", Reason.CONTENT_POLICY, _FILTER, _P, elsewhere=True,
         codes={"content_filter", "responsibleaipolicyviolation", "contentfilter"},
         scope=Scope.REQUEST),
    Rule("azure.deployment", Reason.MODEL_NOT_FOUND,
         "https://learn.microsoft.com/azure/ai-services/openai/reference (2026-11-21)", _P,
         elsewhere=True, codes={"deploymentnotfound", "operationnotsupported", "modelnotfound",
         "invalidresourceid", "resourcenotfound", "deploymentmodelnotsupported",
         "unavailable_model", "unknown_model"}, scope=Scope.MODEL,
         hint=("This Azure resource has no such deployment: check the deployment's name, "
         "the resource and api-version; a new one takes minutes.")),
    Rule("azure.quota-words", Reason.RATE_LIMIT, _DOC, _P, elsewhere=True,
         contains=("exceeded token rate limit", "exceeded call rate limit",
         "exceeded the call rate limit", "rate limit is exceeded", "exceeded rate limit",
         "pricing tier"), unless=("quota has been exhausted", "out of call volume quota"),
         scope=Scope.MODEL),
    Rule("azure.volume-quota", Reason.RATE_LIMIT,
         ("Azure API Management: a volume quota is replenished at a time that it names "
         "(2026-11-21)"), _P, elsewhere=True, contains=("out of call volume quota",
         "quota will be replenished", "out of bandwidth quota"), scope=Scope.KEY),
    Rule("azure.subscription-off", Reason.BILLING,
         ("https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-disabled "
         "(2026-11-21)"), _P, elsewhere=True, codes={"readonlydisabledsubscription",
         "subscriptionnotfound", "subscriptionisdisabled", "disabledsubscription"},
         scope=Scope.ACCOUNT),
    Rule("azure.network", Reason.FORBIDDEN,
         ("https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks "
         "(2026-11-21)"), _P, elsewhere=True, contains=("virtual network/firewall",
         "public access is disabled", "traffic is not from an approved private endpoint"),
         hint=("The Azure resource's network rules refuse your address: allow it there, or "
         "send from inside the network.")),
    Rule("azure.key", Reason.AUTH, _DOC, _P, contains=("invalid subscription key",
         "wrong api endpoint", "missing subscription key", "principal does not have access",
         "permissiondenied", "lacks the required data action"), scope=Scope.KEY),
    Rule("azure.timeout", Reason.SERVER_ERROR, _DOC, _P, codes={"timeout", "requesttimeout",
         "operationtimeout"}),
    Rule("azure.high-demand", Reason.OVERLOADED, _DOC, _P,
         contains=("experiencing high demand", "peak load", "system is currently experiencing",
         "model is currently overloaded", "server is busy"), scope=Scope.MODEL),
)  # fmt: skip
