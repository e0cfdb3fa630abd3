#include "survey/walk.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "type/value.h"

#include <string.h>

#define LOOKED_MS     90000
#define SWEPT_AT_ONCE 64
#define SAMPLES       5 /* of a value, as in MEMORY USAGE */

void walk_init(struct walk *w, const struct engine *e)
{
    *w = (struct walk){0};
    lists_init(&w->lists);
    w->known = mem_zalloc((size_t)e->store->count * sizeof(*w->known));
    w->counting = mem_zalloc((size_t)e->store->count * sizeof(*w->counting));
    w->known_lists = mem_zalloc((size_t)e->store->count * sizeof(*w->known_lists));
    w->counted_lists = mem_zalloc((size_t)e->store->count * sizeof(*w->counted_lists));
}

static void clear(struct prefixes *all, const struct engine *e)
{
    for (int i = 0; i < e->store->count; i++)
        prefixes_clear(&all[i]);
}

void walk_forget(struct walk *w, const struct engine *e)
{
    lists_forget(&w->lists);
    clear(w->known, e);
    clear(w->counting, e);
    memset(w->known_lists, 0, (size_t)e->store->count * sizeof(*w->known_lists));
    w->phase = WALK_RESTS;
    w->number = 0;
    w->looked_ms = w->began_ms = 0;
}

void walk_free(struct walk *w, const struct engine *e)
{
    walk_forget(w, e);
    mem_free(w->known);
    mem_free(w->counting);
    mem_free(w->known_lists);
    mem_free(w->counted_lists);
}

void walk_look(struct walk *w, const struct engine *e)
{
    w->looked_ms = e->steady_ms;
}

bool walk_has_work(const struct walk *w, const struct engine *e)
{
    if (w->phase != WALK_RESTS)
        return true;
    return w->looked_ms && e->steady_ms - w->looked_ms < LOOKED_MS &&
           (!w->began_ms || e->steady_ms - w->began_ms >= WALK_EVERY_MS);
}

static void begin(struct walk *w, const struct engine *e)
{
    w->pass++;
    w->phase = WALK_AWAITED;
    w->db = 0;
    w->cursor = 0;
    w->began_ms = e->steady_ms;
    w->lists.wait = (struct dict_walk){0};
    clear(w->counting, e);
    memset(w->counted_lists, 0, (size_t)e->store->count * sizeof(*w->counted_lists));
}

struct visit {
    struct walk *walk;
    const struct engine *engine;
    const struct db *db;
};

/* A scan shows a key twice when its bucket is split meanwhile. It is then counted twice: these
 * numbers are estimates anyway. */
static void visit(void *context, struct entry *entry)
{
    const struct visit *v = context;
    if (db_is_due(v->engine->store, entry))
        return;
    size_t bytes = value_memory(entry, SAMPLES);
    prefixes_add(&v->walk->counting[v->db->id], entry_key(entry), bytes);
    if (value_type(entry) != TYPE_LIST)
        return;
    v->walk->counted_lists[v->db->id]++;
    lists_take(&v->walk->lists, v->engine, v->db, entry, bytes, v->walk->pass);
}

static void visit_some(struct walk *w, const struct engine *e)
{
    const struct store *s = e->store;
    if (w->db == s->count) {
        w->swept = 0;
        w->phase = WALK_SWEEPS;
        return;
    }
    struct db *db = &s->dbs[w->db];
    struct visit v = {w, e, db};
    w->cursor = table_scan(&db->keys, w->cursor, visit, &v);
    if (!w->cursor)
        w->db++;
}

static void end(struct walk *w, const struct engine *e)
{
    struct prefixes *former = w->known;
    uint64_t *lists = w->known_lists;
    w->known = w->counting;
    w->counting = former;
    w->known_lists = w->counted_lists;
    w->counted_lists = lists;
    lists_choose(&w->lists, (uint64_t)e->settings->metrics_groups);
    clear(w->counting, e);
    w->number = w->pass;
    w->ended_ms = e->steady_ms;
    w->phase = WALK_RESTS;
}

void walk_step(struct walk *w, struct engine *e)
{
    switch (w->phase) {
    case WALK_RESTS:
        begin(w, e);
        break;
    case WALK_AWAITED:
        if (!lists_take_awaited(&w->lists, e, w->pass))
            w->phase = WALK_KEYS;
        break;
    case WALK_KEYS:
        visit_some(w, e);
        break;
    case WALK_SWEEPS:
        for (int i = 0; i < SWEPT_AT_ONCE && w->swept < w->lists.records.n; i++)
            lists_sweep(&w->lists, ++w->swept, w->pass);
        if (w->swept == w->lists.records.n)
            end(w, e);
        break;
    }
}

size_t walk_memory(const struct walk *w, const struct engine *e)
{
    size_t bytes = lists_memory(&w->lists);
    for (int i = 0; i < e->store->count; i++)
        bytes += prefixes_memory(&w->known[i]) + prefixes_memory(&w->counting[i]);
    return bytes;
}
