"""Alibaba Model Studio (DashScope, Bailian, Qwen)."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_QWEN = {"dashscope"}
_QWEN_DOC = "https://help.aliyun.com/zh/model-studio/error-code (2026-11-21)"

RULES: tuple[Rule, ...] = (
    Rule("dashscope.arrears", Reason.BILLING, _QWEN_DOC, _QWEN, elsewhere=True,
         codes={"arrearage", "prepaidbilloverdue", "postpaidbilloverdue", "commoditynotpurchased",
         "commodity.notpurchased", "allocationquota.freetieronly", "throttling.freetierexhausted",
         "billoverdue"}, scope=Scope.ACCOUNT,
         hint=("The Model Studio account is in arrears or its free quota is gone: see "
         "https://usercenter2.aliyun.com/ and the console's free-tier switch.")),
    Rule("dashscope.free-used-up", Reason.BILLING, _QWEN_DOC, _QWEN, elsewhere=True,
         contains=("free allocated quota exceeded", "free tier only",
         "free quota has been exhausted", "free tier of the model has been exhausted",
         "good standing", "hour allocated quota exceeded for free"), scope=Scope.MODEL,
         hint=("The free quota for this model is used up: switch on paid use in the Model "
         "Studio console.")),
    Rule("dashscope.free-code", Reason.BILLING, _QWEN_DOC, _QWEN,
         codes={"throttling.allocationquota", "throttling", "insufficient_quota"},
         contains=("free allocated quota exceeded", "free quota", "free tier"), scope=Scope.MODEL,
         hint=("The free quota for this model is used up: switch on paid use in the Model "
         "Studio console.")),
    Rule("dashscope.overloaded", Reason.OVERLOADED, _QWEN_DOC, _QWEN,
         codes={"modelserviceunavailable", "serviceunavailable", "modelunavailable", "systembusy",
         "modelservingerror"}),
    Rule("dashscope.rate", Reason.RATE_LIMIT, _QWEN_DOC, _QWEN, elsewhere=True,
         codes={"throttling", "throttling.ratequota", "throttling.allocationquota",
         "throttling.burstrate", "limitrequests", "limit_requests", "insufficient_quota",
         "limit_burst_rate", "throttling.user", "throttling.api", "throttling.userconcurrency",
         "throttling.concurrency"}, contains=("quota", "rate", "limit", "requests", "throttl*",
         "concurren*", "too quickly", "频率", "限"),
         unless=("exceeded your current quota, please check your plan and billing",
         "free allocated", "billing details")),
    Rule("dashscope.rate-code", Reason.RATE_LIMIT, _QWEN_DOC, _QWEN, codes={"throttling",
         "throttling.ratequota", "throttling.allocationquota", "throttling.burstrate",
         "limitrequests"}),
    Rule("dashscope.quota-is-rate", Reason.RATE_LIMIT,
         ("https://www.alibabacloud.com/help/en/model-studio/error-code: "
         "insufficient_quota is tokens a minute here (2026-11-21)"), _QWEN,
         codes={"insufficient_quota"}),
    Rule("dashscope.content", Reason.CONTENT_POLICY, _QWEN_DOC, _QWEN, elsewhere=True,
         codes={"datainspectionfailed", "data_inspection_failed", "faqruleblocked",
         "customroleblocked", "ipinfringementsuspect", "datainspection"}, scope=Scope.REQUEST),
    Rule("dashscope.too-long", Reason.CONTEXT_OVERFLOW, _QWEN_DOC, _QWEN, elsewhere=True,
         contains=("range of input length", "input length should be",
         "total message token length exceed", "message token length", "exceeds model max",
         "range of input"), scope=Scope.REQUEST),
    Rule("dashscope.model", Reason.MODEL_NOT_FOUND, _QWEN_DOC, _QWEN, codes={"modelnotfound",
         "model_not_found", "model.accessdenied", "model_not_supported", "accessdenied.unpurchased",
         "invalidmodel", "modelnotsupported", "workspace.accessdenied", "model_access_denied",
         "app.accessdenied"}, scope=Scope.MODEL),
    Rule("dashscope.unpurchased", Reason.BILLING, _QWEN_DOC, _QWEN, contains=("unpurchased",),
         scope=Scope.ACCOUNT),
    Rule("dashscope.auth", Reason.AUTH, _QWEN_DOC, _QWEN, codes={"invalidapikey",
         "invalid_api_key", "accessdenied", "notauthorized", "apikeynotfound"}, scope=Scope.KEY),
    Rule("dashscope.internal", Reason.SERVER_ERROR, _QWEN_DOC, _QWEN, codes={"internalerror",
         "internalerror.algo", "requesttimeout", "responsetimeout", "rewritefailed",
         "retrivalfailed", "internalerror.timeout", "internalerror.fileupload", "algorithmerror",
         "modelservicefailed"}, unless=("invalidparameter", "range of")),
    Rule("dashscope.parameters", Reason.BAD_REQUEST, _QWEN_DOC, _QWEN,
         codes={"invalidparameter", "invalid_parameter_error", "badrequest.emptyinput",
         "badrequest.emptyparameters", "badrequest.emptymodel", "invalidurl",
         "unsupportedoperation", "invalidfile.format"}, unless=("range of input length",
         "input length", "context", "tokens", "content length", "inappropriate")),
)  # fmt: skip
