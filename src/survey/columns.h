/* The columns of rows: a table for each kind of row, with a getter for each column, used both for
 * replies and for sorting. */
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

/* A group that sends dead letters to a stream. The names are counted references of the holder. */
struct source {
    struct str *key, *group;
};

struct row {
    const struct survey_stream *stream;
    const struct survey_group *group;       /* NULL: kinds without groups */
    const struct lists_record *list;        /* of COLUMNS_LISTS */
    const struct survey_schedule *schedule; /* of COLUMNS_SCHEDULES */
    const struct source *sources;           /* of COLUMNS_DEAD; in order of key and group */
    size_t sources_n, sources_left;         /* left: how many more the row does not list */
    struct columns_value value;             /* the sort key */
};

struct column {
    const char *name;
    struct columns_value (*get)(const struct row *x);   /* NULL: not sortable */
    void (*tell)(const struct row *x, struct reply *r); /* of unsortable columns */
};

struct columns {
    const struct column *all;
    unsigned n;
    bool groups; /* rows are identified by a group or schedule name as well */
};

const struct columns *columns_of(enum columns_kind kind);
/* Writes the row as a map. */
void columns_tell(const struct row *x, const struct columns *k, struct reply *r);

/* The number of a sortable column; false: none has that name. */
bool columns_find(enum columns_kind kind, struct bytes name, unsigned *out);
/* Whether rows of this kind are identified by a group or name as well. */
bool columns_have_group(enum columns_kind kind);
/* Parses a value as shown in replies, for AFTER. False: not valid. */
bool columns_parse_value(enum columns_kind kind, unsigned by, struct bytes text,
                         struct columns_value *out);

#endif
