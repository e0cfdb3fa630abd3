#include "base/metric.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

struct entry {
    const char *section;
    const struct metric_table *table;
    const void *owner;
    size_t at; /* of its figures, in set.scratch */
};

/* One line of INFO, or those of a family. */
struct item {
    const struct entry *entry;
    const struct metric *metric; /* NULL: the table's family */
    size_t rank;
};

struct section {
    const char *name;
    struct item *items;
    size_t n;
};

struct metric_set {
    struct entry *entries;
    size_t n, cap;
    struct section *sections;
    size_t section_n;
    char *scratch; /* where gather() writes: a part for each table */
    size_t scratch_n;
};

struct metric_set *metric_set_new(void)
{
    return mem_zalloc(sizeof(struct metric_set));
}

void metric_set_free(struct metric_set *set)
{
    for (size_t i = 0; i < set->section_n; i++)
        mem_free(set->sections[i].items);
    mem_free(set->sections);
    mem_free(set->entries);
    mem_free(set->scratch);
    mem_free(set);
}

void metric_add(struct metric_set *set, const char *section, const struct metric_table *table,
                const void *owner)
{
    ASSERT(!set->section_n); /* the sections point into entries */
    ASSERT((table->gather != NULL) == (table->figures > 0));
    ASSERT((table->family != NULL) != (table->rows != NULL));
    if (set->n == set->cap) {
        set->cap = set->cap ? 2 * set->cap : 16;
        set->entries = mem_realloc(set->entries, set->cap * sizeof(*set->entries));
    }
    set->entries[set->n++] = (struct entry){section, table, owner, set->scratch_n};
    set->scratch_n += (table->figures + 15) & ~(size_t)15;
    set->scratch = mem_realloc(set->scratch, set->scratch_n + 1);
}

/* What the rows of a table read from, as it is now. */
static const void *gathered(struct metric_set *set, const struct entry *e)
{
    const struct metric_table *t = e->table;
    if (!t->gather)
        return e->owner;
    memset(set->scratch + e->at, 0, t->figures);
    t->gather(e->owner, set->scratch + e->at);
    return set->scratch + e->at;
}

static const void *last_gathered(struct metric_set *set, const struct entry *e)
{
    return e->table->gather ? set->scratch + e->at : e->owner;
}

/* ---- INFO */

static const char *item_name(const struct item *x)
{
    return x->metric ? x->metric->info : x->entry->table->family->prefix;
}

static int by_rank(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static struct section *section_of(struct metric_set *set, const char *name)
{
    for (size_t i = 0; i < set->section_n; i++)
        if (strcmp(set->sections[i].name, name) == 0)
            return &set->sections[i];
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->entries[i].section, name) == 0)
            n += set->entries[i].table->family ? 1 : set->entries[i].table->n;
    set->sections = mem_realloc(set->sections, (set->section_n + 1) * sizeof(*set->sections));
    struct section *s = &set->sections[set->section_n++];
    *s = (struct section){name, mem_alloc((n + 1) * sizeof(struct item)), 0};
    for (size_t i = 0; i < set->n; i++) {
        const struct entry *e = &set->entries[i];
        if (strcmp(e->section, name) != 0)
            continue;
        if (e->table->family)
            s->items[s->n++] = (struct item){e, NULL, 0};
        for (size_t k = 0; k < e->table->n; k++)
            s->items[s->n++] = (struct item){e, &e->table->rows[k], 0};
    }
    ASSERT(s->n == n);
    return s;
}

size_t metric_arrange(struct metric_set *set, const char *section, const char *names)
{
    struct section *s = section_of(set, section);
    size_t found = 0, named = strlen(names);
    for (size_t i = 0; i < s->n; i++)
        s->items[i].rank = named + i;
    for (const char *p = names; *p;) {
        size_t n = strcspn(p, " ");
        for (size_t i = 0; i < s->n; i++) {
            const char *name = item_name(&s->items[i]);
            if (strlen(name) != n || memcmp(name, p, n) != 0)
                continue;
            s->items[i].rank = (size_t)(p - names);
            found++;
        }
        p += n + (p[n] == ' ');
    }
    qsort(s->items, s->n, sizeof(*s->items), by_rank);
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

void metric_print_info(struct metric_set *set, const char *section, struct buf *out)
{
    const struct section *s = section_of(set, section);
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->entries[i].section, section) == 0)
            gathered(set, &set->entries[i]);
    for (size_t i = 0; i < s->n; i++) {
        const struct entry *e = s->items[i].entry;
        struct lines l = {e->table->family, out};
        struct metric_sink sink = {print_line, &l};
        if (s->items[i].metric)
            print_row(s->items[i].metric, last_gathered(set, e), out);
        else
            e->table->family->walk(e->owner, &sink);
    }
}

/* ---- All of them */

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

void metric_walk(struct metric_set *set, void (*visit)(void *to, const struct metric_visit *v),
                 void *to)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct metric_table *t = set->entries[i].table;
        const struct metric_family *f = t->family;
        const void *from = gathered(set, &set->entries[i]);
        for (size_t k = 0; k < t->n; k++) {
            struct metric_visit v = {.metric = &t->rows[k], .value = t->rows[k].get(from)};
            if (v.value.kind != METRIC_ABSENT)
                visit(to, &v);
        }
        for (size_t k = 0; f && k < f->n; k++) {
            struct column c = {f, &f->columns[k], visit, to};
            struct metric_sink sink = {visit_cells, &c};
            f->walk(set->entries[i].owner, &sink);
        }
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
    switch (v->kind) {
    case METRIC_UNSIGNED:
        return (double)v->u * scale(m->unit);
    case METRIC_SIGNED:
        return (double)v->i * scale(m->unit);
    case METRIC_REAL:
        return v->d * scale(m->unit);
    default:
        return 0;
    }
}
