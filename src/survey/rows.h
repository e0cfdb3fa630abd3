/* What SURVEY lists, a page at a time: which rows fit, in which order, and each as a map. A page is
 * one pass over the survey's records, which keeps the COUNT rows that come next behind a place; so
 * a page deep inside costs what the first one costs. */
#ifndef SURVEY_ROWS_H
#define SURVEY_ROWS_H

#include "acl/check.h"
#include "proto/reply.h"
#include "survey/survey.h"

enum rows_kind { ROWS_STREAMS, ROWS_GROUPS, ROWS_DEAD };

struct rows_value {
    enum { ROWS_INT, ROWS_REAL, ROWS_ID, ROWS_BYTES } kind;
    union {
        long long i;
        double d;
        struct stream_id id;
        struct bytes b; /* borrowed */
    };
};

/* A place in the order, or a row's: rows come by value, then database, key, group. */
struct rows_place {
    struct rows_value value;
    long long db;
    struct bytes key, group; /* group: empty where rows have none */
};

struct rows_query {
    enum rows_kind kind;
    const struct user *user;        /* whose rows: of keys that he may read; NULL: all */
    int db;                         /* -1: all */
    const struct bytes *match;      /* of keys; NULL: all */
    unsigned by;                    /* rows_find_column() */
    bool descending;                /* by value; what is equal is ascending in any case */
    const struct rows_place *after; /* NULL: from the first on */
    size_t count;                   /* at least 1 */
};

/* The number of a column that rows can be ordered by; false: there is none of that name. */
bool rows_find_column(enum rows_kind kind, struct bytes name, unsigned *out);
/* Whether rows of this kind are told apart by a group as well. */
bool rows_have_group(enum rows_kind kind);
/* The text of a value of the column, as a reply has it. False: it is none. */
bool rows_parse_value(enum rows_kind kind, unsigned by, struct bytes text, struct rows_value *out);
/* Whether a user may know what the survey knows of a key; NULL: he may know all. */
bool rows_may_read(const struct user *u, struct bytes key);
/* An array: the survey's number, how many rows fit, the page. O(rows * log COUNT). */
void rows_reply(const struct survey *sv, const struct rows_query *q, struct reply *r);

#endif
