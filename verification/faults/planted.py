"""Every planted fault: those of a review, and one in each guard, effect, entry and claim."""

from __future__ import annotations

from verification.faults.fault import TESTS, Edit, PlantedCallFault, edit

REVIEW = (
    PlantedCallFault(
        "M01", "one attempt more than the policy allows",
        edit("call.py", "return self.policy.max_attempts - self.number",
             "return self.policy.max_attempts - self.number + 1"),
    ),
    PlantedCallFault(
        "M02", "a retry comes before another key",
        edit("table.py", """    Row("rotate", State.CLASSIFY, Diagnosed, guards.another_key_is_free,
        State.ROTATE_CREDENTIAL),
    Row("retry", State.CLASSIFY, Diagnosed, guards.a_retry_is_worth_it,
        State.RETRY),
""", """    Row("retry", State.CLASSIFY, Diagnosed, guards.a_retry_is_worth_it,
        State.RETRY),
    Row("rotate", State.CLASSIFY, Diagnosed, guards.another_key_is_free,
        State.ROTATE_CREDENTIAL),
"""),
    ),
    PlantedCallFault(
        "M03", "billing is booked by target, not by provider",
        (
            Edit("call.py", "call.billed |= {here.provider}", "call.billed |= {here.name}"),
            Edit("routing.py", "return target.provider not in call.billed and",
                 "return target.name not in call.billed and"),
            Edit("routing.py", "and target.provider not in call.billed and",
                 "and target.name not in call.billed and"),
            Edit("legality.py", "if target.provider in call.billed:",
                 "if target.name in call.billed:"),
        ),
    ),
    PlantedCallFault(
        "M04", "the way back is taken twice",
        edit("routing.py", "    if call.went_back:\n        return None\n", ""),
    ),
    PlantedCallFault(
        "M05", "a wait ignores the deadline",
        edit("guards.py", "fits = due.at < call.ends_at - kept_back(call, event, others)",
             "fits = True"),
    ),
    PlantedCallFault(
        "M06", "all of a backoff is drawn",
        edit("limits.py", "tries - 1, 60)) * (1 - jitter / 2)", "tries - 1, 60)) * (1 - jitter)"),
    ),
    PlantedCallFault(
        "M07", "billing overwrites the cause",
        edit("effects.py", "    if call.cause is None:\n        call.cause = call.error\n    here",
             "    if call.cause is None or call.error.reason is Reason.BILLING:\n"
             "        call.cause = call.error\n    here"),
    ),
    PlantedCallFault(
        "M08", "two entries behind one host share a circuit", by=TESTS,
        where="tests/orchestrator/health", why="the health board is outside: it is free to say all",
    ),
    PlantedCallFault(
        "M09", "tries go on counting at a new target",
        edit("entries.py", """    if call.target is None or call.target.name != name:
        call.tries = 0
""", ""),
    ),
    PlantedCallFault(
        "M10", "patience counts from the start of the call",
        edit("guards.py", "due.at - event.at <= call.policy.patience",
             "due.at <= call.policy.patience"),
    ),
    PlantedCallFault(
        "M11", "a probe is retried while another target stands by",
        edit("guards.py", "hopeless = call.probe or event", "hopeless = event"),
    ),
    PlantedCallFault(
        "M12", "an overload's Retry-After is forgotten on the way back",
        edit("effects.py", "not_before = 0.0 if error.reason is Reason.RATE_LIMIT else "
             "call.not_before", "not_before = 0.0"),
    ),
    PlantedCallFault(
        "M13", "a rotation keeps no attempt for the fallback",
        edit("guards.py", "return Rotate(here, used) if call.attempts_left > "
             "len(unasked(call, event)) else None", "return Rotate(here, used)"),
    ),
    PlantedCallFault(
        "M14", "a target as small as one that was too small is tried",
        edit("routing.py", "target.context > call.too_small", "target.context >= call.too_small"),
    ),
    PlantedCallFault(
        "M15", "the way back leads to a provider that has billed the call",
        edit("routing.py", "return target.provider not in call.billed and fits(call, target)",
             "return fits(call, target)"),
    ),
    PlantedCallFault(
        "M16", "a tool call that was delivered is ignored",
        edit("guards.py", "CONTINUE and not call.tool_call", "CONTINUE"),
    ),
    PlantedCallFault(
        "M17", "the last to clear is waited for",
        edit("routing.py", "return min(in_time, key", "return max(in_time, key"),
    ),
    PlantedCallFault(
        "M18", "who was found gone is offered again",
        edit("routing.py", "out = call.asked | call.gone", "out = call.asked"),
    ),
)  # fmt: skip

_GUARDS = (
    PlantedCallFault(
        "time_is_over", "no arrival or failure comes too late",
        edit("guards.py", "return event.at >= call.ends_at", "return False"),
    ),
    PlantedCallFault(
        "a_target_is_free", "what was taken by a probe is not used",
        edit("guards.py", "return event.taken\n",
             "return event.taken if event.taken and not event.taken.probe else None\n"),
    ),
    PlantedCallFault(
        "another_target_is_free", "a fallback that the policy does not list",
        edit("guards.py", "return unasked(call, event) if Move.FALLBACK in call.allowed else ()",
             "return unasked(call, event)"),
    ),
    PlantedCallFault(
        "no fallback", "nobody ever falls back",
        edit("guards.py", "return unasked(call, event) if Move.FALLBACK in call.allowed else ()",
             "return ()"),
    ),
    PlantedCallFault(
        "a_target_clears", "waits without number",
        edit("guards.py", "return next_clear(call, event) if waits_remain(call) else None",
             "return next_clear(call, event)"),
    ),
    PlantedCallFault(
        "no wait", "no arrival waits for what clears",
        edit("guards.py", "return next_clear(call, event) if waits_remain(call) else None",
             "return None"),
    ),
    PlantedCallFault(
        "all_was_delivered", "a stream that is left is taken for whole",
        edit("guards.py", "return event.complete\n", "return True\n"),
    ),
    PlantedCallFault(
        "content_is_final", "content that was delivered ends nothing",
        edit("guards.py", "return call.committed and not goes_on", "return False"),
    ),
    PlantedCallFault(
        "budget_is_spent", "no budget is ever spent",
        edit("guards.py", "return call.attempts_left <= 0 or time_is_over(call, event)",
             "return False"),
    ),
    PlantedCallFault(
        "billing_and_another_is_free", "after billing nobody falls back",
        edit("guards.py",
             "return another_target_is_free(call, event) if billing(call, event) else ()",
             "return ()"),
    ),
    PlantedCallFault(
        "billing_and_earlier_clears", "after billing nobody goes back",
        edit("guards.py",
             "return an_earlier_target_clears(call, event) if billing(call, event) else None",
             "return None"),
    ),
    PlantedCallFault(
        "billing", "billing is an error like others",
        edit("guards.py", "return event.error.reason is Reason.BILLING", "return False"),
    ),
    PlantedCallFault(
        "a_repair_is_known", "a repair is made again and again",
        edit("guards.py",
             "return Repair(name, here) if (here.name, name) not in call.repaired else None",
             "return Repair(name, here)"),
    ),
    PlantedCallFault(
        "slow repair", "a silent target is repaired while another stands by",
        edit("guards.py", "if here is None or name is None or _slow(call, event):",
             "if here is None or name is None:"),
    ),
    PlantedCallFault(
        "another_key_is_free", "a key that was used is rotated to",
        edit("guards.py", "if all(label in used for label in event.standby.credentials):",
             "if not event.standby.credentials:"),
    ),
    PlantedCallFault(
        "slow rotation", "a silent target is asked with another key while another stands by",
        edit("guards.py",
             "if here is None or Move.ROTATE not in call.allowed or _slow(call, event):",
             "if here is None or Move.ROTATE not in call.allowed:"),
    ),
    PlantedCallFault(
        "a_retry_is_worth_it", "a retry that the policy does not list",
        edit("guards.py", "again = Move.RETRY in call.allowed or (", "again = True or ("),
    ),
    PlantedCallFault(
        "unpaid retry", "a retry for which the budget has nothing left",
        edit("guards.py", " and event.standby.retry_affordable", ""),
    ),
    PlantedCallFault(
        "retry without waits", "a retry needs no wait that is left",
        edit("guards.py", "wins and waits_remain(call)", "wins"),
    ),
    PlantedCallFault(
        "retry past all", "a retry leaves no time to who stands by",
        edit("guards.py", "call.ends_at - kept_back(call, event, others)", "call.ends_at"),
    ),
    PlantedCallFault(
        "impatient", "the patience is ignored",
        edit("guards.py", "return patient and not hopeless and", "return not hopeless and"),
    ),
    PlantedCallFault(
        "last attempt", "a retry keeps no attempt for the fallback",
        edit("guards.py", "return patient and not hopeless and call.attempts_left > len(others)",
             "return patient and not hopeless"),
    ),
    PlantedCallFault(
        "an_earlier_target_clears", "nobody goes back",
        edit("guards.py", "return way_back(call, event) if allowed else None", "return None"),
    ),
    PlantedCallFault(
        "back without waits", "the way back needs no wait that is left",
        edit("guards.py", "in call.allowed and waits_remain(call)", "in call.allowed"),
    ),
    PlantedCallFault(
        "only_empty_answers_came", "an empty answer after other errors is the answer",
        edit("guards.py", "return event.error.empty and call.only_empty",
             "return event.error.empty"),
    ),
    PlantedCallFault(
        "hasty", "who was slow is not left",
        edit("guards.py",
             "return is_slow(call, event.error) and bool(another_target_is_free(call, event))",
             "return False"),
    ),
)  # fmt: skip

_EFFECTS = (
    PlantedCallFault(
        "leave", "nobody may be come back to",
        edit("effects.py", "        call.returnable |= {(here.name, not_before)}\n",
             "        pass\n"),
    ),
    PlantedCallFault(
        "go_back", "that a call went back is not noted",
        edit("effects.py", "    call.went_back = True\n", ""),
    ),
    PlantedCallFault(
        "wait_for_it", "a wait for the way back is not noted as one",
        edit("effects.py",
             "    call.went_back = call.went_back or plan.target.name in call.asked\n", ""),
    ),
    PlantedCallFault(
        "_move", "tries do not start again on the way back",
        edit("effects.py", "    call.tries = 0\n", ""),
    ),
    PlantedCallFault(
        "stop_exhausted", "who is exhausted is told that attempts are spent",
        edit("effects.py", "_stop(call, event, StoppedBy.EXHAUSTED)",
             "_stop(call, event, StoppedBy.ATTEMPTS)"),
    ),
    PlantedCallFault(
        "stop_committed", "who was stopped by content is told to be exhausted",
        edit("effects.py", "_stop(call, event, StoppedBy.COMMITTED)",
             "_stop(call, event, StoppedBy.EXHAUSTED)"),
    ),
    PlantedCallFault(
        "stop_spent", "attempts and time are confused",
        edit("effects.py", "StoppedBy.ATTEMPTS if event.at < call.ends_at else StoppedBy.DEADLINE",
             "StoppedBy.DEADLINE if event.at < call.ends_at else StoppedBy.ATTEMPTS"),
    ),
    PlantedCallFault(
        "stop_cancelled", "the latest error replaces the cause when a call is cancelled",
        edit("effects.py", "        call.cause or call.error or call.passed_over or Error(Reason.C",
             "        call.error or call.cause or call.passed_over or Error(Reason.C"),
    ),
    PlantedCallFault(
        "stop_deadline", "the deadline replaces the cause",
        edit("effects.py",
             "call.cause = call.cause or call.error or call.passed_over or _out_of_time(call)",
             "call.cause = _out_of_time(call)"),
    ),
    PlantedCallFault(
        "_stop", "what the first target was passed over for is not the cause",
        edit("effects.py", "    call.cause = call.cause or call.error or call.passed_over\n",
             "    call.cause = call.cause or call.error\n"),
    ),
    PlantedCallFault(
        "hope", "who was left in haste may be come back to without tries",
        edit("effects.py", " and call.tries < tries_allowed(call)", ""),
    ),
)  # fmt: skip

_ENTRIES = (
    PlantedCallFault(
        "attempt", "an attempt leaves no time to who stands by",
        edit("entries.py", "until = ends_at - kept_back(call, event, others)", "until = ends_at"),
    ),
    PlantedCallFault(
        "unused", "the key that is sent with is not noted",
        edit("entries.py", "    call.used |= {(name, taken.credential)}\n", ""),
    ),
    PlantedCallFault(
        "unasked", "the target that is sent to is not noted",
        edit("entries.py", "    call.asked |= {name}\n", ""),
    ),
    PlantedCallFault(
        "gone for ever", "who was gone once is never looked at again",
        edit("entries.py", "    call.gone = frozenset()\n", ""),
    ),
    PlantedCallFault(
        "passed over", "a first target that was skipped is no cause",
        edit("entries.py", "        call.cause = call.passed_over\n", "        pass\n"),
    ),
    PlantedCallFault(
        "free rotation", "an attempt after a rotation is a try of its own",
        edit("entries.py", "    if type(event) not in _SAME_TRY:\n        call.tries += 1\n",
             "    call.tries += 1\n"),
    ),
    PlantedCallFault(
        "whole stream", "an attempt is asked for as a stream wherever the caller wants one",
        edit("entries.py", "call.streams_at(plan.target) if plan.stream is None else plan.stream",
             "call.streamed if plan.stream is None else plan.stream"),
    ),
    PlantedCallFault(
        "stream", "a stream ends with the deadline",
        edit("entries.py", "return Relay(call.ends_at)", "return Relay(call.policy.deadline)"),
    ),
    PlantedCallFault(
        "classify", "a failure is passed on in place of being looked at",
        edit("entries.py", "return Diagnose()", "return Relay(call.ends_at)"),
    ),
    PlantedCallFault(
        "rotate_credential", "rotations are not counted",
        edit("entries.py", "    call.rotations += 1\n", ""),
    ),
    PlantedCallFault(
        "eager_fallback", "a call that falls back stays where it was",
        edit("entries.py", "    call.target = None\n", ""),
    ),
    PlantedCallFault(
        "gone", "who is asked for is not noted",
        edit("entries.py", "    call.gone |= {target.name for target in plan}\n", ""),
    ),
    PlantedCallFault(
        "retry", "waits are not counted",
        edit("entries.py", "    call.waits += 1\n", ""),
    ),
    PlantedCallFault(
        "early", "a wait ends a second early",
        edit("entries.py", "return Wait(plan.at, plan.target)",
             "return Wait(plan.at - 1.0, plan.target)"),
    ),
    PlantedCallFault(
        "repair", "repairs are not noted",
        edit("entries.py", "    call.repaired |= {(plan.target.name, plan.name)}\n", ""),
    ),
    PlantedCallFault(
        "succeed", "an answer is handed over as a failure",
        edit("entries.py", "_DONE = Finish()",
             "from orchestrator.states.commands import StoppedBy\n"
             "_DONE = Finish(None, StoppedBy.EXHAUSTED)"),
    ),
    PlantedCallFault(
        "fail_terminal", "the latest error is told in place of the cause",
        edit("entries.py", "return Finish(call.cause, call.stopped_by)",
             "return Finish(call.error, call.stopped_by)"),
    ),
)  # fmt: skip

_NOTES = (
    PlantedCallFault(
        "_note_first_target", "the mark of the first target is noted too late",
        edit("call.py", "if call.number == 0 and call.route:",
             "if call.number == 1 and call.route:"),
    ),
    PlantedCallFault(
        "_note_failure", "how long a failure took is not noted",
        edit("call.py", "event.waited > call.policy.patience", "False"),
    ),
    PlantedCallFault(
        "_note_content", "a stream's time counts from the start of the call",
        edit("call.py", "event.at + call.target.timeouts.stream_total",
             "call.target.timeouts.stream_total"),
    ),
    PlantedCallFault(
        "_note_error", "a Retry-After counts from the start of the call",
        edit("call.py", "call.not_before = event.at + (error", "call.not_before = 0.0 + (error"),
    ),
    PlantedCallFault(
        "too small", "an overflow is not noted",
        edit("call.py", "        call.too_small = here.context\n", "        pass\n"),
    ),
    PlantedCallFault(
        "quoted", "what a relay quotes rotates our keys",
        edit("call.py", "return moves - {Move.ROTATE} if self.error.quoted else moves",
             "return moves"),
    ),
)  # fmt: skip

_CLAIMS = (
    PlantedCallFault(
        "_waited", "a wait that cannot be is believed",
        edit("legality.py", "if 0 <= event.waited <= event.at + CLOCK_GRAIN:", "if True:"),
    ),
    PlantedCallFault(
        "_complete", "an answer of which nothing came is believed to be whole",
        edit("legality.py", "if not event.complete or call.state is State.STREAM:", "if True:"),
    ),
    PlantedCallFault(
        "stranger", "a target that is on no route is taken",
        edit("legality.py", '        return f"{target} is not on the route"\n', "        pass\n"),
    ),
    PlantedCallFault(
        "billed claim", "a provider that has billed the call is taken",
        edit("legality.py", "if target.provider in call.billed:", "if False:"),
        by=TESTS, where="tests/states/test_legality.py",
        why="a second lock: no reachable call has asked for who billed it; other claims refuse it",
    ),
    PlantedCallFault(
        "_switched", "a target that was not asked for is taken",
        edit("legality.py", "return None if taken.target.name in call.gone else",
             "return None if True else"),
    ),
    PlantedCallFault(
        "_rotated", "a key that was used is taken by a rotation",
        edit("legality.py", "if taken.credential in call.used_at(taken.target):", "if False:"),
    ),
    PlantedCallFault(
        "_stayed", "another target than the one that was asked for is taken",
        edit("legality.py", "if here is None or taken.target.name == here.name:", "if True:"),
    ),
    PlantedCallFault(
        "no instant", "an instant that is none is believed",
        edit("machine.py", "if not event.at >= 0 or (claim", "if (claim"),
    ),
)  # fmt: skip

_LIMITS = (
    PlantedCallFault(
        "backoff", "a backoff does not grow",
        edit("limits.py", "FIRST_BACKOFF * 2.0 ** min(tries - 1, 60)", "FIRST_BACKOFF"),
    ),
    PlantedCallFault(
        "STREAMED_NEEDS", "too little time is kept back",
        edit("limits.py", "STREAMED_NEEDS = 15.0", "STREAMED_NEEDS = 5.0"),
    ),
    PlantedCallFault(
        "LARGEST_SHARE", "all the time is kept back",
        edit("limits.py", "LARGEST_SHARE = 0.5", "LARGEST_SHARE = 1.0"),
    ),
    PlantedCallFault(
        "hold", "where the whole answer must come as little is kept back as for a stream",
        edit("routing.py", "WHOLE_NEEDS if held or not", "WHOLE_NEEDS if not"),
    ),
    PlantedCallFault(
        "first_token", "a silence is borne as long as if nobody else stood by",
        edit("limits.py", "FIRST_TOKEN_ALONE if patient else FIRST_TOKEN_WITH_OTHERS",
             "FIRST_TOKEN_ALONE"),
    ),
    PlantedCallFault(
        "cut_first_token", "a probe has no longer than the wait that was cut",
        edit("limits.py", "2 * taken.cut_first_token", "taken.cut_first_token"),
    ),
    PlantedCallFault(
        "bench", "a bench is waited for",
        edit("routing.py", "if block.mark in (Mark.COOLDOWN, Mark.CIRCUIT):",
             "if block.mark in (Mark.COOLDOWN, Mark.CIRCUIT, Mark.BENCH):"),
    ),
    PlantedCallFault(
        "claim", "another call's probe is waited for until its claim expires",
        edit("routing.py", "return min(block.at, now + LOOK_AGAIN)", "return block.at"),
    ),
    PlantedCallFault(
        "sendable", "a retry comes before the target clears",
        edit("routing.py", "max(pause, _retry_after(call, event, here), sendable)",
             "max(pause, _retry_after(call, event, here))"),
    ),
    PlantedCallFault(
        "_retry_after", "a Retry-After is no floor",
        edit("routing.py", "max(pause, _retry_after(call, event, here), sendable)",
             "max(pause, sendable)"),
    ),
    PlantedCallFault(
        "tries_allowed", "what nobody recognises is retried as often as the rest",
        edit("routing.py", "return min(2, limit) if once else limit", "return limit"),
    ),
    PlantedCallFault(
        "tries_remain", "tries have no bound",
        edit("routing.py", "return call.tries < tries_allowed(call)", "return True"),
    ),
    PlantedCallFault(
        "moves_later", "a request that is bad at a later target ends the call",
        edit("policy.py", "allowed if first_target else allowed | SPECS[reason].moves_later",
             "allowed"),
    ),
)  # fmt: skip

PLANTED: tuple[PlantedCallFault, ...] = (
    *REVIEW, *_GUARDS, *_EFFECTS, *_ENTRIES, *_NOTES, *_CLAIMS, *_LIMITS,
)  # fmt: skip
"""Every fault."""
