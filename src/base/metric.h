/* Metrics: tables of what a module counts, each beside the code that counts it, and the set of all
 * tables, from which every view is printed (INFO; what scrapes and surveys). A number is said once:
 * its row has the name of each view, so no view has a list of its own.
 *
 * Tables and what they are read from are borrowed; they outlive the set. Reading a table costs what
 * its gather() and its getters cost: nothing is kept up to date for it. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include "base/buf.h"

/* METRIC_TEXT: what is no number; scrapes give it as a label of the info metric it names.
 * METRIC_HISTOGRAM: counts by size (METRIC_COUNTS), of columns only. */
enum metric_type {
    METRIC_COUNTER = 1,
    METRIC_GAUGE,
    METRIC_SUMMARY,
    METRIC_TEXT,
    METRIC_HISTOGRAM
};

/* Of the value as the getter gives it, which is INFO's. metric_scaled() makes seconds, bytes and
 * shares of it, as names for Prometheus promise. */
enum metric_unit {
    METRIC_NUMBER = 1, /* of things */
    METRIC_BYTES,
    METRIC_KIBIBYTES, /* a second */
    METRIC_SECONDS,
    METRIC_MILLISECONDS,
    METRIC_MICROSECONDS,
    METRIC_PERCENT,
    METRIC_RATIO,
    METRIC_FLAG,   /* 0 or 1 */
    METRIC_STATUS, /* a flag that INFO prints as "ok" or "err" */
    METRIC_WORDS,  /* of METRIC_TEXT */
};

enum {
    /* There for tools that expect it: this version never counts it. */
    METRIC_ALWAYS_ZERO = 1 << 0,
    /* The same, of what is not zero but never changes. */
    METRIC_CONSTANT = 1 << 1,
    /* Another row's number once more (a share, a rate, another unit): has no name for Prometheus.
     */
    METRIC_DERIVED = 1 << 2,
    /* INFO has a second line, name_human, as in 1.50M. */
    METRIC_HUMAN = 1 << 3,
    /* INFO writes % behind it. */
    METRIC_SIGN = 1 << 4,
    /* Its name for Prometheus has INFO's unit in it: metric_scaled() leaves it alone. */
    METRIC_UNSCALED = 1 << 5,
};

/* Of a histogram. Everything is borrowed, and valid as long as what it was read from. */
struct metric_counts {
    const uint64_t *by_class; /* base/histogram.h */
    double unit;              /* seconds of one */
    double sum;               /* seconds of all together */
    const double *limits;     /* of what scrapes get, in seconds, ascending */
    size_t n;                 /* at most METRIC_LIMITS_MOST */
};
#define METRIC_LIMITS_MOST 16

struct metric_value {
    enum {
        METRIC_ABSENT, /* not known now: no view has a line for it */
        METRIC_UNSIGNED,
        METRIC_SIGNED,
        METRIC_REAL,
        METRIC_STRING,
        METRIC_COUNTS
    } kind;
    int decimals; /* of METRIC_REAL, in INFO */
    union {
        uint64_t u;
        int64_t i;
        double d;
        struct bytes s; /* valid as long as what it was read from */
        const struct metric_counts *counts;
    };
};

struct metric {
    const char *info; /* its name in INFO */
    const char *name; /* for Prometheus, {labels} included; redis_ as redis_exporter names it, else
                       * millrace_; NULL: only INFO has it */
    const char *help;
    enum metric_type type;
    enum metric_unit unit;
    unsigned flags;
    /* from: what the table is read from. NULL in columns of a family. */
    struct metric_value (*get)(const void *from);
};

/* One number of one line of a family. */
struct metric_cell {
    const struct metric *metric;
    struct bytes info;   /* its name within INFO's line; empty: the metric's */
    struct bytes second; /* the value of the family's second label, if it has one */
    struct metric_value value;
};

struct metric_sink {
    /* label: of this line; valid during the call, as the cells are. */
    void (*line)(void *to, struct bytes label, const struct metric_cell *cells, size_t n);
    void *to;
};

/* Numbers that there are as many of as there are commands, databases ...: a line each, in INFO
 * prefix label:info=value,info=value */
struct metric_family {
    const char *prefix; /* NULL: INFO does not have it */
    const char *label;  /* the label's name for Prometheus; NULL: there is one line, without */
    const char *second; /* of a second label, by which cells of one metric differ; or NULL */
    const struct metric *columns;
    size_t n;
    void (*walk)(const void *owner, const struct metric_sink *sink);
};

/* Rows or a family. Rows read from what gather() has filled (`figures` bytes, zeroed before), when
 * there is one, else from the owner itself. */
struct metric_table {
    const struct metric *rows;
    size_t n;
    size_t figures;
    void (*gather)(const void *owner, void *figures);
    const struct metric_family *family;
};

/* ---- For those who write tables. The rows of one are a .def file of lines
 *
 *      M(COUNTER, BYTES, 0, info_name, "prometheus_name", value, "Help.")
 *
 * included twice: once with METRIC_GETTER for M, which makes a function of each value (an
 * expression over what the table is read from, `declared`), once with METRIC_ROW. */
#define METRIC_GETTER(declared, info, value)                                                       \
    static struct metric_value get_##info(const void *from_)                                       \
    {                                                                                              \
        __attribute__((unused)) declared = from_;                                                  \
        return METRIC_VALUE(value);                                                                \
    }
#define METRIC_ROW(type, unit, flags, info, name, value, help)                                     \
    {#info, name, help, METRIC_##type, METRIC_##unit, flags, get_##info},
#define METRIC_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Whatever an expression is: an integer of any width, text, bytes, or a value. A double says its
 * decimals: metric_real(). */
#define METRIC_VALUE(x)                                                                            \
    _Generic((x),                                                                                  \
        struct metric_value: metric_same,                                                          \
        struct bytes: metric_bytes,                                                                \
        char *: metric_text,                                                                       \
        const char *: metric_text,                                                                 \
        bool: metric_signed,                                                                       \
        int: metric_signed,                                                                        \
        long: metric_signed,                                                                       \
        long long: metric_signed,                                                                  \
        unsigned: metric_unsigned,                                                                 \
        unsigned long: metric_unsigned,                                                            \
        unsigned long long: metric_unsigned)(x)
/* A value that is there only under a condition. */
#define METRIC_IF(condition, x) ((condition) ? METRIC_VALUE(x) : (struct metric_value){0})

static inline struct metric_value metric_same(struct metric_value v)
{
    return v;
}

static inline struct metric_value metric_unsigned(uint64_t u)
{
    return (struct metric_value){.kind = METRIC_UNSIGNED, .u = u};
}

static inline struct metric_value metric_signed(int64_t i)
{
    return (struct metric_value){.kind = METRIC_SIGNED, .i = i};
}

static inline struct metric_value metric_real(double d, int decimals)
{
    return (struct metric_value){.kind = METRIC_REAL, .decimals = decimals, .d = d};
}

static inline struct metric_value metric_bytes(struct bytes s)
{
    return (struct metric_value){.kind = METRIC_STRING, .s = s};
}

static inline struct metric_value metric_of_counts(const struct metric_counts *c)
{
    return (struct metric_value){.kind = METRIC_COUNTS, .counts = c};
}

static inline struct metric_value metric_text(const char *text)
{
    return metric_bytes(bytes_text(text));
}

/* ---- For those who make the set and print views */

struct metric_set;

struct metric_set *metric_set_new(void);
void metric_set_free(struct metric_set *set);
/* section: the name of INFO's section. The owner is handed to gather(), getters and walk(). */
void metric_add(struct metric_set *set, const char *section, const struct metric_table *table,
                const void *owner);
/* The section prints these names (of rows; prefixes of families; blanks between them) in this
 * order, whichever tables they are in; what is named nowhere follows in its table's own section, in
 * the order of registration. After the last metric_add(), before the first view, once for each
 * section. Returns how many of the names there are. */
size_t metric_arrange(struct metric_set *set, const char *section, const char *names);
/* The lines of a section, as INFO has them. */
void metric_print_info(struct metric_set *set, const char *section, struct buf *out);

/* ---- For who reads a few numbers again and again */

struct metric_place {
    size_t table;
    const struct metric *metric;
};
/* The row of that name in INFO, or the column of that name for Prometheus. False: no table has it.
 * O(all rows). */
bool metric_find(struct metric_set *set, const char *name, struct metric_place *out);
/* What is read from now on is as it is now: a table that gathers does so once, for all its rows. */
void metric_begin(struct metric_set *set);
struct metric_value metric_read(struct metric_set *set, const struct metric_place *row);
/* The lines of the family that the column is of, with all its cells. */
void metric_read_lines(struct metric_set *set, const struct metric_place *column,
                       const struct metric_sink *sink);

/* Everything, table by table, in the order of registration; rows of equal name lie together. A
 * family comes column by column, so that what has one name comes in one piece. */
struct metric_visit {
    const struct metric *metric;
    struct metric_value value;            /* not absent */
    const char *label_name, *second_name; /* of a family's line, or NULL */
    struct bytes label, second;
};
void metric_walk(struct metric_set *set, void (*visit)(void *to, const struct metric_visit *v),
                 void *to);
/* One table of them, by its number from 0 on; false: there are fewer. */
bool metric_walk_table(struct metric_set *set, size_t table,
                       void (*visit)(void *to, const struct metric_visit *v), void *to);
/* Every metric there is, also those that have no value now: columns with their family, rows with
 * NULL. */
void metric_each(const struct metric_set *set,
                 void (*visit)(void *to, const struct metric *m, const struct metric_family *f),
                 void *to);
/* The same of one section, in the order of INFO's lines. */
void metric_each_line(struct metric_set *set, const char *section,
                      void (*visit)(void *to, const struct metric *m,
                                    const struct metric_family *f),
                      void *to);
/* The value in seconds, bytes, shares of 1: what a name for Prometheus promises. 0 for text and
 * histograms. */
double metric_scaled(const struct metric *m, const struct metric_value *v);

#endif
