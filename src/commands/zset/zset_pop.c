#include "commands/zset/zset_pop.h"

#include "commands/zset_args.h"
#include "engine/block.h"

struct bytes zset_pop_word(bool highest)
{
    return highest ? BYTES("ZPOPMAX") : BYTES("ZPOPMIN");
}

void zset_pop_take(struct call *call, struct bytes key, struct entry *e, bool highest, size_t n,
                   bool pairs)
{
    struct zset *z = value_to_change(e);
    struct zset_walk w;
    struct zset_item x;
    size_t count = zset_count(z);
    zset_walk_start(&w, z, highest ? count - 1 : 0, n, highest);
    while (zset_walk_next(&w, &x)) {
        if (pairs)
            reply_array(call->reply, 2);
        reply_bulk(call->reply, x.member);
        reply_double(call->reply, x.score);
    }
    /* Removed together once the reply is complete: the walk above reads the set in place. */
    zset_remove_ranks(&z, highest ? count - n : 0, n);
    value_moved(e, z);
    zset_args_shrunk(call, key, e, highest ? "zpopmax" : "zpopmin", n);
}

int zset_pop_first(struct call *call, const struct bytes *keys, int n, struct bytes *key,
                   struct entry **e)
{
    for (int i = 0; i < n; i++) {
        if (!zset_args_write(call, keys[i], e))
            return -1;
        if (*e) {
            *key = keys[i];
            return 1;
        }
    }
    return 0;
}

void zset_pop_wait(struct call *call, const struct bytes *keys, int n, int64_t deadline_ms)
{
    struct block_options o = {.keys = keys,
                              .key_count = n,
                              .deadline_ms = deadline_ms,
                              .type = TYPE_ZSET,
                              .null = BLOCK_NULL_ARRAY};
    block_on(call, &o);
}
