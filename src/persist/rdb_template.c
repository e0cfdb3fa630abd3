#include "persist/rdb_template.h"

#include "base/assert.h"
#include "base/mem.h"
#include "persist/listpack.h"

/* Names collected while reading, then stored in one allocation. */
struct gathered {
    struct buf bytes;
    struct buf sizes; /* size_t each */
    size_t n, before; /* before: length of the last name */
};

/* Names ascend by length, then by bytes, so none occurs twice. */
static bool gather(struct rdb_source *r, struct gathered *g, struct bytes name)
{
    if (g->n) {
        struct bytes last =
            bytes_of(g->before ? g->bytes.p + g->bytes.n - g->before : "", g->before);
        if (name.n < last.n || (name.n == last.n && bytes_compare(name, last) <= 0))
            return rdb_source_fail(r, "Field names of a hash template out of order");
    }
    buf_add(&g->bytes, name);
    buf_add(&g->sizes, bytes_of(&name.n, sizeof(name.n)));
    g->before = name.n;
    g->n++;
    return true;
}

static struct rdb_template *lay_out(struct rdb_source *r, struct gathered *g, bool good)
{
    struct rdb_template *t = NULL;
    ASSERT(g->sizes.n == g->n * sizeof(size_t));
    if (good && g->n == 0)
        good = rdb_source_fail(r, "Hash template without fields");
    if (good) {
        t = mem_alloc(sizeof(*t) + g->n * sizeof(struct bytes) + g->bytes.n);
        t->n = g->n;
        char *at = (char *)(t->names + g->n);
        if (g->bytes.n)
            memcpy(at, g->bytes.p, g->bytes.n);
        for (size_t i = 0; i < g->n; i++) {
            size_t n;
            memcpy(&n, g->sizes.p + i * sizeof(n), sizeof(n));
            t->names[i] = bytes_of(at, n);
            at += n;
        }
        ASSERT(at == (char *)(t->names + g->n) + g->bytes.n);
    }
    buf_free(&g->bytes);
    buf_free(&g->sizes);
    return t;
}

static bool gather_strings(struct rdb_source *r, struct gathered *g)
{
    uint64_t n;
    struct bytes name;
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--)
        if (!rdb_source_string(r, &name) || !gather(r, g, name))
            return false;
    return true;
}

static bool gather_pack(struct rdb_source *r, struct gathered *g)
{
    struct listpack_reader p;
    struct bytes pack, name;
    char scratch[24];
    bool bad;
    if (!rdb_source_string(r, &pack))
        return false;
    if (!listpack_open(&p, pack))
        return rdb_source_fail(r, "Damaged hash template");
    while (listpack_next(&p, scratch, &name, &bad))
        if (!gather(r, g, name))
            return false;
    return !bad || rdb_source_fail(r, "Damaged hash template");
}

void rdb_template_free(struct rdb_template *t)
{
    mem_free(t);
}

void rdb_template_clear(struct rdb_templates *all)
{
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&all->by_id, &walk));)
        rdb_template_free(n->value);
    dict_clear(&all->by_id);
}

bool rdb_template_add(struct rdb_templates *all, struct rdb_source *r)
{
    uint64_t id;
    struct gathered g = {0};
    if (!rdb_source_length(r, &id))
        return false;
    if (rdb_template_find(all, id))
        return rdb_source_fail(r, "Hash template %llu stands twice", (unsigned long long)id);
    struct rdb_template *t = lay_out(r, &g, gather_strings(r, &g));
    if (t)
        dict_ensure(&all->by_id, bytes_of(&id, sizeof(id)))->value = t;
    return t != NULL;
}

const struct rdb_template *rdb_template_find(const struct rdb_templates *all, uint64_t id)
{
    return dict_get(&all->by_id, bytes_of(&id, sizeof(id)));
}

struct rdb_template *rdb_template_inline(struct rdb_source *r)
{
    uint64_t format;
    struct gathered g = {0};
    if (!rdb_source_length(r, &format))
        return NULL;
    if (format > 1) {
        rdb_source_fail(r, "Unknown form of a hash template");
        return NULL;
    }
    return lay_out(r, &g, format == 0 ? gather_pack(r, &g) : gather_strings(r, &g));
}
