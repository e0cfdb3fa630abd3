/* Whose numbers have a history (rings.h), within console-history: the server's first; then
 * streams and groups whose history somebody has opened in the last day, then those with most
 * traffic. Who has least is given up for one that has much more, a few each pass, so that they do
 * not come and go. */
#ifndef SURVEY_KEEP_H
#define SURVEY_KEEP_H

#include "survey/rings.h"

struct survey;

#define KEEP_WISHES    16
#define KEEP_OPENED_MS 86400000 /* for so long after it was opened a history stays */

struct keep_subject {
    struct rings history;
    uint32_t record; /* of the stream, or of the group */
    bool is_group;
    int64_t opened_ms; /* by the steady clock; 0: never */
    double traffic;    /* messages a second, over some passes */
};

/* One without a history. */
struct keep_wish {
    uint32_t record;
    bool is_group;
    double traffic;
};

/* Zeroed: nothing is kept. */
struct keep {
    struct rings server; /* of 0 numbers: there is none */
    struct keep_subject **all;
    size_t n, cap, bytes;
    struct keep_wish wishes[KEEP_WISHES]; /* of this pass, the busiest first */
    unsigned wish_n;
};

/* Numbers of streams and of groups, in the order of their histories. NULL behind the last. */
extern const char *const keep_stream_numbers[], *const keep_group_numbers[];
/* Those of the server, in the order of its history: a number's name as SURVEY SERVER has it, with
 * or without its unit ("-rate", "-ms", "-us", "-bytes"). Negative: there is none of that name. */
int keep_find_server_number(const char *p, size_t n);
/* Likewise, of a list above. */
int keep_find_number(const char *const *list, const char *p, size_t n);

/* Vitals, a stream, a group were read. */
void keep_server(struct survey *sv);
void keep_stream(struct survey *sv, uint32_t record);
void keep_group(struct survey *sv, uint32_t record);
/* A pass has ended: who has most traffic gets a history. */
void keep_end_pass(struct survey *sv);
/* The record goes, with this history. */
void keep_drop(struct survey *sv, uint32_t kept);
/* Somebody looks at the history of a stream or group: it gets one. NULL: there is no room at all.
 */
const struct rings *keep_open(struct survey *sv, uint32_t record, bool is_group);
void keep_forget(struct survey *sv);
size_t keep_memory(const struct keep *k);

#endif
