/* HDEL. Removing the last field deletes the key. */
#include "commands/index.h"

#include "base/mem.h"
#include "commands/hash/hash_args.h"

static void do_hdel(struct call *call)
{
    struct entry *e;
    size_t n = 0;
    if (!hash_args_write(call, call->argv[1], &e))
        return;
    /* The deleted fields are only collected for notifications. */
    struct bytes *gone =
        db_tells_fields(call->store) ? mem_alloc((size_t)call->argc * sizeof(*gone)) : NULL;
    for (int i = 2; e && i < call->argc; i++)
        if (hash_args_remove(e, call->argv[i])) {
            if (gone)
                gone[n] = call->argv[i];
            n++;
        }
    if (n)
        hash_args_shrunk(call, e, "hdel", (struct db_fields){gone, n, 1});
    mem_free(gone);
    reply_int(call->reply, (long long)n);
}

const struct command hdel_command = {
    .name = "hdel",
    .usage = "key:key field:string...",
    .summary = "Deletes fields of a hash.",
    .since = "2.0.0",
    .complexity = "O(N) with N the fields",
    .group = GROUP_HASH,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_hdel,
};
