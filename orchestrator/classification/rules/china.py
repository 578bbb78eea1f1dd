"""DeepSeek, SiliconFlow, Baidu Qianfan, Tencent Hunyuan and iFlytek Spark."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_DEEPSEEK = {"deepseek"}
_DEEPSEEK_DOC = "https://api-docs.deepseek.com/quick_start/error_codes (2026-11-21)"
_FLOW = {"siliconflow"}
_FLOW_DOC = "https://docs.siliconflow.cn/cn/faqs/error-code (2026-11-21)"
_BAIDU = {"qianfan"}
_BAIDU_DOC = "https://cloud.baidu.com/doc/WENXINWORKSHOP/s/tlmyncueh (2026-11-21)"
_TENCENT = {"hunyuan"}
_TENCENT_DOC = "https://cloud.tencent.com/document/product/1729/101848 (2026-11-21)"
_SPARK = {"iflytek"}
_SPARK_DOC = "https://www.xfyun.cn/doc/spark/Web.html (2026-11-21)"

RULES: tuple[Rule, ...] = (
    Rule("deepseek.insufficient-balance", Reason.BILLING, _DEEPSEEK_DOC, _DEEPSEEK,
         contains=("insufficient balance",), scope=Scope.ACCOUNT,
         hint=("Your DeepSeek balance is used up: top up at "
         "https://platform.deepseek.com/top_up.")),
    Rule("deepseek.payment-required", Reason.BILLING, _DEEPSEEK_DOC, _DEEPSEEK, statuses={402},
         scope=Scope.ACCOUNT, hint=("Your DeepSeek balance is used up: top up at "
         "https://platform.deepseek.com/top_up.")),
    Rule("deepseek.key", Reason.AUTH, _DEEPSEEK_DOC, _DEEPSEEK, statuses={401},
         scope=Scope.KEY, hint=("DeepSeek did not accept this key: check it at "
         "https://platform.deepseek.com/api_keys.")),
    Rule("deepseek.reasoning-content", Reason.BAD_REQUEST,
         "https://api-docs.deepseek.com/guides/thinking_mode (2026-11-21)", _DEEPSEEK,
         contains=("reasoning_content",), scope=Scope.REQUEST),
    Rule("deepseek.content", Reason.CONTENT_POLICY, "a 400 in these words (2026-11-21)",
         _DEEPSEEK, elsewhere=True, contains=("content exists risk",), scope=Scope.REQUEST),
    Rule("siliconflow.balance", Reason.BILLING, _FLOW_DOC, _FLOW, codes={"30001"},
         scope=Scope.ACCOUNT, hint=("Your SiliconFlow balance is used up: recharge at "
         "https://cloud.siliconflow.cn/expensebill.")),
    Rule("siliconflow.identity", Reason.AUTH, _FLOW_DOC, _FLOW, codes={"30011", "30014"},
         contains=("identity", "verification", "real name", "实名"), scope=Scope.ACCOUNT),
    Rule("siliconflow.model", Reason.MODEL_NOT_FOUND, _FLOW_DOC, _FLOW, codes={"20012", "30003"},
         scope=Scope.MODEL),
    Rule("siliconflow.parameter", Reason.BAD_REQUEST, _FLOW_DOC, _FLOW, codes={"20015",
         "20037"}, unless=("max_seq_len", "max_total_tokens", "context", "too long", "seq len",
         "exceed")),
    Rule("siliconflow.too-long", Reason.CONTEXT_OVERFLOW, _FLOW_DOC, _FLOW,
         contains=("max_seq_len", "max_total_tokens", "maximum length", "length of prompt_tokens"),
         scope=Scope.REQUEST),
    Rule("siliconflow.busy", Reason.OVERLOADED, _FLOW_DOC, _FLOW, codes={"50505", "50603",
         "50604"}),
    Rule("siliconflow.failed", Reason.SERVER_ERROR, _FLOW_DOC, _FLOW, codes={"50501", "50507",
         "60000", "50508"}),
    Rule("siliconflow.rate", Reason.RATE_LIMIT, _FLOW_DOC, _FLOW, codes={"50602", "20052"}),
    Rule("siliconflow.rate-words", Reason.RATE_LIMIT, _FLOW_DOC, _FLOW,
         contains=("rejected due to rate limiting", "tpm limit reached", "rpm limit reached",
         "ipm limit reached")),
    Rule("qianfan.billing", Reason.BILLING, _BAIDU_DOC, _BAIDU, codes={"17", "19", "336501x",
         "access_denied_overdue", "account_overdue", "coding_plan_expired"}, scope=Scope.ACCOUNT),
    Rule("qianfan.rate", Reason.RATE_LIMIT, _BAIDU_DOC, _BAIDU, codes={"4", "18", "336501",
         "336502", "336504", "336505", "rpm_rate_limit_exceeded", "tpm_rate_limit_exceeded",
         "preemptible_rate_limit_exceeded", "user_rate_limit_exceeded",
         "cluster_rate_limit_exceeded", "rate_limit_exceeded"}),
    Rule("qianfan.auth", Reason.AUTH, _BAIDU_DOC, _BAIDU, codes={"6", "14", "100", "110",
         "111", "13", "15", "invalid_iam_token", "invalid_appid", "invalid_api_key",
         "iam_certification"}, scope=Scope.KEY),
    Rule("qianfan.too-long", Reason.CONTEXT_OVERFLOW, _BAIDU_DOC, _BAIDU, codes={"336007",
         "336103", "336104x", "tokens_too_long"}, scope=Scope.REQUEST),
    Rule("qianfan.content", Reason.CONTENT_POLICY, _BAIDU_DOC, _BAIDU, codes={"336104",
         "336105", "unsafe_request", "unsafe_answer"}, scope=Scope.REQUEST),
    Rule("qianfan.busy", Reason.OVERLOADED, _BAIDU_DOC, _BAIDU, codes={"336100", "2",
         "service_busy", "internal_busy", "dispatch_internal_error"}),
    Rule("hunyuan.billing", Reason.BILLING, _TENCENT_DOC, _TENCENT,
         codes={"failedoperation.freeresourcepackexhausted",
         "failedoperation.resourcepackexhausted", "resourceinsufficient.chargeresourceexhaust",
         "resourceunavailable.inarrears", "failedoperation.servicestoparrears",
         "resourceunavailable.lowbalance", "failedoperation.servicenotactivated",
         "resourceunavailable.notexist"}, scope=Scope.ACCOUNT),
    Rule("hunyuan.rate", Reason.RATE_LIMIT, _TENCENT_DOC, _TENCENT,
         codes={"requestlimitexceeded", "limitexceeded",
         "failedoperation.engineserverlimitexceeded", "requestlimitexceeded.uinlimitexceeded",
         "2003"}),
    Rule("hunyuan.auth", Reason.AUTH, _TENCENT_DOC, _TENCENT, codes={"authfailure",
         "authfailure.secretidnotfound", "authfailure.signaturefailure",
         "authfailure.unauthorizedoperation", "authfailure.tokenfailure", "unauthorizedoperation"},
         scope=Scope.KEY),
    Rule("hunyuan.content", Reason.CONTENT_POLICY, _TENCENT_DOC, _TENCENT,
         codes={"operationdenied.textillegaldetected", "operationdenied.imageillegaldetected",
         "failedoperation.userimageillegal"}, scope=Scope.REQUEST),
    Rule("iflytek.daily", Reason.RATE_LIMIT, _SPARK_DOC, _SPARK, codes={"11201", "11202", "11203",
         "10006", "10007"}),
    Rule("iflytek.no-licence", Reason.BILLING, _SPARK_DOC, _SPARK, codes={"11200", "10016"},
         scope=Scope.ACCOUNT,
         hint=("The application has no licence for this model or has used up its tokens: see its "
         "page at https://console.xfyun.cn.")),
    Rule("iflytek.content", Reason.CONTENT_POLICY, _SPARK_DOC, _SPARK, codes={"10013", "10014",
         "10019", "10021"}, scope=Scope.REQUEST),
    Rule("iflytek.too-long", Reason.CONTEXT_OVERFLOW, _SPARK_DOC, _SPARK, codes={"10907"},
         scope=Scope.REQUEST),
    Rule("iflytek.busy", Reason.OVERLOADED, _SPARK_DOC, _SPARK, codes={"10008", "10110"}),
    Rule("iflytek.failed", Reason.SERVER_ERROR, _SPARK_DOC, _SPARK, codes={"10009", "10010",
         "10011", "10012", "10222"}),
    Rule("iflytek.request", Reason.BAD_REQUEST, _SPARK_DOC, _SPARK, codes={"10003", "10004",
         "10005", "10163"}, scope=Scope.REQUEST),
    Rule("iflytek.blacklisted", Reason.AUTH, _SPARK_DOC, _SPARK, codes={"10015"},
         scope=Scope.ACCOUNT),
)  # fmt: skip
