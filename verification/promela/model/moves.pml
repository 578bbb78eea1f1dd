/* Each move told whole, where -DMOVES asks for it: what the call remembered, all that the world
 * decided, the row, what it asked for, and what the call remembers then; one byte a number, in
 * the order of worlds.py, into the file `moves`. Of many moves one in EVERY is told, drawn by a
 * small generator that begins the same each time.
 */

#ifdef MOVES
c_decl {
    static FILE *told;
    static unsigned char move[512];
    static int length, row_taken, telling;
    static unsigned long drawn = 1;
}

#define PUT(number) move[length++] = (unsigned char) (number);
#define PUT_CALL(waiting) \
    PUT(now.state) PUT(now.number) PUT(now.waits) PUT(now.tries) PUT(now.here) \
    PUT(now.went_back) PUT(now.committed) PUT(now.tool_call) PUT(now.cause) PUT(now.error) \
    PUT(now.passed_over) PUT(now.probe) PUT(waiting) PUT(now.only_empty) PUT(now.too_small) \
    PUT(now.stopped_by) \
    for (i = 0; i < TARGETS; i++) { \
        PUT(now.asked[i]) PUT(now.gone[i]) PUT(now.billed[i]) \
        PUT(now.returnable[i]) PUT(now.used[i]) PUT(now.repaired[i]) \
    }

/* For how long a failure took is the world's to say, and known at its diagnosis only. */
#define TELL_BEFORE c_code { \
    if (!told) told = fopen("moves", "wb"); \
    drawn = drawn * 1103515245UL + 12345UL; \
    telling = ((drawn >> 16) & 0xffff) % EVERY == 0; \
    if (telling) { \
        length = 0; \
        PUT_CALL(now.event == DIAGNOSED ? 0 : now.kept_waiting) \
        PUT(now.event) PUT(now.spent_time) PUT(now.taken) PUT(now.unused_key) PUT(now.probing) \
        PUT(now.delivered) PUT(now.complete) PUT(now.reason) PUT(now.same_ready) \
        PUT(now.other_ready) PUT(now.fresh_ready) PUT(now.cooling) PUT(now.remembered) \
        PUT(now.opens) PUT(now.unpaid) PUT(now.retry_after) PUT(now.pause) \
        PUT(now.event == DIAGNOSED ? now.kept_waiting : 0) \
        for (i = 0; i < TARGETS; i++) { PUT(now.stands[i]) PUT(now.due[i]) } \
        row_taken = 255; \
    } \
}
#define TOOK(row) c_code { row_taken = row; }
#define TELL_ROW c_code { \
    if (telling) { \
        PUT(row_taken) PUT(now.cause) PUT(planned_until) PUT(cut_short) PUT(back_later) \
    } \
}
#define TELL_AFTER c_code { \
    if (telling) { \
        PUT_CALL(now.kept_waiting) \
        fwrite(move, 1, length, told); \
    } \
}
#else
#define TELL_BEFORE skip
#define TOOK(row) skip
#define TELL_ROW skip
#define TELL_AFTER skip
#endif
