/* Metrics: tables of a module's counters, next to the code that counts, and the set of all tables,
 * from which every view is generated (INFO, the Prometheus exposition, the survey). Each metric is
 * defined once: its row has the name for each view, so no view has a list of its own.
 *
 * Tables and their owners are borrowed and must outlive the set. Reading a table costs its gather()
 * and getters; nothing is maintained for it otherwise. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include "base/buf.h"

/* METRIC_TEXT: not a number; exposed to Prometheus as a label of the named info metric.
 * METRIC_HISTOGRAM: counts by size (METRIC_COUNTS), in columns only. */
enum metric_type {
    METRIC_COUNTER = 1,
    METRIC_GAUGE,
    METRIC_SUMMARY,
    METRIC_TEXT,
    METRIC_HISTOGRAM
};

/* The unit of the getter's value, which INFO shows. metric_scaled() converts it to seconds, bytes
 * and ratios, as Prometheus names promise. */
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
    /* Present for tools that expect it, but always 0. */
    METRIC_ALWAYS_ZERO = 1 << 0,
    /* The same with a constant other than 0. */
    METRIC_CONSTANT = 1 << 1,
    /* Derived from another row (a ratio, a rate, another unit): has no Prometheus name. */
    METRIC_DERIVED = 1 << 2,
    /* INFO has a second line, name_human, such as 1.50M. */
    METRIC_HUMAN = 1 << 3,
    /* INFO appends %. */
    METRIC_SIGN = 1 << 4,
    /* Its Prometheus name contains INFO's unit: metric_scaled() does not convert it. */
    METRIC_UNSCALED = 1 << 5,
};

/* A histogram. Everything is borrowed, and valid as long as its source. */
struct metric_counts {
    const uint64_t *by_class; /* base/histogram.h */
    double unit;              /* seconds per unit of the classes */
    double sum;               /* in seconds */
    const double *limits;     /* upper bounds for Prometheus in seconds, ascending */
    size_t n;                 /* at most METRIC_LIMITS_MOST */
};
#define METRIC_LIMITS_MOST 16

struct metric_value {
    enum {
        METRIC_ABSENT, /* unknown at present: omitted from all views */
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
        struct bytes s; /* valid as long as its source */
        const struct metric_counts *counts;
    };
};

struct metric {
    const char *info; /* the name in INFO */
    const char *name; /* the Prometheus name, with {labels}; redis_ as in redis_exporter, else
                       * millrace_; NULL: INFO only */
    const char *help;
    enum metric_type type;
    enum metric_unit unit;
    unsigned flags;
    /* from: the figures or the owner. NULL in columns of a family. */
    struct metric_value (*get)(const void *from);
};

/* A value in a line of a family. */
struct metric_cell {
    const struct metric *metric;
    struct bytes info;   /* the name in INFO's line; empty: the metric's */
    struct bytes second; /* the value of the family's second label, if it has one */
    struct metric_value value;
};

struct metric_sink {
    /* label: of this line. Label and cells are valid during the call. */
    void (*line)(void *to, struct bytes label, const struct metric_cell *cells, size_t n);
    void *to;
};

/* Metrics that exist for each command, database ...: a line each, in INFO prefix
 * label:info=value,info=value */
struct metric_family {
    const char *prefix; /* NULL: not in INFO */
    const char *label;  /* the label's name for Prometheus; NULL: a single line without a label */
    const char *second; /* the name of a second label, by which cells of one metric differ; or NULL
                         */
    const struct metric *columns;
    size_t n;
    void (*walk)(const void *owner, const struct metric_sink *sink);
};

/* Rows or a family. If there is gather(), rows are read from the `figures` bytes that it fills
 * (zeroed before), else from the owner. */
struct metric_table {
    const struct metric *rows;
    size_t n;
    size_t figures;
    void (*gather)(const void *owner, void *figures);
    const struct metric_family *family;
};

/* ---- Defining tables. The rows of a table are a .def file of lines
 *
 *      M(COUNTER, BYTES, 0, info_name, "prometheus_name", value, "Help.")
 *
 * included twice: once with M as METRIC_GETTER, which defines a function for each value (an
 * expression that uses the parameter `declared`), once as METRIC_ROW. */
#define METRIC_GETTER(declared, info, value)                                                       \
    static struct metric_value get_##info(const void *from_)                                       \
    {                                                                                              \
        __attribute__((unused)) declared = from_;                                                  \
        return METRIC_VALUE(value);                                                                \
    }
#define METRIC_ROW(type, unit, flags, info, name, value, help)                                     \
    {#info, name, help, METRIC_##type, METRIC_##unit, flags, get_##info},
#define METRIC_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Converts an integer of any width, text, bytes, or a value. Doubles need metric_real(), for the
 * decimals. */
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
/* A value that is absent unless the condition holds. */
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

/* ---- The set and its views */

struct metric_set;

struct metric_set *metric_set_new(void);
void metric_set_free(struct metric_set *set);
/* section: the name of INFO's section. owner: the argument of gather(), getters and walk(). */
void metric_add(struct metric_set *set, const char *section, const struct metric_table *table,
                const void *owner);
/* Makes the section print these names (of rows, or prefixes of families, separated by blanks) in
 * this order, from any tables; items named for no section follow in the section of their table, in
 * order of registration. To be called once per section, after the last metric_add() and before the
 * first view. Returns how many of the names exist. */
size_t metric_arrange(struct metric_set *set, const char *section, const char *names);
/* Appends the lines of a section of INFO. */
void metric_print_info(struct metric_set *set, const char *section, struct buf *out);

/* ---- Repeated reading of single metrics */

struct metric_place {
    size_t table;
    const struct metric *metric;
};
/* Finds a row by its name in INFO, or a column by its Prometheus name. False: not found. O(all
 * rows). */
bool metric_find(struct metric_set *set, const char *name, struct metric_place *out);
/* Begins a consistent reading: after it each table gathers once, for all its rows. */
void metric_begin(struct metric_set *set);
struct metric_value metric_read(struct metric_set *set, const struct metric_place *row);
/* Passes on the lines of the column's family, with all cells. */
void metric_read_lines(struct metric_set *set, const struct metric_place *column,
                       const struct metric_sink *sink);

/* Visits everything by table, in order of registration; rows with equal names are adjacent. A
 * family is visited by column, so that the lines of one name are contiguous. */
struct metric_visit {
    const struct metric *metric;
    struct metric_value value;            /* never absent */
    const char *label_name, *second_name; /* of a family's line, or NULL */
    struct bytes label, second;
};
void metric_walk(struct metric_set *set, void (*visit)(void *to, const struct metric_visit *v),
                 void *to);
/* The same for a single table, numbered from 0; false: no such table. */
bool metric_walk_table(struct metric_set *set, size_t table,
                       void (*visit)(void *to, const struct metric_visit *v), void *to);
/* Visits the definition of every metric: columns with their family, rows with NULL. */
void metric_each(const struct metric_set *set,
                 void (*visit)(void *to, const struct metric *m, const struct metric_family *f),
                 void *to);
/* The same for one section, in the order of INFO's lines. */
void metric_each_line(struct metric_set *set, const char *section,
                      void (*visit)(void *to, const struct metric *m,
                                    const struct metric_family *f),
                      void *to);
/* The value in seconds, bytes or as ratio, as Prometheus names promise. 0 for text and histograms.
 */
double metric_scaled(const struct metric *m, const struct metric_value *v);

#endif
