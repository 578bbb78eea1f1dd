"""Volcengine Ark (Doubao) and BytePlus ModelArk."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://www.volcengine.com/docs/82379/1299023 (2026-11-21)"

_RULES = (
    Rule("volcengine.overdue", Reason.BILLING, _DOC, elsewhere=True,
         codes={"accountoverdueerror", "operationdenied.serviceoverdue", "serviceoverdue"},
         scope=Scope.ACCOUNT, hint=("The Volcengine account is in arrears: recharge at "
         "https://console.volcengine.com/finance.")),
    Rule("volcengine.content", Reason.CONTENT_POLICY, _DOC, elsewhere=True,
         codes={"sensitivecontentdetected", "sensitivecontentdetected.severeviolation",
         "sensitivecontentdetected.violence", "inputtextsensitivecontentdetected",
         "inputimagesensitivecontentdetected", "outputtextsensitivecontentdetected",
         "outputimagesensitivecontentdetected", "outputvideosensitivecontentdetected",
         "inputtextriskdetection", "inputimageriskdetection", "outputtextriskdetection",
         "outputimageriskdetection", "contentsecuritydetectionerror",
         "inputvideosensitivecontentdetected", "inputaudiosensitivecontentdetected",
         "outputaudiosensitivecontentdetected",
         "inputtextsensitivecontentdetected.policyviolation",
         "inputimagesensitivecontentdetected.policyviolation",
         "inputimagesensitivecontentdetected.privacyinformation",
         "outputvideosensitivecontentdetected.policyviolation"}, scope=Scope.REQUEST),
    Rule("volcengine.sensitive-prefix", Reason.CONTENT_POLICY, _DOC,
         contains=("may contain sensitive", "may contain severe violation", "may contain violence",
         "risk detection", "sensitive content"), scope=Scope.REQUEST),
    Rule("volcengine.oversized", Reason.PAYLOAD_TOO_LARGE, _DOC, elsewhere=True,
         codes={"invalidparameter.oversizedimage", "oversizedimage",
         "invalidimageurl.exceedslimit",
         "invalidparameter.oversizedfile"}, scope=Scope.REQUEST),
    Rule("volcengine.model", Reason.MODEL_NOT_FOUND, _DOC, elsewhere=True,
         codes={"invalidendpointormodel.notfound", "invalidendpoint.notfound", "modelnotopen",
         "invalidendpoint.closedendpoint", "invalidendpointormodel.modelidaccessdisabled",
         "unsupportedmodel", "invalidmodel", "operationdenied.servicenotopen",
         "invalidparameter.unsupportedmodel", "invalidendpoint", "modelaccessdisabled"},
         scope=Scope.MODEL,
         hint=("This Ark account cannot use this model or endpoint: activate it in the Ark "
         "console, or check its id.")),
    Rule("volcengine.own-limit", Reason.BILLING, _DOC, elsewhere=True,
         codes={"setlimitexceeded", "inferencelimitexceeded"}, scope=Scope.MODEL,
         hint=("The limit that you set for this model is used up and its service is paused: "
         "raise the limit in the Ark console.")),
    Rule("volcengine.no-plan", Reason.BILLING, _DOC, elsewhere=True,
         codes={"invalidsubscription"}, scope=Scope.ACCOUNT,
         hint="The Ark coding plan has expired or was never bought: renew it in the console."),
    Rule("volcengine.quota", Reason.RATE_LIMIT, _DOC, codes={"quotaexceeded",
         "accountquotaexceeded", "accountratelimitexceeded", "requestbursttoofast",
         "inflightbatchsizeexceeded",
         "accountrpmratelimitexceeded", "accounttpmratelimitexceeded",
         "modelaccountrpmratelimitexceeded", "modelaccounttpmratelimitexceeded",
         "modelaccountipmratelimitexceeded", "apiaccountrpmratelimitexceeded",
         "ratelimitexceeded.endpointrpmexceeded", "ratelimitexceeded.endpointtpmexceeded",
         "ratelimitexceeded.foundationmodelrpmexceeded",
         "ratelimitexceeded.foundationmodeltpmexceeded"}, unless=("free trial", "free quota",
         "overdue", "consumed all free", "free inference")),
    Rule("volcengine.free-used-up", Reason.BILLING, _DOC, codes={"quotaexceeded",
         "accountquotaexceeded"}, scope=Scope.MODEL,
         hint=("The free quota for this model is used up: activate paid use in the Ark "
         "console.")),
    Rule("volcengine.overloaded", Reason.OVERLOADED, _DOC, elsewhere=True,
         codes={"serveroverloaded", "modelloadingerror", "modelloading", "serviceunavailable"},
         scope=Scope.MODEL),
    Rule("volcengine.rate", Reason.RATE_LIMIT, _DOC, elsewhere=True,
         contains=("requests per minute (rpm) limit", "tokens per minute (tpm) limit", "rpm limit",
         "tpm limit", "ipm limit")),
    Rule("volcengine.auth", Reason.AUTH, _DOC, codes={"authenticationerror",
         "accessdenied", "unauthorized", "invalidaccountstatus",
         "operationdenied.permissiondenied"}),
    Rule("volcengine.denied", Reason.BAD_REQUEST, _DOC,
         codes={"operationdenied.unsupportedphase", "operationdenied.invalidstate",
         "operationdenied.filequotaexceeded", "operationdenied.customizationnotsupported",
         "missingparameter", "invalidparameter", "invalidargumenterror"}, unless=("context",
         "tokens", "input length", "exceeds the limit", "max message", "too long")),
    Rule("volcengine.too-long", Reason.CONTEXT_OVERFLOW, _DOC,
         codes={"invalidparameter", "invalidargumenterror.inputtoolong",
         "invalidparameter.messages", "outofcontexterror"}, contains=("context", "tokens",
         "input length", "max message", "too long"), scope=Scope.REQUEST),
    Rule("volcengine.internal", Reason.SERVER_ERROR, _DOC,
         codes={"internalserviceerror", "internalerror"}),
)  # fmt: skip

VENDOR = Vendor(
    "volcengine",
    aliases=("ark", "doubao", "byteplus", "modelark"),
    runs_models=True,
    utc_offset=8,  # Beijing time, as docs.z.ai shows it (2026-11-21)
    rules=_RULES,
)
