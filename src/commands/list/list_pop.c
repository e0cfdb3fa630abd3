#include "commands/list/list_pop.h"

#include "commands/list/list_args.h"

const char *list_pop_event(bool front)
{
    return front ? "lpop" : "rpop";
}

struct bytes list_pop_word(bool front)
{
    return front ? BYTES("LPOP") : BYTES("RPOP");
}

void list_pop_take(struct call *call, struct list *l, bool front, uint64_t n)
{
    struct bytes x;
    for (uint64_t i = 0; i < n && list_peek(l, front, &x); i++) {
        reply_bulk(call->reply, x);
        list_drop(l, front);
    }
}

int list_pop_first(struct call *call, const struct bytes *keys, int n, struct bytes *key,
                   struct list **l)
{
    for (int i = 0; i < n; i++) {
        if (!list_args_write(call, keys[i], l))
            return -1;
        if (*l) {
            *key = keys[i];
            return 1;
        }
    }
    return 0;
}

void list_pop_wait(struct call *call, const struct bytes *keys, int n, int64_t deadline_ms)
{
    struct block_options o = {.keys = keys,
                              .key_count = n,
                              .deadline_ms = deadline_ms,
                              .type = TYPE_LIST,
                              .null = BLOCK_NULL_ARRAY};
    block_on(call, &o);
}
