/* What a call remembers between two events, and what lives within one step only.
 *
 * Written by hand from the design. The numbers in capitals and the table come before and
 * after it, from the setting and from the table that runs.
 */

/* The call: these, and nothing else, differ between the states that spin stores. */
byte state = IN_READY;
byte number;               /* of the last attempt, 0 before the first */
byte waits;
byte tries;                /* sends at this stay that no rotation or repair preceded */
byte here = NOWHERE;
bit went_back;             /* the way back was taken */
bit committed;             /* content reached the caller */
bit tool_call;             /* a part of a tool call did */
bit probe;                 /* the last send was one */
bit kept_waiting;          /* the attempt that failed last kept the caller waiting */
bit only_empty = 1;        /* nothing but empty answers came */
bit passed_over;           /* the first target is marked, and nothing was sent yet */
byte cause = NO_CAUSE;
byte error = NO_ERROR;     /* the class of the latest error */
byte too_small;            /* rank of the largest context known to be too small, 0 for none */
byte stopped_by;
bit asked[TARGETS];
bit gone[TARGETS];
bit billed[TARGETS];       /* its provider has billed this call */
bit returnable[TARGETS];   /* left while only throttled or overloaded, or with tries remaining */
byte used[TARGETS];        /* how many of its keys were sent with; they are alike */
byte repaired[TARGETS];    /* how many repairs were made; they are alike */

/* What the world does in one step; zero between two steps. */
byte event;
bit spent_time;            /* the event comes after the call's time */
byte taken = NOWHERE;
bit unused_key;            /* what was taken is a key not used there before */
bit probing;               /* and the board granted it as a probe */
bit delivered;             /* a part of a tool call */
bit complete;              /* the whole answer, before the caller went away */
byte reason = NO_ERROR;    /* the class of errors that was diagnosed */
bit same_ready;            /* keys of the call's own target: the one that failed, */
bit other_ready;           /* another one that was used, */
bit fresh_ready;           /* one that was not */
bit cooling;               /* the call's own target is blocked by a cooldown */
bit remembered;            /* the first target is blocked, by a mark that knows its error */
byte opens;                /* when its block ends: SOON, LATE or NEVER */
bit unpaid;                /* too many retries there came to nothing: no more is paid for */
byte retry_after;          /* SOON stands for none too */
byte pause;                /* how long the backoff is */
bit stands[TARGETS];
byte place;                /* the target that is being looked at */
byte due[TARGETS];         /* when a target can be sent to: a rank, 0 first, or TOO_LATE */

/* Within one step, computed and used at once, so spin need not store them; a search for the
 * shortest way cannot do without storing, and finds them forgotten instead. */
#ifdef SHORTEST
#define SCRATCH
#else
#define SCRATCH hidden
#endif
SCRATCH byte command;
SCRATCH byte others;        /* how many unasked targets stand by */
SCRATCH byte asked_count;
SCRATCH byte back;          /* the way back, or NOWHERE */
SCRATCH byte first_clear;   /* the target worth waiting for that clears first, or NOWHERE */
SCRATCH byte first_due;
SCRATCH byte wait;          /* how long a retry has to wait */
SCRATCH byte planned;       /* how long the wait is that was asked for */
#define UNPLANNED 3
SCRATCH byte planned_until; /* the same, or on an arrival the rank of the instant */
SCRATCH byte cut_short;     /* the attempt ends before the call's time: others stand by */
SCRATCH byte back_later;    /* the target left asked not to be asked again within the patience */
SCRATCH byte i;
SCRATCH byte was_state;
SCRATCH byte was_number;
SCRATCH byte was_waits;
SCRATCH byte was_here;
SCRATCH byte was_cause;
SCRATCH byte was_committed;
SCRATCH byte was_tool_call;
SCRATCH byte was_only_empty;
SCRATCH byte was_asked[TARGETS];
SCRATCH byte offered[TARGETS];

#define ARRIVAL (event == STARTED || event == ROTATED || event == SWITCHED || event == WAITED || event == REPAIRED)
#define FINAL (state == IN_SUCCEED || state == IN_FAIL_TERMINAL)
#define SENDING (state == IN_ATTEMPT || state == IN_STREAM || state == IN_CLASSIFY)
