"""Amazon: Bedrock and SageMaker."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = (
    "https://docs.aws.amazon.com/bedrock/latest/userguide/"
    "troubleshooting-api-error-codes.html (2026-11-21)"
)
_PAY = (
    "AWS has no valid way to be paid for this model: check the payment method in the AWS billing "
    "console."
)
_TYPES = {
    "accessdeniedexception", "validationexception", "resourcenotfoundexception",
    "throttlingexception",
}  # fmt: skip

_RULES = (
    Rule("bedrock.payment-type", Reason.BILLING, _DOC, codes=_TYPES,
         contains=("payment instrument", "payment method", "billing"),
         unless=("too many", "request rate", "wait before"), scope=Scope.ACCOUNT, hint=_PAY),
    Rule("bedrock.payment", Reason.BILLING, _DOC, elsewhere=True,
         contains=("invalid_payment_instrument", "valid payment instrument", "payment instrument"),
         scope=Scope.ACCOUNT, hint=_PAY),
    Rule("bedrock.expired", Reason.AUTH, _DOC, elsewhere=True,
         codes={"expiredtokenexception", "expiredtoken", "requestexpired"}, scope=Scope.KEY,
         hint="The AWS session token has expired: refresh the credentials."),
    Rule("bedrock.credential", Reason.AUTH, _DOC, elsewhere=True,
         codes={"unrecognizedclientexception", "invalidsignatureexception",
         "missingauthenticationtokenexception", "incompletesignatureexception",
         "invalidclienttokenid", "signaturedoesnotmatch", "missingauthenticationtoken",
         "incompletesignature", "notauthorized", "optinrequired"}, scope=Scope.KEY),
    Rule("bedrock.marketplace", Reason.AUTH, _DOC, elsewhere=True,
         contains=("aws marketplace:subscribe", "aws marketplace actions",
         "is not authorized to perform", "no identity based policy allows"), scope=Scope.KEY,
         hint=("This AWS identity may not invoke or subscribe to the model: give it the "
         "Bedrock and Marketplace permissions.")),
    Rule("bedrock.no-model-access", Reason.MODEL_NOT_FOUND,
         ("https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html (2026-11-21)"),
         codes={"accessdeniedexception"}, contains=("don't have access to the model",
         "do not have access to the model", "access to the model with the specified",
         "model access", "access to this model"), scope=Scope.MODEL,
         hint=("This AWS account has no access to the model: request it on Bedrock's model "
         "access page.")),
    Rule("bedrock.not-allowed", Reason.FORBIDDEN,
         "accounts that AWS has not yet let use the model say only this (2026-11-21)",
         elsewhere=True, codes={"validationexception"}, contains=("operation not allowed",),
         scope=Scope.ACCOUNT,
         hint=("AWS does not let this account use the model: write to AWS support, or use "
         "another account or region.")),
    Rule("bedrock.access-denied", Reason.AUTH, _DOC, codes={"accessdeniedexception"}),
    Rule("bedrock.output-cap", Reason.BAD_REQUEST, _DOC, elsewhere=True,
         contains=("maximum tokens you requested exceed*",), repair="clamp_max_tokens",
         scope=Scope.REQUEST),
    Rule("bedrock.too-long", Reason.CONTEXT_OVERFLOW, _DOC, contains=("input is too long",
         "too many input tokens", "exceeds the maximum number of tokens", "input tokens exceed*"),
         scope=Scope.REQUEST),
    Rule("bedrock.model-id", Reason.MODEL_NOT_FOUND,
         ("https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles.html "
         "(2026-11-21)"), elsewhere=True, contains=("on demand throughput isn't supported",
         "on demand throughput is not supported", "support on demand throughput",
         "inference profile", "provided model identifier is invalid", "end of its life",
         "marked by provider as legacy", "could not resolve the foundation model"),
         scope=Scope.MODEL,
         hint=("This model id cannot be used like that: name an inference profile that "
         "contains it, or a current model.")),
    Rule("bedrock.use-case-form", Reason.MODEL_NOT_FOUND, _DOC,
         contains=("use case details",), scope=Scope.MODEL,
         hint=("AWS wants the use case form before this model may be used: fill it in on "
         "the Bedrock console.")),
    Rule("bedrock.not-ready", Reason.OVERLOADED, _DOC, elsewhere=True,
         codes={"modelnotreadyexception", "serviceunavailableexception"}, scope=Scope.MODEL),
    Rule("bedrock.model-failed", Reason.SERVER_ERROR, _DOC, elsewhere=True,
         codes={"modeltimeoutexception", "modelerrorexception", "modelstreamerrorexception",
         "internalserverexception", "internalfailure", "internal failure"}),
    Rule("bedrock.unavailable-words", Reason.OVERLOADED, _DOC,
         contains=("too many connections", "unable to process your request", "bedrock is unable"),
         unless=("wait before trying again",)),
    Rule("bedrock.throttled", Reason.RATE_LIMIT, _DOC, elsewhere=True,
         codes={"throttlingexception", "servicequotaexceededexception", "toomanyrequestsexception",
         "throttling", "requestlimitexceeded"}),
    Rule("bedrock.throttled-words", Reason.RATE_LIMIT, _DOC, contains=("too many requests",
         "too many tokens", "wait before trying again"), unless=("input is too long",)),
    Rule("bedrock.not-found", Reason.MODEL_NOT_FOUND, _DOC,
         codes={"resourcenotfoundexception"}, scope=Scope.MODEL),
    Rule("bedrock.guardrail", Reason.CONTENT_POLICY,
         ("https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails.html (2026-11-21)"),
         contains=("guardrail intervened", "blocked by guardrail*", "content filters"),
         scope=Scope.REQUEST),
    Rule("bedrock.country", Reason.FORBIDDEN, _DOC, elsewhere=True,
         contains=("unsupported countries", "unsupported country"), scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "bedrock",
    aliases=("aws", "amazon", "amazon-bedrock", "sagemaker"),
    runs_models=True,
    dialects=("bedrock-converse",),
    telemetry_name="aws.bedrock",
    rules=_RULES,
)
