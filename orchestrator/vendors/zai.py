"""Zhipu (bigmodel.cn) and Z.ai, whose business codes say more than the status."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.z.ai/api-reference/api-code (2026-11-21)"
_TOP_UP = "Your Z.ai balance or resource package is used up: recharge at https://z.ai/manage-apikey/billing."

_RULES = (
    Rule("zai.too-long", Reason.CONTEXT_OVERFLOW, _DOC, codes={"1210"},
         contains=("tokens in request more than", "max tokens allowed", "超长", "上下文",
         "context length", "too long"), scope=Scope.REQUEST),
    Rule("zai.auth", Reason.AUTH, _DOC, codes={"1000", "1001", "1002", "1003", "1004",
         "1005", "1100", "1220"}, scope=Scope.KEY,
         hint=("Z.ai did not accept this key: check it at "
         "https://z.ai/manage-apikey/apikey-list.")),
    Rule("zai.account", Reason.AUTH, _DOC, codes={"1110", "1111", "1112", "1121"},
         scope=Scope.ACCOUNT,
         hint=("Z.ai locked or does not know this account: write to its support, or use "
         "another account.")),
    Rule("zai.no-money", Reason.BILLING, _DOC, codes={"1113", "1309", "1314"},
         scope=Scope.ACCOUNT, hint=_TOP_UP),
    Rule("zai.account-unreachable", Reason.SERVER_ERROR, _DOC, codes={"1120", "1230",
         "1231", "1234", "1200", "500"}),
    Rule("zai.model", Reason.MODEL_NOT_FOUND, _DOC, codes={"1211", "1221", "1222", "1311"},
         scope=Scope.MODEL),
    Rule("zai.parameters", Reason.BAD_REQUEST, _DOC, codes={"1210", "1212", "1213", "1214",
         "1215"}, scope=Scope.REQUEST),
    Rule("zai.too-long-code", Reason.CONTEXT_OVERFLOW, _DOC, codes={"1261"},
         scope=Scope.REQUEST),
    Rule("zai.content", Reason.CONTENT_POLICY, _DOC, codes={"1300", "1301"},
         scope=Scope.REQUEST),
    Rule("zai.busy", Reason.OVERLOADED, _DOC, codes={"1305", "1312"}, scope=Scope.MODEL),
    Rule("zai.fair-use", Reason.RATE_LIMIT, _DOC, codes={"1313"}, scope=Scope.ACCOUNT),
    Rule("zai.window", Reason.RATE_LIMIT, _DOC, codes={"1308", "1310"},
         scope=Scope.ACCOUNT,
         hint=("The coding plan's window is used up: it opens again at the reset that the "
         "message names, or add another account.")),
    Rule("zai.rate", Reason.RATE_LIMIT, _DOC, codes={"1302", "1303", "1304"}),
)  # fmt: skip

VENDOR = Vendor(
    "zai",
    base_url="https://api.z.ai/api/paas/v4",
    keys=("ZAI_API_KEY",),
    documentation="https://docs.z.ai/guides/develop/openai/python",
    checked="2026-11-21",
    others={"anthropic-messages": "https://api.z.ai/api/anthropic/v1"},
    aliases=("z-ai", "zhipu", "zhipuai", "bigmodel", "glm"),
    runs_models=True,
    starter="glm-4.6",
    utc_offset=8,  # docs.z.ai shows Beijing time, looked up 2026-11-21
    rules=_RULES,
)
