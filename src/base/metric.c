/* The set of all metric tables, and its views.
 *
 *      metric_add()       registers tables, each with its owner and a section of INFO
 *      metric_arrange()   gives names of INFO their places, whichever table they are in
 *      first view         seals the set: items (a row, or a family as a whole) are sorted by
 *                         section and place; no table may be added any more
 *
 * INFO prints the items of one section. Their rows alternate between tables, so every table of the
 * section is gathered once, before the first line. The walk needs no places: it visits tables in
 * order of registration, and a family by column, since all lines of a Prometheus name must be
 * contiguous.
 *
 * Nothing can fail except by a bug (a table that is neither rows nor a family, or registered late),
 * which is asserted. An unknown value is absent, and has no line. The figures that gather() fills
 * are in memory of the set, so getters may return text inside them: it is valid until the table is
 * gathered again. */
#include "base/metric.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

struct entry {
    const char *section;
    const struct metric_table *table;
    const void *owner;
    size_t at;       /* offset of its figures in set.scratch */
    uint64_t serial; /* set.serial when it was last gathered */
};

/* A line of INFO, or the lines of a family. */
struct item {
    struct entry *entry;
    const struct metric *metric; /* NULL: the table's family */
    const char *section;
    size_t place;
};

struct metric_set {
    struct entry *entries;
    size_t n, cap;
    struct item *items; /* sorted by section and place; NULL: not sealed yet */
    size_t item_n;
    char *scratch;
    size_t scratch_n;
    uint64_t serial; /* number of views so far */
    bool sealed;
};

struct metric_set *metric_set_new(void)
{
    return mem_zalloc(sizeof(struct metric_set));
}

void metric_set_free(struct metric_set *set)
{
    mem_free(set->items);
    mem_free(set->entries);
    mem_free(set->scratch);
    mem_free(set);
}

void metric_add(struct metric_set *set, const char *section, const struct metric_table *table,
                const void *owner)
{
    ASSERT(!set->items); /* items point into entries */
    ASSERT((table->gather != NULL) == (table->figures > 0));
    ASSERT((table->family != NULL) != (table->rows != NULL));
    if (set->n == set->cap) {
        set->cap = set->cap ? 2 * set->cap : 16;
        set->entries = mem_realloc(set->entries, set->cap * sizeof(*set->entries));
    }
    set->entries[set->n++] = (struct entry){section, table, owner, set->scratch_n, 0};
    set->scratch_n += (table->figures + 15) & ~(size_t)15;
    set->item_n += table->family ? 1 : table->n;
}

/* The source of a table's rows, gathered at most once per view. */
static const void *gathered(struct metric_set *set, struct entry *e)
{
    const struct metric_table *t = e->table;
    char *figures = set->scratch + e->at;
    if (!t->gather)
        return e->owner;
    if (e->serial != set->serial) {
        memset(figures, 0, t->figures);
        t->gather(e->owner, figures);
        e->serial = set->serial;
    }
    return figures;
}

/* ---- INFO */

static const char *item_name(const struct item *x)
{
    const char *name = x->metric ? x->metric->info : x->entry->table->family->prefix;
    return name ? name : "";
}

static int by_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = strcmp(x->section, y->section);
    return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

/* Makes all items, with places after those from metric_arrange(). */
static void make_items(struct metric_set *set)
{
    size_t n = 0;
    if (set->items)
        return;
    set->items = mem_alloc((set->item_n + 1) * sizeof(*set->items));
    for (struct entry *e = set->entries; e < set->entries + set->n; e++) {
        size_t many = e->table->family ? 1 : e->table->n;
        for (size_t k = 0; k < many; k++, n++)
            set->items[n] = (struct item){e, e->table->family ? NULL : &e->table->rows[k],
                                          e->section, SIZE_MAX / 2 + n};
    }
    ASSERT(n == set->item_n);
}

static void seal(struct metric_set *set)
{
    if (set->sealed)
        return;
    make_items(set);
    qsort(set->items, set->item_n, sizeof(*set->items), by_place);
    set->scratch = mem_alloc(set->scratch_n + 1);
    set->sealed = true;
}

size_t metric_arrange(struct metric_set *set, const char *section, const char *names)
{
    size_t found = 0;
    ASSERT(!set->sealed);
    make_items(set);
    for (const char *p = names; *p;) {
        size_t n = strcspn(p, " ");
        for (struct item *x = set->items; x < set->items + set->item_n; x++) {
            const char *name = item_name(x);
            if (!*name || strncmp(name, p, n) != 0 || name[n] != '\0')
                continue;
            ASSERT(x->place >= SIZE_MAX / 2); /* not placed twice */
            x->section = section;
            x->place = (size_t)(p - names);
            found++;
        }
        p += n + (p[n] == ' ');
    }
    return found;
}

static void print_human(struct buf *out, uint64_t bytes)
{
    static const char units[] = "BKMGTP";
    double v = (double)bytes;
    int u = 0;
    for (; v >= 1024 && u < 5; u++)
        v /= 1024;
    if (u == 0)
        buf_printf(out, "%lluB", (unsigned long long)bytes);
    else
        buf_printf(out, "%.2f%c", v, units[u]);
}

static void print_value(const struct metric *m, const struct metric_value *v, struct buf *out)
{
    switch (v->kind) {
    case METRIC_UNSIGNED:
        buf_printf(out, "%llu", (unsigned long long)v->u);
        break;
    case METRIC_SIGNED:
        if (m->unit == METRIC_STATUS)
            buf_add_text(out, v->i ? "ok" : "err");
        else
            buf_add_int(out, v->i);
        break;
    case METRIC_REAL:
        buf_printf(out, "%.*f", v->decimals, v->d);
        break;
    case METRIC_STRING:
        buf_add(out, v->s);
        break;
    case METRIC_COUNTS:
    case METRIC_ABSENT:
        break;
    }
    if (m->flags & METRIC_SIGN)
        buf_add_char(out, '%');
}

static void print_row(const struct metric *m, const void *from, struct buf *out)
{
    struct metric_value v = m->get(from);
    if (v.kind == METRIC_ABSENT)
        return;
    buf_add_text(out, m->info);
    buf_add_char(out, ':');
    print_value(m, &v, out);
    buf_add_text(out, "\r\n");
    if (!(m->flags & METRIC_HUMAN))
        return;
    buf_printf(out, "%s_human:", m->info);
    print_human(out, v.u);
    buf_add_text(out, "\r\n");
}

struct lines {
    const struct metric_family *family;
    struct buf *out;
};

static void print_line(void *to, struct bytes label, const struct metric_cell *cells, size_t n)
{
    struct lines *l = to;
    buf_add_text(l->out, l->family->prefix);
    buf_add(l->out, label);
    for (size_t i = 0; i < n; i++) {
        buf_add_char(l->out, i ? ',' : ':');
        buf_add(l->out, cells[i].info.n ? cells[i].info : bytes_text(cells[i].metric->info));
        buf_add_char(l->out, '=');
        print_value(cells[i].metric, &cells[i].value, l->out);
    }
    buf_add_text(l->out, "\r\n");
}

static int is_in(const void *section, const void *item)
{
    return strcmp(section, ((const struct item *)item)->section);
}

/* The first of a section's adjacent items; *end is after the last. */
static struct item *items_of(struct metric_set *set, const char *section, struct item **end)
{
    seal(set);
    struct item *all = set->items + set->item_n;
    struct item *x = bsearch(section, set->items, set->item_n, sizeof(*set->items), is_in);
    *end = x = x ? x : all;
    while (x > set->items && strcmp(x[-1].section, section) == 0)
        x--;
    while (*end < all && strcmp((*end)->section, section) == 0)
        (*end)++;
    return x;
}

void metric_print_info(struct metric_set *set, const char *section, struct buf *out)
{
    struct item *end, *x = items_of(set, section, &end);
    set->serial++;
    for (; x < end; x++) {
        struct lines l = {x->entry->table->family, out};
        struct metric_sink sink = {print_line, &l};
        if (x->metric)
            print_row(x->metric, gathered(set, x->entry), out);
        else if (l.family->prefix)
            l.family->walk(x->entry->owner, &sink);
    }
}

/* ---- Walks */

struct column {
    const struct metric_family *family;
    const struct metric *metric;
    void (*visit)(void *to, const struct metric_visit *v);
    void *to;
};

static void visit_cells(void *to, struct bytes label, const struct metric_cell *cells, size_t n)
{
    const struct column *c = to;
    for (size_t i = 0; i < n; i++) {
        if (cells[i].metric != c->metric || cells[i].value.kind == METRIC_ABSENT)
            continue;
        struct metric_visit v = {c->metric,         cells[i].value, c->family->label,
                                 c->family->second, label,          cells[i].second};
        c->visit(c->to, &v);
    }
}

void metric_begin(struct metric_set *set)
{
    seal(set);
    set->serial++;
}

static void walk_table(struct metric_set *set, struct entry *e,
                       void (*visit)(void *to, const struct metric_visit *v), void *to)
{
    const struct metric_table *t = e->table;
    const struct metric_family *f = t->family;
    const void *from = gathered(set, e);
    for (size_t k = 0; k < t->n; k++) {
        struct metric_visit v = {.metric = &t->rows[k], .value = t->rows[k].get(from)};
        if (v.value.kind != METRIC_ABSENT)
            visit(to, &v);
    }
    for (size_t k = 0; f && k < f->n; k++) {
        struct column c = {f, &f->columns[k], visit, to};
        struct metric_sink sink = {visit_cells, &c};
        f->walk(e->owner, &sink);
    }
}

void metric_walk(struct metric_set *set, void (*visit)(void *to, const struct metric_visit *v),
                 void *to)
{
    metric_begin(set);
    for (size_t i = 0; i < set->n; i++)
        walk_table(set, &set->entries[i], visit, to);
}

bool metric_walk_table(struct metric_set *set, size_t table,
                       void (*visit)(void *to, const struct metric_visit *v), void *to)
{
    if (table >= set->n)
        return false;
    metric_begin(set);
    walk_table(set, &set->entries[table], visit, to);
    return true;
}

/* ---- Single metrics */

static bool is_named(const char *name, const char *wanted)
{
    return name && strcmp(name, wanted) == 0;
}

bool metric_find(struct metric_set *set, const char *name, struct metric_place *out)
{
    for (out->table = 0; out->table < set->n; out->table++) {
        const struct metric_table *t = set->entries[out->table].table;
        for (size_t k = 0; k < t->n; k++) {
            out->metric = &t->rows[k];
            if (is_named(t->rows[k].info, name))
                return true;
        }
        for (size_t k = 0; t->family && k < t->family->n; k++) {
            out->metric = &t->family->columns[k];
            if (is_named(out->metric->name, name))
                return true;
        }
    }
    return false;
}

struct metric_value metric_read(struct metric_set *set, const struct metric_place *row)
{
    ASSERT(row->metric->get && row->table < set->n);
    return row->metric->get(gathered(set, &set->entries[row->table]));
}

void metric_read_lines(struct metric_set *set, const struct metric_place *column,
                       const struct metric_sink *sink)
{
    const struct entry *e = &set->entries[column->table];
    ASSERT(e->table->family);
    e->table->family->walk(e->owner, sink);
}

void metric_each(const struct metric_set *set,
                 void (*visit)(void *to, const struct metric *m, const struct metric_family *f),
                 void *to)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct metric_table *t = set->entries[i].table;
        for (size_t k = 0; k < t->n; k++)
            visit(to, &t->rows[k], NULL);
        for (size_t k = 0; t->family && k < t->family->n; k++)
            visit(to, &t->family->columns[k], t->family);
    }
}

void metric_each_line(struct metric_set *set, const char *section,
                      void (*visit)(void *to, const struct metric *m,
                                    const struct metric_family *f),
                      void *to)
{
    struct item *end, *x = items_of(set, section, &end);
    for (; x < end; x++) {
        const struct metric_family *f = x->entry->table->family;
        if (x->metric)
            visit(to, x->metric, NULL);
        for (size_t k = 0; f && k < f->n; k++)
            visit(to, &f->columns[k], f);
    }
}

static double scale(enum metric_unit unit)
{
    switch (unit) {
    case METRIC_KIBIBYTES:
        return 1024;
    case METRIC_MILLISECONDS:
        return 1e-3;
    case METRIC_MICROSECONDS:
        return 1e-6;
    case METRIC_PERCENT:
        return 1e-2;
    default:
        return 1;
    }
}

double metric_scaled(const struct metric *m, const struct metric_value *v)
{
    double by = m->flags & METRIC_UNSCALED ? 1 : scale(m->unit);
    switch (v->kind) {
    case METRIC_UNSIGNED:
        return (double)v->u * by;
    case METRIC_SIGNED:
        return (double)v->i * by;
    case METRIC_REAL:
        return v->d * by;
    default:
        return 0;
    }
}
