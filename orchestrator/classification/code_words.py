"""What a structured code that no list holds says by its words.

Vendors and relays make up names for the same few things: ``insufficient_g1_credits_balance``,
``AccountOverdueError``, ``model_not_open``. A name is cut into words, and a meaning is a
pair: a word of what it is about, and a word of what is the matter with it. Names that are
known stand before (``rules/general_codes.py``), since a vendor may mean something else.
"""

from __future__ import annotations

import re

from orchestrator.classification import cover_types

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST = 120

_ALONE = (
    ("billing", "arrears arrearage overdue unpaid delinquent outofcredits paymentrequired"),
    ("rate-limit", "throttled throttling throttle ratelimit ratelimited ratelimiting"),
    ("overloaded", "overloaded overload"),
    ("auth", "unauthorized unauthenticated unauthorised"),
    ("content", "moderation guardrail guardrails censorship censored"),
    ("timeout", "timeout timedout"),
)
"""Words that say it all, by what they mean."""

_PAIRS = (
    ("billing",
     """credit credits balance fund funds budget wallet billing payment spend spending prepaid
     prepayment invoice money cost deposit recharge""",
     """insufficient insufficent exhausted depleted exceeded exceed required reached empty low
     gone lack not no zero negative overdue inactive expired disabled failed limit cap unpaid
     hard out over enough declined missing need needed used overrun"""),
    ("quota",
     "quota usage allowance allocation",
     "insufficient exhausted depleted exceeded exceed reached limit used no out"),
    ("plan",
     "subscription plan membership trial package pkg license tier",
     """expired ended required inactive missing lapsed cancelled canceled upgrade no invalid
     needed exhausted"""),
    ("payload",
     "payload body file image entity media upload attachment request",
     "large big size oversize oversized toolarge"),
    ("auth",
     """key apikey token credential credentials signature auth authorization login session jwt
     authentication secret""",
     """invalid expired missing incorrect revoked disabled unknown bad wrong no failed failure
     required denied mismatch malformed error inactive"""),
    ("model",
     "model models deployment engine modelid",
     """not unknown invalid unsupported deprecated retired disabled denied notfound found removed
     decommissioned closed offline unavailable missing no forbidden notexist unrecognized
     inaccessible restricted permission"""),
    ("client",
     "client header headers useragent agent ua sdk app browser",
     """required missing unsupported blocked forbidden denied not outdated restricted rejected
     disallowed old"""),
    ("region",
     "country region territory geo location jurisdiction",
     "unsupported not blocked restricted denied forbidden unavailable prohibited"),
    ("content",
     "content prompt input output image text safety policy message",
     """violation blocked filter filtered flagged unsafe sensitive moderation risk inspection
     prohibited inappropriate safety harmful illegal"""),
    ("context",
     "context prompt input token tokens sequence",
     "exceeded exceeds exceed long overflow length large toolong window size max maximum over"),
    ("rate-limit",
     "rate requests request tpm rpm qps concurrency concurrent frequency calls",
     "limit limited exceeded exceed reached many frequent fast burst limiting limits"),
    ("overloaded",
     """server service model engine system upstream provider backend worker workers capacity queue
     cluster endpoint gpu channel inference""",
     """busy unavailable exhausted full capacity overload overloaded starting loading insufficient
     limited saturated offline maintenance down"""),
    ("request",
     """parameter parameters argument param field schema json format value tool role body request
     message messages arguments input property type""",
     """invalid missing unsupported unknown malformed required bad unexpected parse validation
     illegal"""),
)  # fmt: skip
"""A meaning, what a name with it is about, and what is the matter with that."""

_ALONE_READY = tuple((f"means:{name}", frozenset(words.split())) for name, words in _ALONE)
_PAIRS_READY = tuple(
    (f"means:{name}", frozenset(about.split()), frozenset(matter.split()))
    for name, about, matter in _PAIRS
)
_CREDENTIALS = frozenset({"key", "apikey", "token", "auth", "authorization", "credential"})
"""A header that lacks one of these is no matter of the client."""


def meanings(code: str) -> frozenset[str]:
    """What ``code`` says by its words, as signals for rules; most codes say nothing.

    ``code`` is as it was sent: its capitals part its words, as any character does that is
    no letter. What has a space in it is no name.
    """
    if " " in code or code.lower() in cover_types.ALL:
        return frozenset()
    words = frozenset(match.group().lower() for match in _WORD.finditer(code[:_LONGEST]))
    found = {meaning for meaning, alone in _ALONE_READY if not alone.isdisjoint(words)}
    for meaning, subjects, verdicts in _PAIRS_READY:
        about, matter = subjects & words, verdicts & words
        # One word that stands in both lists says only half of it.
        if about and matter and len(about | matter) > 1:
            found.add(meaning)
    if "means:client" in found and not _CREDENTIALS.isdisjoint(words):
        found.discard("means:client")
    elif "means:client" in found:
        found -= {"means:auth", "means:request"}
    return frozenset(found)
