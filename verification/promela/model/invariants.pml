/* The invariants of the design that concern one call, asked of every single step. */

#define MOVES_ON (command == SEND || command == SWITCH || command == ROTATE || command == WAIT || command == MEND)
#define STAYS (command == ROTATE || command == MEND || command == WAIT)
#define FAILS (state == IN_FAIL_TERMINAL)
#define LEAVES (command == SWITCH || FAILS || \
    (command == WAIT && was_here != NOWHERE && here != was_here))

SCRATCH byte billing_bypasses_the_pool;
SCRATCH byte no_send_to_an_account_without_money;
SCRATCH byte a_target_is_asked_once;
SCRATCH byte attempts_advance;
SCRATCH byte attempts_are_bounded;
SCRATCH byte waits_are_bounded;
SCRATCH byte tries_are_bounded;
SCRATCH byte the_cause_is_never_replaced;
SCRATCH byte the_cause_is_real;
SCRATCH byte nothing_after_the_deadline;
SCRATCH byte nothing_after_the_commit;
SCRATCH byte nothing_after_finish;
SCRATCH byte only_what_was_taken_is_sent_to;
SCRATCH byte patience_while_a_fallback_stands_by;
SCRATCH byte a_retry_is_paid_for;
SCRATCH byte who_fails_slowly_is_left;
SCRATCH byte an_empty_answer_is_the_last_resort;
SCRATCH byte keys_are_tried_before_anything_sleeps;
SCRATCH byte every_state_knows_what_to_do;

#ifdef SHORTEST
byte no_other_state_is_reached;
#endif

inline remember() {
    command = NONE;
    planned = UNPLANNED;
    planned_until = 0;
    cut_short = 0;
    back_later = 0;
    every_state_knows_what_to_do = 1;
    was_state = state;
    was_number = number;
    was_waits = waits;
    was_here = here;
    was_cause = cause;
    was_committed = committed;
    was_tool_call = tool_call;
    was_only_empty = only_empty;
    for (i : 0 .. TARGETS - 1) {
        was_asked[i] = asked[i];
        offered[i] = 0
    }
}

inline check() {
    assert(every_state_knows_what_to_do);

    billing_bypasses_the_pool = !(STAYS && here != NOWHERE && billed[here]);
    assert(billing_bypasses_the_pool);

    no_send_to_an_account_without_money = !(command == SEND && billed[here]);
    a_target_is_asked_once = !(command == SEND && event == SWITCHED && was_asked[here]);
    for (i : 0 .. TARGETS - 1) {
        if
        :: (offered[i] && billed[i]) -> no_send_to_an_account_without_money = 0
        :: else
        fi;
        if
        :: (offered[i] && was_asked[i]) -> a_target_is_asked_once = 0
        :: else
        fi
    };
    assert(no_send_to_an_account_without_money);
    assert(a_target_is_asked_once);

    attempts_advance = number == was_number + (command == SEND -> 1 : 0) &&
        waits == was_waits + (command == WAIT -> 1 : 0);
    assert(attempts_advance);
    attempts_are_bounded = number <= MAX_ATTEMPTS;
    assert(attempts_are_bounded);
    waits_are_bounded = waits <= MAX_ATTEMPTS;
    assert(waits_are_bounded);
    tries_are_bounded = !(command == SEND && tries > ATTEMPTS_PER_TARGET);
    assert(tries_are_bounded);

    the_cause_is_never_replaced = was_cause == NO_CAUSE || cause == was_cause;
    assert(the_cause_is_never_replaced);
    /* It is the error on which the call left the first target that it considered. */
    the_cause_is_real = was_cause != NO_CAUSE || state == IN_SUCCEED ||
        (LEAVES -> asked_count == 0 || error == NO_ERROR || cause == OF_THE_ERROR :
            cause == NO_CAUSE || (command == SEND && asked_count == 0 && cause == OF_THE_MARK));
    assert(the_cause_is_real);

    nothing_after_the_deadline = !(spent_time && command != FINISH) &&
        !(command == WAIT && planned == NEVER);
    assert(nothing_after_the_deadline);
    nothing_after_the_commit = !(was_committed && (!GOES_ON || was_tool_call) && MOVES_ON);
    assert(nothing_after_the_commit);
    nothing_after_finish = was_state != IN_SUCCEED && was_state != IN_FAIL_TERMINAL;
    assert(nothing_after_finish);
    only_what_was_taken_is_sent_to = !(command == SEND && (taken != here || probing != probe));
    assert(only_what_was_taken_is_sent_to);
    patience_while_a_fallback_stands_by = !(event == DIAGNOSED && command == WAIT &&
        others > 0 && MAY_FALL_BACK && planned > SOON);
    assert(patience_while_a_fallback_stands_by);
    a_retry_is_paid_for = !(event == DIAGNOSED && command == WAIT && here == was_here && unpaid);
    assert(a_retry_is_paid_for);
    who_fails_slowly_is_left = !(event == DIAGNOSED && here == was_here && STAYS &&
        IS_SLOW && others > 0 && MAY_FALL_BACK);
    assert(who_fails_slowly_is_left);
    an_empty_answer_is_the_last_resort = !(event == DIAGNOSED && state == IN_SUCCEED) ||
        (IS(EMPTY) && was_only_empty && (others == 0 || !MAY_FALL_BACK));
    assert(an_empty_answer_is_the_last_resort);
    keys_are_tried_before_anything_sleeps = !(event == DIAGNOSED &&
        (command == WAIT || command == SWITCH) && !IS(BILLING) && !SLOW && MAY_ROTATE && fresh_ready &&
        was_number + others < MAX_ATTEMPTS);
    assert(keys_are_tried_before_anything_sleeps)
}
