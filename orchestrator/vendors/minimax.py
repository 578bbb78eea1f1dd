"""MiniMax, whose business codes also stand at the end of its messages."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://platform.minimax.io/docs/api-reference/errorcode (2026-11-21)"

_RULES = (
    Rule("minimax.balance", Reason.BILLING, _DOC, codes={"1008"},
         scope=Scope.ACCOUNT,
         hint="The MiniMax balance is used up: recharge at https://platform.minimax.io/."),
    Rule("minimax.balance-words", Reason.BILLING, _DOC,
         contains=("insufficient balance", "(1008)"), scope=Scope.ACCOUNT,
         hint="The MiniMax balance is used up: recharge at https://platform.minimax.io/."),
    Rule("minimax.window", Reason.RATE_LIMIT,
         ("https://platform.minimax.io/docs/api-reference/errorcode: the plan's window "
         "of hours (2026-11-21)"), codes={"2056"}, scope=Scope.ACCOUNT),
    Rule("minimax.window-words", Reason.RATE_LIMIT, _DOC, contains=("(2056)",
         "usage limit exceeded", "(1002)", "(1039)", "(1041)", "(2045)", "rate limit",
         "token limit"), unless=("context window",)),
    Rule("minimax.rate", Reason.RATE_LIMIT, _DOC, codes={"1002", "1039",
         "1041", "2045"}),
    Rule("minimax.auth", Reason.AUTH, _DOC, codes={"1004", "2049",
         "authorized_error"}, scope=Scope.KEY),
    Rule("minimax.auth-words", Reason.AUTH, _DOC, contains=("(1004)",
         "(2049)", "login fail", "invalid api key"), scope=Scope.KEY),
    Rule("minimax.content", Reason.CONTENT_POLICY, _DOC, codes={"1026",
         "1027", "1043", "2048"}, scope=Scope.REQUEST),
    Rule("minimax.content-words", Reason.CONTENT_POLICY, _DOC,
         contains=("(1026)", "(1027)", "new_sensitive", "input sensitive", "output sensitive"),
         scope=Scope.REQUEST),
    Rule("minimax.model", Reason.MODEL_NOT_FOUND, _DOC,
         contains=("not support model", "unknown model", "(2061)", "not included in your plan",
         "token plan not support"), scope=Scope.MODEL),
    Rule("minimax.model-code", Reason.MODEL_NOT_FOUND, _DOC, codes={"2061"},
         scope=Scope.MODEL),
    Rule("minimax.media", Reason.PAYLOAD_TOO_LARGE, _DOC,
         contains=("media exceeds size limit", "exceeds size limit", "image size"),
         scope=Scope.REQUEST),
    Rule("minimax.too-long", Reason.CONTEXT_OVERFLOW, _DOC,
         contains=("context window exceeds limit", "context window", "context length"),
         scope=Scope.REQUEST),
    Rule("minimax.parameters", Reason.BAD_REQUEST, _DOC, codes={"2013",
         "1042", "2037"}, unless=("exceeds size limit", "context window"), scope=Scope.REQUEST),
    Rule("minimax.parameters-words", Reason.BAD_REQUEST, _DOC,
         contains=("(2013)", "invalid params", "(1042)"), scope=Scope.REQUEST),
    Rule("minimax.internal", Reason.SERVER_ERROR, _DOC, codes={"1000",
         "1001", "1013", "1024", "1033"}),
    Rule("minimax.internal-words", Reason.SERVER_ERROR, _DOC,
         contains=("(1000)", "(1001)", "(1013)", "(1024)", "(1033)", "unknown error")),
)  # fmt: skip

VENDOR = Vendor(
    "minimax",
    base_url="https://api.minimax.io/v1",
    keys=("MINIMAX_API_KEY",),
    documentation="https://platform.minimax.io/docs/api-reference/text-openai-api",
    checked="2026-11-21",
    others={"anthropic-messages": "https://api.minimax.io/anthropic/v1"},
    aliases=("minimax-cn",),
    runs_models=True,
    starter="MiniMax-M2.5",
    utc_offset=8,  # Beijing time, as docs.z.ai shows it (2026-11-21)
    rules=_RULES,
)
