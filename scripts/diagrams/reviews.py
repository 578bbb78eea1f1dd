"""Checks of a reviewer at each state, written by hand, shown on the page of the states.

Names between backticks are names of the code; a test looks for each of them there.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class Review:
    """What is to be known of a state before a change to it is approved.

    Attributes:
        about: What it is for, in a sentence or two.
        checks: What must stay true, each a sentence or two.
    """

    about: str
    checks: tuple[str, ...]


REVIEWS: Mapping[str, Review] = {
    "ready": Review(
        "The call exists and has sent nothing. The driver looks at the health board and answers "
        "with what it took there, or with nothing.",
        (
            "Time is asked first: a call without time left must not send, whatever was taken.",
            (
                "A first target that was passed over is remembered in `passed_over`: it is the "
                "cause of a call that never sends."
            ),
            (
                "The five rows are those of the other arrivals. One that differs on purpose gets a "
                "hexagon of its own in the picture of the machine."
            ),
        ),
    ),
    "attempt": Review(
        "One HTTP request is on its way. This is the only state that spends money.",
        (
            (
                "`number` grows by one on every entry and is set nowhere else. Rotations, "
                "switches, repairs and waits have counters of their own."
            ),
            (
                "Every row that leads here is guarded by `a_target_is_free`: nothing is sent that "
                "the board did not hand out."
            ),
            (
                "`tries` starts again only with another target, and grows unless a rotation or a "
                "repair led here."
            ),
            (
                "The target joins `asked` and the credential joins `used` before the command "
                "leaves, so that no later row offers them again."
            ),
            (
                "`Failed` is the only way to another attempt. A row from here to `retry` would "
                "pass the classification by."
            ),
            (
                "`until` ends an attempt before the call where an unasked target stands by: what "
                "`kept_back` names is that target's. After content nothing is kept back."
            ),
        ),
    ),
    "stream": Review(
        "The commit boundary is crossed: the caller has seen content, and what follows must not "
        "contradict it.",
        (
            "`stream_ends_at` is set at the first content and never moved by a later stream.",
            (
                "No row leads from here to another attempt: only `classify` does, and there "
                "`committed` is asked before anything else."
            ),
            "A stream without its end is `Failed`, which the driver decides; look there too.",
            "Who leaves is no failure where the answer was whole: `left_complete`.",
        ),
    ),
    "classify": Review(
        "The failure has become an error with a reason, and the board says what stands by. "
        "Here the machine decides; everywhere else it carries out.",
        (
            (
                "`billing_fallback`, `billing_way_back` and `billing_terminal` stand above "
                "`repair`, `rotate` and `retry`. That order is the bypass: below them a billing "
                "error must never be seen."
            ),
            (
                "`committed` and `spent` stand above all: neither content that was delivered nor a "
                "bound that was reached is up for discussion."
            ),
            (
                "`rotate` and `retry` leave one attempt for each target that stands by; a new row "
                "that stays at a target must do so too."
            ),
            (
                "`repair`, `rotate` and `retry` ask whether the failure was slow. A new row that "
                "stays at a target must ask too, or one slow target uses up the deadline while "
                "another stands by."
            ),
            (
                "`empty_answer` is the last resort: below every row that asks somebody else, and "
                "only while `only_empty` says that nothing else came."
            ),
            (
                "A guard that reads more of the call than before may need more from the model "
                "checker, which merges calls by what guards look at."
            ),
            "The last row has no guard, so there is always a next move.",
        ),
    ),
    "rotate_credential": Review(
        "The same target with another credential, at once. The way past a throttled or refused "
        "key.",
        (
            (
                "No row that billing can take leads here: another key of an account without money "
                "cannot help."
            ),
            (
                "The command names every credential that was sent with at this target; one of "
                "those is refused as an answer."
            ),
            (
                "A rotation is no try: `tries` stays as it is, so that ten keys are tried before "
                "anything sleeps. It is an attempt all the same, and `max_attempts` bounds it."
            ),
        ),
    ),
    "eager_fallback": Review(
        "The call has left its target, and the first of the others that can be had is next. "
        "Nothing is waited for.",
        (
            (
                "The targets come in the order of the route, without those that were asked, have "
                "billed this call, are known to be too small or were found gone."
            ),
            (
                "What a `Switch` found gone joins `gone`, and is not offered again before the next "
                "`Send`: this is what ends the circle from `switched_fallback` to here."
            ),
            (
                "The `cause` is set when the first target is left, and never replaced. Every row "
                "that leads here from a target has the effect `leave`."
            ),
        ),
    ),
    "retry": Review(
        "The call sleeps until a target may be sent to: its own, an unasked one, or the way back.",
        (
            (
                "The guard of every row that leads here finds the wait, and the effect moves the "
                "call where it is waited for (`go_back`, `wait_for_it`)."
            ),
            "`waits` is bounded by `max_attempts`, also where `waited_wait` leads here from here.",
            (
                "The end of the wait lies before the deadline. While an unasked target stands by "
                "it also lies within the `patience`."
            ),
            (
                "The end of a retry's wait also leaves what `kept_back` names to the targets that "
                "stand by."
            ),
            (
                "The way back is taken once (`went_back`). A bench is never waited for, but for a "
                "rate limit's that names its end (`expected`)."
            ),
            "No billing error leads to a wait for the provider that sent it.",
        ),
    ),
    "repair": Review(
        "The error named a change to the request that may cure it: a parameter dropped or "
        "renamed, on a copy.",
        (
            (
                "A repair is used once at a target: it joins `repaired` on entry, and "
                "`a_repair_is_known` asks for it."
            ),
            (
                "It stands below the billing rows: an account without money is not asked again "
                "with a better request."
            ),
            (
                "It is no try, but the send that follows is an attempt: `max_attempts` bounds "
                "repairs together with everything else."
            ),
        ),
    ),
    "succeed": Review(
        "The call is over, and the caller has the answer.",
        (
            (
                "`answered`, `completed` and `left_complete` lead here, and one row from "
                "`classify`: `empty_answer`, where nothing else is left to ask. Another row from "
                "there would turn an error into an answer."
            ),
            "Nothing leaves: whatever happens afterwards is refused.",
        ),
    ),
    "fail_terminal": Review(
        "The call is over, and the caller gets the real cause and what stopped it.",
        (
            (
                "Every row that leads here has an effect that sets `stopped_by`: `stop_exhausted`, "
                "`stop_spent`, `stop_committed`, `stop_cancelled` or `stop_deadline`."
            ),
            (
                "The `cause` is the error on which the call left the first target it considered. "
                "No effect replaces one that is set."
            ),
            "`Cancelled` and `DeadlineReached` lead here from every state that is not final.",
            "Nothing leaves: whatever happens afterwards is refused.",
        ),
    ),
}
"""By the state's value."""
