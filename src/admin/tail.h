/* GET .../tail: what is added to a stream, or published in a channel, as it happens: a line of JSON
 * each. The same limits for both:
 *
 *   {"id", "ms", "fields"} or {"ms", "channel", "message", "pattern"}
 *                    an event; one that is longer than 64 KiB says "tooLong" instead
 *   {"skipped": n}   so many were not told so far, because there were more than 50 a second, or the
 *                    reader takes nothing; "jumped": the stream was so fast that others were not
 *                    even looked at
 *   {"error": ...}   the last line: the session has ended, or the user may not any more
 *   {}               every 15 seconds without another line
 *
 * At most eight at once. Memory of one: 320 KiB, and for a channel what client-output-buffer-limit
 * lets wait. */
#ifndef ADMIN_TAIL_H
#define ADMIN_TAIL_H

#include "admin/exchange_state.h"

/* The programs. */
void tail_stream_step(struct exchange *x);
void tail_channel_step(struct exchange *x);

#endif
