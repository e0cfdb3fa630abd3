/* A schedule as the arguments of XCRON SET behind key and name. Effects, snapshots and DUMP hold it
 * so.
 *
 *   CRON expression TZ zone | EVERY ms, START ms, CATCHUP word, [UNTIL ms], [LIMIT n], FIELDS ...
 */
#ifndef TYPE_STREAM_STREAM_SCHEDULE_WORDS_H
#define TYPE_STREAM_STREAM_SCHEDULE_WORDS_H

#include "base/num.h"
#include "type/stream/stream_schedule.h"

#define STREAM_SCHEDULE_WORDS 13 /* and those of the message */

struct stream_schedule_words {
    char numbers[4][NUM_INT_MAX];
};

struct bytes stream_schedule_words_catchup(enum stream_catchup c);
/* False: no such word. */
bool stream_schedule_words_read_catchup(struct bytes word, enum stream_catchup *out);
/* STREAM_SCHEDULE_WORDS and pairs_n at most into `words`, which point into the rules and into w;
 * returns how many. limit: what LIMIT says; -1: nothing. */
int stream_schedule_words_print(const struct stream_schedule_rules *r, int64_t limit,
                                struct stream_schedule_words *w, struct bytes *words);
/* The rules that such words tell, which they point into. False: they are no such words. */
bool stream_schedule_words_read(const struct bytes *words, int n, struct zone_table *zones,
                                struct stream_schedule_rules *out);

#endif
