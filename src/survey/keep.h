/* Which records have a history (rings.h), within console-history: the server first; then streams
 * and groups whose history was opened in the last day, then those with most traffic. A history is
 * replaced only by one with much more traffic, and only a few a pass, so that they do not flap. */
#ifndef SURVEY_KEEP_H
#define SURVEY_KEEP_H

#include "survey/rings.h"

struct survey;

#define KEEP_WISHES    16
#define KEEP_OPENED_MS 86400000 /* how long an opened history stays */

struct keep_subject {
    struct rings history;
    uint32_t record; /* of the stream or group */
    bool is_group;
    int64_t opened_ms; /* by the steady clock; 0: never */
    double traffic;    /* messages a second, smoothed over some passes */
};

/* A candidate: a record without a history. */
struct keep_wish {
    uint32_t record;
    bool is_group;
    double traffic;
};

/* Zeroed: no histories. */
struct keep {
    struct rings server; /* of 0 numbers: there is none */
    struct keep_subject **all;
    size_t n, cap, bytes;
    struct keep_wish wishes[KEEP_WISHES]; /* of this pass, busiest first */
    unsigned wish_n;
};

/* The names of the numbers of streams and groups, in the order of their histories, ending with
 * NULL. */
extern const char *const keep_stream_numbers[], *const keep_group_numbers[];
/* The index of a number in the server's history, by its name in SURVEY SERVER, with or without the
 * unit ("-rate", "-ms", "-us", "-bytes"). Negative: unknown. */
int keep_find_server_number(const char *p, size_t n);
/* The same for one of the lists above. */
int keep_find_number(const char *const *list, const char *p, size_t n);

/* Called when vitals, a stream, or a group were read. */
void keep_server(struct survey *sv);
void keep_stream(struct survey *sv, uint32_t record);
void keep_group(struct survey *sv, uint32_t record);
/* Called at the end of a pass: gives histories to those with most traffic. */
void keep_end_pass(struct survey *sv);
/* Called when a record is freed, with the index of its history. */
void keep_drop(struct survey *sv, uint32_t kept);
/* A query of a stream's or group's history, which is made if it has none. NULL: there is no space
 * at all. */
const struct rings *keep_open(struct survey *sv, uint32_t record, bool is_group);
void keep_forget(struct survey *sv);
size_t keep_memory(const struct keep *k);

#endif
