/* What rows have: a table of columns for each kind, with a getter each. What a reply tells and what
 * rows are ordered by comes from the same table. */
#ifndef SURVEY_COLUMNS_H
#define SURVEY_COLUMNS_H

#include "proto/reply.h"
#include "survey/survey.h"

struct lists_record;

enum columns_kind {
    COLUMNS_STREAMS,
    COLUMNS_GROUPS,
    COLUMNS_DEAD,
    COLUMNS_LISTS,
    COLUMNS_SCHEDULES
};

struct columns_value {
    enum { COLUMNS_INT, COLUMNS_REAL, COLUMNS_ID, COLUMNS_BYTES } kind;
    union {
        long long i;
        double d;
        struct stream_id id;
        struct bytes b; /* borrowed */
    };
};

/* Which groups send their dead letters to which stream. Only groups whose streams the user may read
 * are among them. Sorted by the record of the dead-letter stream, then by key and group. */
struct sources {
    struct source {
        uint32_t letters; /* record of the stream that has them */
        const struct survey_stream *stream;
        const struct survey_group *group;
    } * items;
    size_t n;
};

struct row {
    const struct survey *survey;
    const struct survey_stream *stream;
    const struct survey_group *group;       /* NULL: of kinds without groups */
    const struct lists_record *list;        /* of COLUMNS_LISTS */
    const struct survey_schedule *schedule; /* of COLUMNS_SCHEDULES */
    uint32_t number;                        /* of the stream's record */
    const struct sources *sources;          /* of COLUMNS_DEAD */
    struct columns_value value;             /* what it is ordered by */
};

struct column {
    const char *name;
    struct columns_value (*get)(const struct row *x);   /* NULL: rows are not ordered by it */
    void (*tell)(const struct row *x, struct reply *r); /* of such a one */
};

struct columns {
    const struct column *all;
    unsigned n;
    bool groups; /* rows are told apart by a group, or a schedule's name, as well */
};

const struct columns *columns_of(enum columns_kind kind);
/* The row as a map. */
void columns_tell(const struct row *x, const struct columns *k, struct reply *r);
/* In the order of records, then by key and name: as sources have to be. */
int columns_compare_sources(const void *a, const void *b);

/* The number of a column that rows can be ordered by; false: there is none of that name. */
bool columns_find(enum columns_kind kind, struct bytes name, unsigned *out);
/* Whether rows of this kind are told apart by a group, or a name, as well. */
bool columns_have_group(enum columns_kind kind);
/* Parses a value of the column as replies show it, for AFTER. False: it is no such value. */
bool columns_parse_value(enum columns_kind kind, unsigned by, struct bytes text,
                         struct columns_value *out);

#endif
