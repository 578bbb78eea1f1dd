/* What the world does: everything that the machine cannot know, chosen before it looks.
 *
 * The health board has no memory here: whatever one could say, this one can. It keeps to
 * three things. A target stands by or has an instant when it can be sent to, not both; a
 * target that can be sent to has a ready key; and whatever was just asked for and not got
 * does not stand by, because taking and looking are one step. And time only goes on: after
 * the call's time nothing ends within it any more.
 */

/* Standing by, or blocked until an instant that others may share; TOO_LATE is also what a
 * bench, a dead key and a cooldown beyond the deadline have in common. */
inline block_until_some_time(t, last) {
    do
    :: (due[t] < last) -> due[t]++
    :: break
    :: (due[t] == last) -> due[t] = TOO_LATE; break
    od
}

/* What a call may have got hold of: legality, as the driver has to keep it. */
#define ASKED_FOR(t) ( \
    (event == STARTED) || (event == SWITCHED && gone[t]) || \
    (event == ROTATED && t == here && used[t] < KEYS(t)) || \
    ((event == WAITED || event == REPAIRED) && t == here))
#define MAY_TAKE(t) (!billed[t] && ASKED_FOR(t))
#define REFUSED(t) (taken == NOWHERE && ( \
    (event == SWITCHED && gone[t]) || ((event == WAITED || event == REPAIRED) && t == here)))

inline take_something_or_nothing() {
    taken = 0;
    do
    :: (taken < TARGETS && MAY_TAKE(taken)) -> break
    :: (taken < TARGETS) -> taken++
    :: (taken == TARGETS) -> break      /* which is NOWHERE */
    od;
    if
    :: (taken != NOWHERE) ->
        if
        :: (used[taken] > 0 && event != ROTATED)
        :: (used[taken] < KEYS(taken)) -> unused_key = 1
        fi;
        if
        :: probing = 1
        :: skip
        fi
    :: else
    fi
}

inline look_around_on_arrival() {
    place = 0;
    do
    :: (place < TARGETS) ->
        due[place] = (spent_time -> TOO_LATE : 0);
        if
        :: (place == taken || !REFUSED(place)) -> stands[place] = 1
        :: (place != taken) -> block_until_some_time(place, TARGETS - 1)
        fi;
        place++
    :: (place == TARGETS) -> break
    od
}

inline look_at_the_own_target() {
    if
    :: same_ready = 1
    :: skip
    fi;
    if
    :: (used[here] > 1) -> other_ready = 1
    :: skip
    fi;
    if
    :: (used[here] < KEYS(here)) -> fresh_ready = 1
    :: skip
    fi;
    if
    :: (same_ready || other_ready || fresh_ready) -> stands[here] = 1
    :: else ->
        due[here] = TOO_LATE;           /* it is never its own way back */
        if
        :: cooling = 1                  /* else a circuit, another call's probe, */
        :: skip                         /* or, where it never opens, a bench or no key */
        fi;
        if
        :: !spent_time -> opens = SOON
        :: (!spent_time && HAS_LATER) -> opens = LATE
        :: opens = NEVER
        fi
    fi
}

inline look_around_after_failure() {
    place = 0;
    do
    :: (place < TARGETS) ->
        due[place] = (spent_time -> TOO_LATE : 0);
        if
        :: (place != here) -> stands[place] = 1
        :: (place != here) -> block_until_some_time(place, 0)
        :: (place == here) -> look_at_the_own_target()
        fi;
        place++
    :: (place == TARGETS) -> break
    od
}

inline fail_in_some_way() {
    select (reason : 1 .. CLASSES);
    if
    :: unpaid = 0
    :: unpaid = 1
    fi;
    if
    :: kept_waiting = 0
    :: HAS_LATER -> kept_waiting = 1    /* for longer than the patience */
    fi;
    if
    :: !spent_time -> retry_after = SOON
    :: (!spent_time && HAS_LATER) -> retry_after = LATE
    :: retry_after = NEVER
    fi;
    if
    :: (!spent_time && PAUSE_CAN_BE_SOON(tries)) -> pause = SOON
    :: (!spent_time && PAUSE_CAN_BE_LATE(tries)) -> pause = LATE
    :: pause = NEVER                    /* so late that no backoff fits any more */
    fi;
    look_around_after_failure()
}

inline the_world_does_something() {
    if
    :: (ARRIVAL || event == DIAGNOSED) ->
        if
        :: spent_time = 1
        :: skip
        fi
    :: else
    fi;
    if
    :: ARRIVAL ->
        take_something_or_nothing();
        look_around_on_arrival();
        if
        :: !stands[0] -> remembered = 1     /* a mark may remember its error, or not */
        :: skip
        fi
    :: (event == DIAGNOSED) -> fail_in_some_way()
    :: (event == CANCELLED && state == IN_STREAM) ->
        if
        :: complete = 1
        :: skip
        fi
    :: (event == FAILED && state == IN_STREAM && GOES_ON) ->
        if
        :: delivered = 1
        :: skip
        fi
    :: else
    fi
}
