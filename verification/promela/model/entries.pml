/* What an event's facts change, what a row changes besides, what a state does on entry. */

inline note() {
    if
    :: (event == DIAGNOSED) ->
        error = reason;
        only_empty = only_empty && IS(EMPTY);
        if
        :: IS(BILLING) ->
            for (i : 0 .. TARGETS - 1) {
                billed[i] = billed[i] || PROVIDER(i) == PROVIDER(here)
            }
        :: else
        fi;
        if
        :: (IS(TOO_LARGE) && CONTEXT(here) > 0) -> too_small = CONTEXT(here)
        :: else
        fi
    :: (event == STREAMING) -> committed = 1
    :: (event == FAILED) -> tool_call = tool_call || delivered
    :: ((event == STARTED || event == SWITCHED || event == WAITED) && number == 0) ->
        passed_over = passed_over || remembered
    :: else
    fi
}

/* The cause is set once: by the latest error, or by what the first target was passed over for. */
#define THE_ERROR (error != NO_ERROR -> OF_THE_ERROR : NO_CAUSE)
#define THE_MARK (passed_over -> OF_THE_MARK : NO_CAUSE)
#define KEPT_OR(other) (cause != NO_CAUSE -> cause : other)

/* Only haste made the call leave: it would have tried again, but for others. */
#define TRIES_REMAIN ((IS_SLOW || probe) && MAY_RETRY && tries < TRIES_ALLOWED)
#define COMES_BACK (error != NO_ERROR && (IS(THROTTLED) || TRIES_REMAIN))

inline effect_nothing() { skip }

inline effect_leave() {
    cause = KEPT_OR(THE_ERROR);
    if
    :: (here != NOWHERE && asked[here] && COMES_BACK) ->
        returnable[here] = 1;
        /* What a rate limit asks for binds the key, which the board remembers. */
        back_later = !IS(RATE_LIMIT) && retry_after > SOON
    :: else
    fi
}

inline wait_elsewhere(elsewhere) {
    effect_leave();
    tries = 0;
    here = elsewhere
}

inline effect_go_back() {
    went_back = 1;
    planned = (back == NOWHERE -> NEVER : SOON);
    wait_elsewhere(back)
}

inline effect_wait_for_it() {
    planned = (first_due == TOO_LATE -> NEVER : SOON);
    if
    :: (first_clear != here && first_clear != NOWHERE) ->
        went_back = went_back || asked[first_clear];
        wait_elsewhere(first_clear)
    :: else
    fi
}

inline stop(why) {
    stopped_by = why;
    cause = KEPT_OR(THE_ERROR);
    cause = KEPT_OR(THE_MARK);
    cause = KEPT_OR(OTHERWISE)
}

inline effect_stop_exhausted() { stop(BY_EXHAUSTED) }
inline effect_stop_committed() { stop(BY_COMMITTED) }
inline effect_stop_spent() { stop((spent_time -> BY_DEADLINE : BY_ATTEMPTS)) }
inline effect_stop_cancelled() { stop(BY_CANCELLED) }
inline effect_stop_deadline() { stop(BY_DEADLINE) }

inline enter_attempt() {
    command = SEND;
    if
    :: (asked_count == 0 && taken != 0) -> cause = KEPT_OR(THE_MARK)
    :: else
    fi;
    if
    :: (here != taken) -> tries = 0
    :: else
    fi;
    if
    :: (event != ROTATED && event != REPAIRED) -> tries++
    :: else
    fi;
    number++;
    here = taken;
    probe = probing;
    asked[here] = 1;
    used[here] = used[here] + unused_key;
    for (i : 0 .. TARGETS - 1) {
        gone[i] = 0
    };
    /* Before content, time is kept back for each that stands by: now that is not this one. */
    for (i : 0 .. TARGETS - 1) {
        cut_short = cut_short || (UNASKED(i) && !committed && SILENCE_FALLS_BACK)
    }
}

inline enter_stream() { command = RELAY }
inline enter_classify() { command = DIAGNOSE }
inline enter_rotate_credential() { command = ROTATE }

inline enter_eager_fallback() {
    command = SWITCH;
    for (i : 0 .. TARGETS - 1) {
        if
        :: UNASKED(i) -> offered[i] = 1; gone[i] = 1
        :: else
        fi
    };
    here = NOWHERE
}

/* A row that leads here without an effect of its own waits for the call's own target. */
inline enter_retry() {
    planned = (planned == UNPLANNED -> wait : planned);
    planned_until = (ARRIVAL -> first_due : planned);
    command = WAIT;
    waits++
}
inline enter_repair() { command = MEND; repaired[here]++ }
inline enter_succeed() { command = FINISH }
inline enter_fail_terminal() { command = FINISH }
