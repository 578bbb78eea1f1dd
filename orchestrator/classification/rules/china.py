"""Volcengine Ark, DashScope, MiniMax, Moonshot, DeepSeek, SiliconFlow, Qianfan, Hunyuan."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from states.reasons import Reason, Scope

_ARK = {"volcengine"}
_ARK_DOC = "https://www.volcengine.com/docs/82379/1299023 (2026-11-21)"
_QWEN = {"dashscope"}
_QWEN_DOC = "https://help.aliyun.com/zh/model-studio/error-code (2026-11-21)"
_MINIMAX = {"minimax"}
_MINIMAX_DOC = "https://platform.minimax.io/docs/api-reference/errorcode (2026-11-21)"
_KIMI = {"moonshot"}
_KIMI_DOC = "https://platform.kimi.ai/docs/api/errors (2026-11-21)"
_KIMI_CODE = "https://www.kimi.com/code/docs/en/kimi-code/error-reference.html (2026-11-21)"
_DEEPSEEK = {"deepseek"}
_DEEPSEEK_DOC = "https://api-docs.deepseek.com/quick_start/error_codes (2026-11-21)"
_FLOW = {"siliconflow"}
_FLOW_DOC = "https://docs.siliconflow.cn/cn/faqs/error-code (2026-11-21)"
_BAIDU = {"qianfan"}
_BAIDU_DOC = "https://cloud.baidu.com/doc/WENXINWORKSHOP/s/tlmyncueh (2026-11-21)"
_TENCENT = {"hunyuan"}
_TENCENT_DOC = "https://cloud.tencent.com/document/product/1729/101848 (2026-11-21)"

_VOLCENGINE = (
    Rule("volcengine.overdue", Reason.BILLING, _ARK_DOC, _ARK, elsewhere=True, codes={"accountoverdueerror", "operationdenied.serviceoverdue", "serviceoverdue"}, scope=Scope.ACCOUNT,
         hint="The Volcengine account is in arrears: recharge at https://console.volcengine.com/finance."),
    Rule("volcengine.content", Reason.CONTENT_POLICY, _ARK_DOC, _ARK, elsewhere=True, codes={
         "sensitivecontentdetected", "sensitivecontentdetected.severeviolation", "sensitivecontentdetected.violence", "inputtextsensitivecontentdetected", "inputimagesensitivecontentdetected",
         "outputtextsensitivecontentdetected", "outputimagesensitivecontentdetected", "outputvideosensitivecontentdetected", "inputtextriskdetection", "inputimageriskdetection",
         "outputtextriskdetection", "outputimageriskdetection", "contentsecuritydetectionerror", "inputvideosensitivecontentdetected", "inputaudiosensitivecontentdetected", "outputaudiosensitivecontentdetected",
         "inputtextsensitivecontentdetected.policyviolation", "inputimagesensitivecontentdetected.policyviolation", "inputimagesensitivecontentdetected.privacyinformation", "outputvideosensitivecontentdetected.policyviolation"}, scope=Scope.REQUEST),
    Rule("volcengine.sensitive-prefix", Reason.CONTENT_POLICY, _ARK_DOC, _ARK, contains=("may contain sensitive", "may contain severe violation", "may contain violence", "risk detection", "sensitive content"), scope=Scope.REQUEST),
    Rule("volcengine.oversized", Reason.PAYLOAD_TOO_LARGE, _ARK_DOC, _ARK, elsewhere=True, codes={"invalidparameter.oversizedimage", "oversizedimage", "invalidimageurl.exceedslimit", "invalidparameter.oversizedfile"}, scope=Scope.REQUEST),
    Rule("volcengine.model", Reason.MODEL_NOT_FOUND, _ARK_DOC, _ARK, elsewhere=True, codes={
         "invalidendpointormodel.notfound", "invalidendpoint.notfound", "modelnotopen", "invalidendpoint.closedendpoint", "invalidendpointormodel.modelidaccessdisabled", "unsupportedmodel", "invalidmodel",
         "operationdenied.servicenotopen", "invalidparameter.unsupportedmodel", "invalidendpoint", "modelaccessdisabled"}, scope=Scope.MODEL,
         hint="This Ark account cannot use this model or endpoint: activate it in the Ark console, or check its id."),
    Rule("volcengine.quota", Reason.RATE_LIMIT, _ARK_DOC, _ARK, codes={
         "quotaexceeded", "setlimitexceeded", "inferencelimitexceeded", "accountquotaexceeded", "accountratelimitexceeded", "requestbursttoofast", "inflightbatchsizeexceeded", "accountrpmratelimitexceeded",
         "accounttpmratelimitexceeded", "modelaccountrpmratelimitexceeded", "modelaccounttpmratelimitexceeded", "modelaccountipmratelimitexceeded", "apiaccountrpmratelimitexceeded",
         "ratelimitexceeded.endpointrpmexceeded", "ratelimitexceeded.endpointtpmexceeded", "ratelimitexceeded.foundationmodelrpmexceeded", "ratelimitexceeded.foundationmodeltpmexceeded"},
         unless=("free trial", "free quota", "overdue", "consumed all free", "free inference")),
    Rule("volcengine.free-used-up", Reason.BILLING, _ARK_DOC, _ARK, codes={"quotaexceeded", "setlimitexceeded", "inferencelimitexceeded", "accountquotaexceeded"}, scope=Scope.MODEL,
         hint="The free quota for this model is used up: activate paid use in the Ark console."),
    Rule("volcengine.overloaded", Reason.OVERLOADED, _ARK_DOC, _ARK, elsewhere=True, codes={"serveroverloaded", "modelloadingerror", "modelloading", "serviceunavailable"}, scope=Scope.MODEL),
    Rule("volcengine.rate", Reason.RATE_LIMIT, _ARK_DOC, _ARK, elsewhere=True, contains=("requests per minute (rpm) limit", "tokens per minute (tpm) limit", "rpm limit", "tpm limit", "ipm limit")),
    Rule("volcengine.auth", Reason.AUTH, _ARK_DOC, _ARK, codes={"authenticationerror", "accessdenied", "unauthorized", "invalidaccountstatus", "operationdenied.permissiondenied"}),
    Rule("volcengine.denied", Reason.BAD_REQUEST, _ARK_DOC, _ARK, codes={
         "operationdenied.unsupportedphase", "operationdenied.invalidstate", "operationdenied.filequotaexceeded", "operationdenied.customizationnotsupported", "missingparameter", "invalidparameter", "invalidargumenterror"},
         unless=("context", "tokens", "input length", "exceeds the limit", "max message", "too long")),
    Rule("volcengine.too-long", Reason.CONTEXT_OVERFLOW, _ARK_DOC, _ARK, codes={"invalidparameter", "invalidargumenterror.inputtoolong", "invalidparameter.messages", "outofcontexterror"}, contains=("context", "tokens", "input length", "max message", "too long"), scope=Scope.REQUEST),
    Rule("volcengine.internal", Reason.SERVER_ERROR, _ARK_DOC, _ARK, codes={"internalserviceerror", "internalerror"}),
)  # fmt: skip
_DASHSCOPE = (
    Rule("dashscope.arrears", Reason.BILLING, _QWEN_DOC, _QWEN, elsewhere=True, codes={"arrearage", "prepaidbilloverdue", "postpaidbilloverdue", "commoditynotpurchased", "commodity.notpurchased", "allocationquota.freetieronly",
         "throttling.freetierexhausted", "billoverdue"}, scope=Scope.ACCOUNT,
         hint="The Model Studio account is in arrears or its free quota is gone: see https://usercenter2.aliyun.com/ and the console's free-tier switch."),
    Rule("dashscope.free-used-up", Reason.BILLING, _QWEN_DOC, _QWEN, elsewhere=True, contains=("free allocated quota exceeded", "free tier only", "free quota has been exhausted", "free tier of the model has been exhausted", "good standing", "hour allocated quota exceeded for free"), scope=Scope.MODEL,
         hint="The free quota for this model is used up: switch on paid use in the Model Studio console."),
    Rule("dashscope.free-code", Reason.BILLING, _QWEN_DOC, _QWEN, codes={"throttling.allocationquota", "throttling", "insufficient_quota"}, contains=("free allocated quota exceeded", "free quota", "free tier"), scope=Scope.MODEL,
         hint="The free quota for this model is used up: switch on paid use in the Model Studio console."),
    Rule("dashscope.overloaded", Reason.OVERLOADED, _QWEN_DOC, _QWEN, codes={"modelserviceunavailable", "serviceunavailable", "modelunavailable", "systembusy", "modelservingerror"}),
    Rule("dashscope.rate", Reason.RATE_LIMIT, _QWEN_DOC, _QWEN, elsewhere=True, codes={
         "throttling", "throttling.ratequota", "throttling.allocationquota", "throttling.burstrate", "limitrequests", "limit_requests", "insufficient_quota", "limit_burst_rate", "throttling.user", "throttling.api",
         "throttling.userconcurrency", "throttling.concurrency"}, contains=("quota", "rate", "limit", "requests", "throttl*", "concurren*", "too quickly", "频率", "限"), unless=("exceeded your current quota, please check your plan and billing", "free allocated", "billing details")),
    Rule("dashscope.rate-code", Reason.RATE_LIMIT, _QWEN_DOC, _QWEN, codes={"throttling", "throttling.ratequota", "throttling.allocationquota", "throttling.burstrate", "limitrequests"}),
    Rule("dashscope.quota-is-rate", Reason.RATE_LIMIT, "https://www.alibabacloud.com/help/en/model-studio/error-code: insufficient_quota is tokens a minute here (2026-11-21)", _QWEN,
         codes={"insufficient_quota"}),
    Rule("dashscope.content", Reason.CONTENT_POLICY, _QWEN_DOC, _QWEN, elsewhere=True, codes={"datainspectionfailed", "data_inspection_failed", "faqruleblocked", "customroleblocked", "ipinfringementsuspect", "datainspection"}, scope=Scope.REQUEST),
    Rule("dashscope.too-long", Reason.CONTEXT_OVERFLOW, _QWEN_DOC, _QWEN, elsewhere=True, contains=("range of input length", "input length should be", "total message token length exceed", "message token length", "exceeds model max", "range of input"), scope=Scope.REQUEST),
    Rule("dashscope.model", Reason.MODEL_NOT_FOUND, _QWEN_DOC, _QWEN, codes={"modelnotfound", "model_not_found", "model.accessdenied", "model_not_supported", "accessdenied.unpurchased", "invalidmodel", "modelnotsupported", "workspace.accessdenied", "model_access_denied", "app.accessdenied"}, scope=Scope.MODEL),
    Rule("dashscope.unpurchased", Reason.BILLING, _QWEN_DOC, _QWEN, contains=("unpurchased",), scope=Scope.ACCOUNT),
    Rule("dashscope.auth", Reason.AUTH, _QWEN_DOC, _QWEN, codes={"invalidapikey", "invalid_api_key", "accessdenied", "notauthorized", "apikeynotfound"}, scope=Scope.KEY),
    Rule("dashscope.internal", Reason.SERVER_ERROR, _QWEN_DOC, _QWEN, codes={"internalerror", "internalerror.algo", "requesttimeout", "responsetimeout", "rewritefailed", "retrivalfailed", "internalerror.timeout", "internalerror.fileupload", "algorithmerror", "modelservicefailed"}, unless=("invalidparameter", "range of")),
    Rule("dashscope.parameters", Reason.BAD_REQUEST, _QWEN_DOC, _QWEN, codes={"invalidparameter", "invalid_parameter_error", "badrequest.emptyinput", "badrequest.emptyparameters", "badrequest.emptymodel", "invalidurl", "unsupportedoperation", "invalidfile.format"},
         unless=("range of input length", "input length", "context", "tokens", "content length", "inappropriate")),
)  # fmt: skip
_MINIMAX_RULES = (
    Rule("minimax.balance", Reason.BILLING, _MINIMAX_DOC, _MINIMAX, codes={"1008"}, scope=Scope.ACCOUNT, hint="The MiniMax balance is used up: recharge at https://platform.minimax.io/."),
    Rule("minimax.balance-words", Reason.BILLING, _MINIMAX_DOC, _MINIMAX, contains=("insufficient balance", "(1008)"), scope=Scope.ACCOUNT, hint="The MiniMax balance is used up: recharge at https://platform.minimax.io/."),
    Rule("minimax.window", Reason.RATE_LIMIT, "https://platform.minimax.io/docs/api-reference/errorcode: the plan's window of hours (2026-11-21)", _MINIMAX, codes={"2056"}, scope=Scope.ACCOUNT),
    Rule("minimax.window-words", Reason.RATE_LIMIT, _MINIMAX_DOC, _MINIMAX, contains=("(2056)", "usage limit exceeded", "(1002)", "(1039)", "(1041)", "(2045)", "rate limit", "token limit"), unless=("context window",)),
    Rule("minimax.rate", Reason.RATE_LIMIT, _MINIMAX_DOC, _MINIMAX, codes={"1002", "1039", "1041", "2045"}),
    Rule("minimax.auth", Reason.AUTH, _MINIMAX_DOC, _MINIMAX, codes={"1004", "2049", "authorized_error"}, scope=Scope.KEY),
    Rule("minimax.auth-words", Reason.AUTH, _MINIMAX_DOC, _MINIMAX, contains=("(1004)", "(2049)", "login fail", "invalid api key"), scope=Scope.KEY),
    Rule("minimax.content", Reason.CONTENT_POLICY, _MINIMAX_DOC, _MINIMAX, codes={"1026", "1027", "1043", "2048"}, scope=Scope.REQUEST),
    Rule("minimax.content-words", Reason.CONTENT_POLICY, _MINIMAX_DOC, _MINIMAX, contains=("(1026)", "(1027)", "new_sensitive", "input sensitive", "output sensitive"), scope=Scope.REQUEST),
    Rule("minimax.model", Reason.MODEL_NOT_FOUND, _MINIMAX_DOC, _MINIMAX, contains=("not support model", "unknown model", "(2061)", "not included in your plan", "token plan not support"), scope=Scope.MODEL),
    Rule("minimax.model-code", Reason.MODEL_NOT_FOUND, _MINIMAX_DOC, _MINIMAX, codes={"2061"}, scope=Scope.MODEL),
    Rule("minimax.media", Reason.PAYLOAD_TOO_LARGE, _MINIMAX_DOC, _MINIMAX, contains=("media exceeds size limit", "exceeds size limit", "image size"), scope=Scope.REQUEST),
    Rule("minimax.too-long", Reason.CONTEXT_OVERFLOW, _MINIMAX_DOC, _MINIMAX, contains=("context window exceeds limit", "context window", "context length"), scope=Scope.REQUEST),
    Rule("minimax.parameters", Reason.BAD_REQUEST, _MINIMAX_DOC, _MINIMAX, codes={"2013", "1042", "2037"}, unless=("exceeds size limit", "context window"), scope=Scope.REQUEST),
    Rule("minimax.parameters-words", Reason.BAD_REQUEST, _MINIMAX_DOC, _MINIMAX, contains=("(2013)", "invalid params", "(1042)"), scope=Scope.REQUEST),
    Rule("minimax.internal", Reason.SERVER_ERROR, _MINIMAX_DOC, _MINIMAX, codes={"1000", "1001", "1013", "1024", "1033"}),
    Rule("minimax.internal-words", Reason.SERVER_ERROR, _MINIMAX_DOC, _MINIMAX, contains=("(1000)", "(1001)", "(1013)", "(1024)", "(1033)", "unknown error")),
)  # fmt: skip
_MOONSHOT = (
    Rule("moonshot.no-money", Reason.BILLING, _KIMI_DOC, _KIMI, elsewhere=True, codes={"exceeded_current_quota_error"}, scope=Scope.ACCOUNT,
         hint="The Moonshot balance is used up: recharge at https://platform.moonshot.ai/console/pay."),
    Rule("moonshot.overloaded", Reason.OVERLOADED, _KIMI_DOC, _KIMI, codes={"engine_overloaded_error"}),
    Rule("moonshot.rate", Reason.RATE_LIMIT, _KIMI_DOC, _KIMI, codes={"rate_limit_reached_error", "rate_limit_error"}, unless=("overloaded", "billing cycle", "insufficient balance")),
    Rule("moonshot.content", Reason.CONTENT_POLICY, _KIMI_DOC, _KIMI, codes={"content_filter"}, scope=Scope.REQUEST),
    Rule("moonshot.too-long", Reason.CONTEXT_OVERFLOW, _KIMI_DOC, _KIMI, contains=("input token length too long", "exceeded model token limit"), scope=Scope.REQUEST),
    Rule("moonshot.message-bytes", Reason.PAYLOAD_TOO_LARGE, _KIMI_CODE, _KIMI, contains=("total message size", "file size is too large"), scope=Scope.REQUEST),
    Rule("moonshot.client-refused", Reason.FORBIDDEN, _KIMI_CODE, _KIMI, contains=("only available for coding agents", "currently only available for"),
         hint="Kimi for Coding refuses this client: send the headers of an allowed coding agent, or use a platform key."),
    Rule("moonshot.cycle-used-up", Reason.BILLING, _KIMI_CODE, _KIMI, contains=("usage limit for this billing cycle", "monthly usage limit", "membership benefit*", "quota for this billing cycle"), scope=Scope.ACCOUNT),
    Rule("moonshot.period-used-up", Reason.RATE_LIMIT, _KIMI_CODE, _KIMI, contains=("usage limit for this period", "too many requests", "max organization concurrency", "max rpm", "max tpm", "max tpd")),
    Rule("moonshot.terminated", Reason.AUTH, _KIMI_CODE, _KIMI, contains=("access terminated",), scope=Scope.ACCOUNT, revoked=True, hint="Kimi ended this account's access: write to its support, or use another account."),
    Rule("moonshot.model", Reason.MODEL_NOT_FOUND, _KIMI_DOC, _KIMI, codes={"resource_not_found_error"}, scope=Scope.MODEL),
)  # fmt: skip
_OTHERS = (
    Rule("deepseek.insufficient-balance", Reason.BILLING, _DEEPSEEK_DOC, _DEEPSEEK, contains=("insufficient balance",), scope=Scope.ACCOUNT,
         hint="Your DeepSeek balance is used up: top up at https://platform.deepseek.com/top_up."),
    Rule("deepseek.payment-required", Reason.BILLING, _DEEPSEEK_DOC, _DEEPSEEK, statuses={402}, scope=Scope.ACCOUNT,
         hint="Your DeepSeek balance is used up: top up at https://platform.deepseek.com/top_up."),
    Rule("deepseek.key", Reason.AUTH, _DEEPSEEK_DOC, _DEEPSEEK, statuses={401}, scope=Scope.KEY, hint="DeepSeek did not accept this key: check it at https://platform.deepseek.com/api_keys."),
    Rule("deepseek.reasoning-content", Reason.BAD_REQUEST, "https://api-docs.deepseek.com/guides/thinking_mode (2026-11-21)", _DEEPSEEK, contains=("reasoning_content",), scope=Scope.REQUEST),
    Rule("deepseek.content", Reason.CONTENT_POLICY, "a 400 in these words (2026-11-21)", _DEEPSEEK, elsewhere=True, contains=("content exists risk",), scope=Scope.REQUEST),
    Rule("siliconflow.balance", Reason.BILLING, _FLOW_DOC, _FLOW, codes={"30001", "30003"}, scope=Scope.ACCOUNT, hint="Your SiliconFlow balance is used up: recharge at https://cloud.siliconflow.cn/expensebill."),
    Rule("siliconflow.identity", Reason.AUTH, _FLOW_DOC, _FLOW, codes={"30011", "30014"}, contains=("identity", "verification", "real name", "实名"), scope=Scope.ACCOUNT),
    Rule("siliconflow.model", Reason.MODEL_NOT_FOUND, _FLOW_DOC, _FLOW, codes={"20012"}, scope=Scope.MODEL),
    Rule("siliconflow.parameter", Reason.BAD_REQUEST, _FLOW_DOC, _FLOW, codes={"20015", "20037"}, unless=("max_seq_len", "max_total_tokens", "context", "too long", "seq len", "exceed")),
    Rule("siliconflow.too-long", Reason.CONTEXT_OVERFLOW, _FLOW_DOC, _FLOW, contains=("max_seq_len", "max_total_tokens", "maximum length", "length of prompt_tokens"), scope=Scope.REQUEST),
    Rule("siliconflow.busy", Reason.OVERLOADED, _FLOW_DOC, _FLOW, codes={"50505", "50603", "50604"}),
    Rule("siliconflow.failed", Reason.SERVER_ERROR, _FLOW_DOC, _FLOW, codes={"50501", "50507", "60000", "50508"}),
    Rule("siliconflow.rate", Reason.RATE_LIMIT, _FLOW_DOC, _FLOW, codes={"50602", "20052"}),
    Rule("siliconflow.rate-words", Reason.RATE_LIMIT, _FLOW_DOC, _FLOW, contains=("rejected due to rate limiting", "tpm limit reached", "rpm limit reached", "ipm limit reached")),
    Rule("qianfan.billing", Reason.BILLING, _BAIDU_DOC, _BAIDU, codes={"17", "19", "336501x", "access_denied_overdue", "account_overdue", "coding_plan_expired"}, scope=Scope.ACCOUNT),
    Rule("qianfan.rate", Reason.RATE_LIMIT, _BAIDU_DOC, _BAIDU, codes={"4", "18", "336501", "336502", "336504", "336505", "rpm_rate_limit_exceeded", "tpm_rate_limit_exceeded", "preemptible_rate_limit_exceeded", "user_rate_limit_exceeded", "cluster_rate_limit_exceeded", "rate_limit_exceeded"}),
    Rule("qianfan.auth", Reason.AUTH, _BAIDU_DOC, _BAIDU, codes={"6", "14", "100", "110", "111", "13", "15", "invalid_iam_token", "invalid_appid", "invalid_api_key", "iam_certification"}, scope=Scope.KEY),
    Rule("qianfan.too-long", Reason.CONTEXT_OVERFLOW, _BAIDU_DOC, _BAIDU, codes={"336007", "336103", "336104x", "tokens_too_long"}, scope=Scope.REQUEST),
    Rule("qianfan.content", Reason.CONTENT_POLICY, _BAIDU_DOC, _BAIDU, codes={"336104", "336105", "unsafe_request", "unsafe_answer"}, scope=Scope.REQUEST),
    Rule("qianfan.busy", Reason.OVERLOADED, _BAIDU_DOC, _BAIDU, codes={"336100", "2", "service_busy", "internal_busy", "dispatch_internal_error"}),
    Rule("hunyuan.billing", Reason.BILLING, _TENCENT_DOC, _TENCENT, codes={
         "failedoperation.freeresourcepackexhausted", "failedoperation.resourcepackexhausted", "resourceinsufficient.chargeresourceexhaust", "resourceunavailable.inarrears", "failedoperation.servicestoparrears", "resourceunavailable.lowbalance",
         "failedoperation.servicenotactivated", "resourceunavailable.notexist"}, scope=Scope.ACCOUNT),
    Rule("hunyuan.rate", Reason.RATE_LIMIT, _TENCENT_DOC, _TENCENT, codes={"requestlimitexceeded", "limitexceeded", "failedoperation.engineserverlimitexceeded", "requestlimitexceeded.uinlimitexceeded", "2003"}),
    Rule("hunyuan.auth", Reason.AUTH, _TENCENT_DOC, _TENCENT, codes={"authfailure", "authfailure.secretidnotfound", "authfailure.signaturefailure", "authfailure.unauthorizedoperation", "authfailure.tokenfailure", "unauthorizedoperation"}, scope=Scope.KEY),
    Rule("hunyuan.content", Reason.CONTENT_POLICY, _TENCENT_DOC, _TENCENT, codes={"operationdenied.textillegaldetected", "operationdenied.imageillegaldetected", "failedoperation.userimageillegal"}, scope=Scope.REQUEST),
)  # fmt: skip

RULES: tuple[Rule, ...] = (*_VOLCENGINE, *_DASHSCOPE, *_MINIMAX_RULES, *_MOONSHOT, *_OTHERS)
