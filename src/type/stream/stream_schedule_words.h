/* A schedule as the arguments of XCRON SET after key and name, which is its form in effects,
 * snapshots and DUMP.
 *
 *   CRON expression TZ zone | EVERY ms, START ms, CATCHUP word, [UNTIL ms], [LIMIT n], FIELDS ...
 */
#ifndef TYPE_STREAM_STREAM_SCHEDULE_WORDS_H
#define TYPE_STREAM_STREAM_SCHEDULE_WORDS_H

#include "base/num.h"
#include "type/stream/stream_schedule.h"

#define STREAM_SCHEDULE_WORDS 13 /* plus those of the message */

struct stream_schedule_words {
    char numbers[4][NUM_INT_MAX];
};

struct bytes stream_schedule_words_catchup(enum stream_catchup c);
/* False: not such a word. */
bool stream_schedule_words_read_catchup(struct bytes word, enum stream_catchup *out);
/* Writes at most STREAM_SCHEDULE_WORDS + pairs_n words, which point into the rules and into w, and
 * returns how many. limit: the value of LIMIT; -1: none. */
int stream_schedule_words_print(const struct stream_schedule_rules *r, int64_t limit,
                                struct stream_schedule_words *w, struct bytes *words);
/* The rules described by such words, which they point into. False: not valid. */
bool stream_schedule_words_read(const struct bytes *words, int n, struct zone_table *zones,
                                struct stream_schedule_rules *out);

#endif
