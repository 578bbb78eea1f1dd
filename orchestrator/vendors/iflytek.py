"""iFlytek Spark."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://www.xfyun.cn/doc/spark/Web.html (2026-11-21)"

_RULES = (
    Rule("iflytek.daily", Reason.RATE_LIMIT, _DOC, codes={"11201", "11202", "11203",
         "10006", "10007"}),
    Rule("iflytek.no-licence", Reason.BILLING, _DOC, codes={"11200", "10016"},
         scope=Scope.ACCOUNT,
         hint=("The application has no licence for this model or has used up its tokens: see its "
         "page at https://console.xfyun.cn.")),
    Rule("iflytek.content", Reason.CONTENT_POLICY, _DOC, codes={"10013", "10014",
         "10019", "10021"}, scope=Scope.REQUEST),
    Rule("iflytek.too-long", Reason.CONTEXT_OVERFLOW, _DOC, codes={"10907"},
         scope=Scope.REQUEST),
    Rule("iflytek.busy", Reason.OVERLOADED, _DOC, codes={"10008", "10110"}),
    Rule("iflytek.failed", Reason.SERVER_ERROR, _DOC, codes={"10009", "10010",
         "10011", "10012", "10222"}),
    Rule("iflytek.request", Reason.BAD_REQUEST, _DOC, codes={"10003", "10004",
         "10005", "10163"}, scope=Scope.REQUEST),
    Rule("iflytek.blacklisted", Reason.AUTH, _DOC, codes={"10015"},
         scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "iflytek",
    aliases=("xfyun", "spark", "xunfei"),
    runs_models=True,
    rules=_RULES,
)
