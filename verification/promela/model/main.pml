/* One step of the call. What spin stores are the calls between two steps. */

inline forget() {
    event = 0;
    spent_time = 0;
    taken = NOWHERE;
    unused_key = 0;
    probing = 0;
    delivered = 0;
    complete = 0;
    reason = NO_ERROR;
    same_ready = 0;
    other_ready = 0;
    fresh_ready = 0;
    cooling = 0;
    remembered = 0;
    opens = SOON;
    unpaid = 0;
    retry_after = SOON;
    pause = SOON;
    place = 0;
    for (i : 0 .. TARGETS - 1) {
        stands[i] = 0;
        due[i] = 0
    };
    /* Which error the latest was does not count while an attempt is made: the next replaces it. */
    error = (SENDING && error != NO_ERROR -> EARLIER : error);
    cause = (cause != NO_CAUSE -> SET_EARLIER : NO_CAUSE);
    /* Nor for how long the last one took, nor once its target was left. */
    kept_waiting = (SENDING || here == NOWHERE -> 0 : kept_waiting)
}

/* Of an ended call only how it ended is told, after how many attempts and waits. */
inline forget_all() {
    tries = 0;
    here = NOWHERE;
    went_back = 0;
    committed = 0;
    tool_call = 0;
    probe = 0;
    kept_waiting = 0;
    only_empty = 0;
    passed_over = 0;
    cause = NO_CAUSE;
    error = NO_ERROR;
    too_small = 0;
    for (i : 0 .. TARGETS - 1) {
        asked[i] = 0;
        gone[i] = 0;
        billed[i] = 0;
        returnable[i] = 0;
        used[i] = 0;
        repaired[i] = 0
    }
}

inline forget_the_scratch() {
    command = 0;
    others = 0;
    asked_count = 0;
    back = 0;
    first_clear = 0;
    first_due = 0;
    wait = 0;
    planned = 0;
    planned_until = 0;
    cut_short = 0;
    back_later = 0;
    was_state = 0;
    was_number = 0;
    was_waits = 0;
    was_here = 0;
    was_cause = 0;
    was_committed = 0;
    was_tool_call = 0;
    was_only_empty = 0;
    billing_bypasses_the_pool = 0;
    no_send_to_an_account_without_money = 0;
    a_target_is_asked_once = 0;
    attempts_advance = 0;
    attempts_are_bounded = 0;
    waits_are_bounded = 0;
    tries_are_bounded = 0;
    the_cause_is_never_replaced = 0;
    the_cause_is_real = 0;
    nothing_after_the_deadline = 0;
    nothing_after_the_commit = 0;
    nothing_after_finish = 0;
    only_what_was_taken_is_sent_to = 0;
    patience_while_a_fallback_stands_by = 0;
    a_retry_is_paid_for = 0;
    who_fails_slowly_is_left = 0;
    an_empty_answer_is_the_last_resort = 0;
    keys_are_tried_before_anything_sleeps = 0;
    every_state_knows_what_to_do = 0;
    for (i : 0 .. TARGETS - 1) {
        was_asked[i] = 0;
        offered[i] = 0
    };
    i = 0
}

/* A state that is looked for is called an error here, so that the way there is shown. */
#ifndef UNWANTED
#define UNWANTED false
#endif

#ifdef TELL
#define SAY c_code { \
    printf("@%d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d", now.state, now.number, now.waits, \
        now.tries, now.here, now.went_back, now.committed, now.tool_call, now.cause, now.error, \
        now.passed_over, now.probe, now.kept_waiting, now.only_empty, now.too_small, \
        now.stopped_by); \
    for (i = 0; i < TARGETS; i++) { \
        printf(" %d %d %d %d %d %d", now.asked[i], now.gone[i], now.billed[i], \
            now.returnable[i], now.used[i], now.repaired[i]); \
    } \
    printf("\n"); \
}
#else
#define SAY skip
#endif

init {
end_call:
    do
    :: atomic {
        !OVER -> SAY;
        something_happens();
        the_world_does_something();
        d_step {
            TELL_BEFORE;
            remember();
            note();
            look();
            follow_the_table();
            check();
            TELL_ROW;
            forget();
            if
            :: FINAL -> forget_all()
            :: else
            fi;
            TELL_AFTER;
#ifdef SHORTEST
            forget_the_scratch();
            no_other_state_is_reached = !(UNWANTED);
            assert(no_other_state_is_reached);
            no_other_state_is_reached = 0
#endif
        }
    }
#ifdef TELL
    :: atomic { OVER -> SAY; goto end_over }
#endif
    od;
end_over:
    false
}
