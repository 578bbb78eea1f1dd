"""Tencent Hunyuan."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://cloud.tencent.com/document/product/1729/101848 (2026-11-21)"

_RULES = (
    Rule("hunyuan.billing", Reason.BILLING, _DOC,
         codes={"failedoperation.freeresourcepackexhausted",
         "failedoperation.resourcepackexhausted", "resourceinsufficient.chargeresourceexhaust",
         "resourceunavailable.inarrears", "failedoperation.servicestoparrears",
         "resourceunavailable.lowbalance", "failedoperation.servicenotactivated",
         "resourceunavailable.notexist"}, scope=Scope.ACCOUNT),
    Rule("hunyuan.rate", Reason.RATE_LIMIT, _DOC,
         codes={"requestlimitexceeded", "limitexceeded",
         "failedoperation.engineserverlimitexceeded", "requestlimitexceeded.uinlimitexceeded",
         "2003"}),
    Rule("hunyuan.auth", Reason.AUTH, _DOC, codes={"authfailure",
         "authfailure.secretidnotfound", "authfailure.signaturefailure",
         "authfailure.unauthorizedoperation", "authfailure.tokenfailure", "unauthorizedoperation"},
         scope=Scope.KEY),
    Rule("hunyuan.content", Reason.CONTENT_POLICY, _DOC,
         codes={"operationdenied.textillegaldetected", "operationdenied.imageillegaldetected",
         "failedoperation.userimageillegal"}, scope=Scope.REQUEST),
)  # fmt: skip

VENDOR = Vendor(
    "hunyuan",
    aliases=("tencent",),
    runs_models=True,
    utc_offset=8,  # Beijing time, as docs.z.ai shows it (2026-11-21)
    rules=_RULES,
)
