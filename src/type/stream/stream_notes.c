#include "type/stream/stream_notes.h"

#include "base/assert.h"
#include "base/mem.h"

struct note {
    bool blocked;
    size_t n;
    char reason[];
};

static struct bytes id_bytes(const struct stream_id *id)
{
    return bytes_of(id, sizeof(*id));
}

static const struct note *find(const struct stream_notes *n, struct stream_id id)
{
    return n->by_id.used ? dict_get(&n->by_id, id_bytes(&id)) : NULL;
}

void stream_notes_free(struct stream_notes *n)
{
    struct dict_walk w = {0};
    for (struct dict_node *x; (x = dict_next(&n->by_id, &w));)
        mem_free(x->value);
    dict_clear(&n->by_id);
    n->blocked_count = 0;
}

/* An empty note is not stored. */
static void put(struct stream_notes *n, struct stream_id id, bool blocked, struct bytes reason)
{
    struct note *note = mem_alloc(sizeof(*note) + reason.n);
    note->blocked = blocked;
    note->n = reason.n;
    if (reason.n)
        memcpy(note->reason, reason.p, reason.n);
    stream_notes_forget(n, id);
    if (!blocked && !reason.n) {
        mem_free(note);
        return;
    }
    dict_ensure(&n->by_id, id_bytes(&id))->value = note;
    n->blocked_count += blocked;
}

void stream_notes_set_reason(struct stream_notes *n, struct stream_id id, struct bytes reason)
{
    put(n, id, stream_notes_is_blocked(n, id), reason);
}

struct bytes stream_notes_reason(const struct stream_notes *n, struct stream_id id)
{
    const struct note *note = find(n, id);
    return note ? bytes_of(note->reason, note->n) : bytes_of("", 0);
}

void stream_notes_set_blocked(struct stream_notes *n, struct stream_id id)
{
    put(n, id, true, stream_notes_reason(n, id));
}

bool stream_notes_is_blocked(const struct stream_notes *n, struct stream_id id)
{
    const struct note *note = find(n, id);
    return note && note->blocked;
}

void stream_notes_forget(struct stream_notes *n, struct stream_id id)
{
    struct note *note = n->by_id.used ? dict_remove(&n->by_id, id_bytes(&id)) : NULL;
    if (!note)
        return;
    ASSERT(n->blocked_count >= note->blocked);
    n->blocked_count -= note->blocked;
    mem_free(note);
}

void stream_notes_copy(struct stream_notes *to, const struct stream_notes *from)
{
    struct dict_walk w = {0};
    *to = (struct stream_notes){0};
    for (struct dict_node *x; (x = dict_next(&from->by_id, &w));) {
        const struct note *note = x->value;
        struct stream_id id;
        memcpy(&id, dict_key(x).p, sizeof(id));
        put(to, id, note->blocked, bytes_of(note->reason, note->n));
    }
}

size_t stream_notes_memory(const struct stream_notes *n)
{
    struct dict_walk w = {0};
    size_t bytes = dict_memory(&n->by_id);
    for (struct dict_node *x; (x = dict_next(&n->by_id, &w));)
        bytes += mem_block_size(x->value);
    return bytes;
}

bool stream_notes_is_sound(const struct stream_notes *n)
{
    struct dict_walk w = {0};
    uint64_t blocked = 0;
    for (struct dict_node *x; (x = dict_next(&n->by_id, &w));) {
        const struct note *note = x->value;
        if (dict_key(x).n != sizeof(struct stream_id) || (!note->blocked && !note->n))
            return false;
        blocked += note->blocked;
    }
    return blocked == n->blocked_count && dict_is_sound(&n->by_id);
}
