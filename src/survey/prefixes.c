#include "survey/prefixes.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct bytes prefix_of(struct bytes key)
{
    const char *colon = key.n ? memchr(key.p, ':', key.n) : NULL;
    return bytes_of(key.p, colon ? (size_t)(colon - key.p) : 0);
}

static void count(struct prefixes_count *c, size_t bytes)
{
    c->keys++;
    c->bytes += bytes;
}

void prefixes_add(struct prefixes *p, struct bytes key, size_t bytes)
{
    struct bytes name = prefix_of(key);
    struct prefixes_count *c = dict_get(&p->by_name, name);
    count(&p->all, bytes);
    if (!c && p->by_name.used >= PREFIXES_MOST) {
        count(&p->others, bytes);
        return;
    }
    if (!c)
        dict_ensure(&p->by_name, name)->value = c = mem_zalloc(sizeof(*c));
    count(c, bytes);
}

void prefixes_clear(struct prefixes *p)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&p->by_name, &w));)
        mem_free(n->value);
    dict_clear(&p->by_name);
    *p = (struct prefixes){0};
}

static int by_bytes(const void *a, const void *b)
{
    const struct prefixes_row *x = a, *y = b;
    if (x->count.bytes != y->count.bytes)
        return x->count.bytes > y->count.bytes ? -1 : 1;
    return bytes_compare(x->name, y->name);
}

size_t prefixes_rows(const struct prefixes *p)
{
    return p->by_name.used + (p->others.keys > 0);
}

struct prefixes_row *prefixes_sorted(const struct prefixes *p, int db, size_t *n)
{
    struct prefixes_row *all = mem_alloc((p->by_name.used + 1) * sizeof(*all));
    struct dict_walk w = {0};
    *n = 0;
    for (struct dict_node *x; (x = dict_next(&p->by_name, &w));)
        all[(*n)++] =
            (struct prefixes_row){db, dict_key(x), false, *(const struct prefixes_count *)x->value};
    qsort(all, *n, sizeof(*all), by_bytes);
    if (p->others.keys)
        all[(*n)++] = (struct prefixes_row){db, BYTES("other"), true, p->others};
    return all;
}

size_t prefixes_memory(const struct prefixes *p)
{
    return dict_memory(&p->by_name) + p->by_name.used * sizeof(struct prefixes_count);
}
