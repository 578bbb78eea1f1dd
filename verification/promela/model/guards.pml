/* The conditions of the rows, and the questions that they share. */

/* A policy's moves for the latest error: a bit for each class, all before the first. */
#define MOVE(classes) (error == NO_ERROR || ((classes >> error) & 1))
/* Another key is no remedy for what a relay quotes: such classes are not in ROTATING. */
#define MAY_ROTATE MOVE(ROTATING)
#define MAY_RETRY MOVE(RETRYING)
#define MAY_FALL_BACK (MOVE(FALLING_BACK) || (asked_count > 1 && MOVE(FALLING_BACK_LATER)))
#define IS(classes) (error != NO_ERROR && ((classes >> error) & 1))

#define FITS(t) (too_small == 0 || CONTEXT(t) == 0 || CONTEXT(t) > too_small)
#define OPEN(t) (!billed[t] && FITS(t))
#define UNASKED(t) (stands[t] && !asked[t] && !gone[t] && OPEN(t))
#define WAITS_REMAIN (waits < MAX_ATTEMPTS)
/* What nobody recognises, and what is empty, is tried once more. */
#define TRIES_ALLOWED ((IS(UNKNOWN) || IS(EMPTY)) && ATTEMPTS_PER_TARGET > 2 -> 2 : ATTEMPTS_PER_TARGET)
#define ATTEMPTS_LEFT (MAX_ATTEMPTS - number)

/* Another key of the call's own target is ready, or only cooling: after a rate limit the
 * one that cools may be the very key that was sent. */
#define ANOTHER_READY (other_ready || fresh_ready)
#define ANOTHER_KEY (ANOTHER_READY || (!IS(RATE_LIMIT) && cooling))

/* A target to go back to: throttled or left in haste, or never asked because of its mark. */
#define WAY_BACK(t) (t != here && OPEN(t) && due[t] < TOO_LATE && \
    (returnable[t] || (!asked[t] && !stands[t])))
/* The way back waits at least as long as a first backoff. */
#define BACKOFF_FITS (event != DIAGNOSED || (PAUSE_CAN_FIT && (pause < NEVER || tries > 1)))

/* Worth a wait on arrival: this target while tries remain, or an unasked one with a mark. */
#define WORTH_WAITING_FOR(t) (OPEN(t) && due[t] < TOO_LATE && \
    (t == here -> tries < TRIES_ALLOWED : !asked[t] && MAY_FALL_BACK && !stands[t]))

#define LATER_OF(one, two) (one > two -> one : two)

inline look() {
    others = 0;
    asked_count = 0;
    back = NOWHERE;
    first_clear = NOWHERE;
    first_due = TOO_LATE;
    for (i : 0 .. TARGETS - 1) {
        asked_count = asked_count + asked[i]
    };
    for (i : 0 .. TARGETS - 1) {
        if
        :: UNASKED(i) -> others++
        :: else
        fi;
        if
        :: (back == NOWHERE && !went_back && BACKOFF_FITS && WAY_BACK(i)) -> back = i
        :: else
        fi;
        if
        :: (WORTH_WAITING_FOR(i) && due[i] < first_due) -> first_clear = i; first_due = due[i]
        :: else
        fi
    };
    if
    :: (back != NOWHERE && MAY_FALL_BACK) ->
        if
        :: (due[back] < first_due) -> first_clear = back; first_due = due[back]
        :: else
        fi
    :: else
    fi;
    /* A retry waits for the backoff, for the block and for what the answer asked; a rate
     * limit's answer binds the key, and is in the block where another key is there. */
    wait = LATER_OF(pause, opens);
    if
    :: (IS(RATE_LIMIT) && (ANOTHER_READY || (here != NOWHERE && !stands[here])))
    :: else -> wait = LATER_OF(wait, retry_after)
    fi
}

/* On an arrival. */
#define guard_time_is_over spent_time
#define guard_a_target_is_free (taken != NOWHERE)
#define guard_another_target_is_free (MAY_FALL_BACK && others > 0)
#define guard_a_target_clears (WAITS_REMAIN && first_clear != NOWHERE)

/* When the caller goes away. */
#define guard_all_was_delivered (complete)

/* Out of classify. */
#define guard_content_is_final (committed && (!GOES_ON || tool_call))
#define guard_budget_is_spent (number >= MAX_ATTEMPTS || spent_time)
#define guard_billing IS(BILLING)
#define guard_an_earlier_target_clears (MAY_FALL_BACK && WAITS_REMAIN && back != NOWHERE)
#define guard_billing_and_another_is_free (guard_billing && guard_another_target_is_free)
#define guard_billing_and_earlier_clears (guard_billing && guard_an_earlier_target_clears)
/* A silence, or a failure that kept the caller waiting, while a fallback stands by. */
#define IS_SLOW (IS(TIMEOUT) || kept_waiting)
#define SLOW (IS_SLOW && guard_another_target_is_free)
#define guard_a_repair_is_known (REPAIR(error) > repaired[here] && !SLOW)
#define guard_another_key_is_free (MAY_ROTATE && !SLOW && fresh_ready && ATTEMPTS_LEFT > others)

#define RETRY_HELPS (MAY_RETRY || (MAY_ROTATE && ANOTHER_KEY))
/* Time is kept back for those that stand by, as long as no content reached the caller. That a
 * wait does not fit beside them is always possible, since the time may be late: the backoff is
 * NEVER then. Here is only whether it fits where the call has just begun. */
#define KEEPS_BACK (others > 0 && !committed && SILENCE_FALLS_BACK)
#define PAUSE_FITS_BESIDE (pause == SOON -> SOON_BESIDE(tries, others) : LATE_BESIDE(tries, others))
#define FITS_BESIDE (PAUSE_FITS_BESIDE && (wait == SOON || pause == LATE || LATER_BESIDE(others)))
/* Where a fallback stands by: within the patience, never after silence, after a slow failure,
 * after one that is quoted or after a probe, and an attempt stays for each of them. */
#define BETTER_THAN_OTHERS (!guard_another_target_is_free || \
    (wait == SOON && !IS_SLOW && !IS(QUOTED) && !probe && ATTEMPTS_LEFT > others))
#define RETRY_FITS (WAITS_REMAIN && wait < NEVER && (!KEEPS_BACK || FITS_BESIDE) && BETTER_THAN_OTHERS)
#define guard_a_retry_is_worth_it (RETRY_HELPS && tries < TRIES_ALLOWED && RETRY_FITS && !unpaid)
#define guard_only_empty_answers_came (IS(EMPTY) && only_empty)
