/* LREM: removes elements that equal a value; a negative count starts at the end. */
#include "commands/index.h"

#include "commands/list/list_args.h"

static void do_lrem(struct call *call)
{
    struct bytes key = call->argv[1], x = call->argv[3];
    struct list *l;
    struct list_cursor c;
    long long want, removed = 0;
    if (!call_int(call, 2, &want) || !list_args_write(call, key, &l))
        return;
    if (!l) {
        reply_int(call->reply, 0);
        return;
    }
    if (want < 0) {
        /* Backwards: removes the last matches. */
        uint64_t left = want == INT64_MIN ? (uint64_t)INT64_MAX + 1 : (uint64_t)-want;
        bool any = list_seek(l, l->count - 1, &c);
        uint64_t index = l->count - 1;
        while (any && left) {
            if (!bytes_equal(list_get(&c), x)) {
                any = list_previous(&c);
                index--;
                continue;
            }
            list_remove(l, &c);
            list_end(&c);
            removed++;
            left--;
            any = index-- > 0 && list_seek(l, index, &c);
        }
    } else {
        bool any = list_seek(l, 0, &c);
        while (any && (want == 0 || removed < want)) {
            if (bytes_equal(list_get(&c), x)) {
                any = list_remove(l, &c);
                removed++;
            } else {
                any = list_next(&c);
            }
        }
    }
    list_end(&c);
    if (removed)
        list_args_shrunk(call, key, l, "lrem", (uint64_t)removed);
    reply_int(call->reply, removed);
}

const struct command lrem_command = {
    .name = "lrem",
    .usage = "key:key count:int element:string",
    .summary = "Removes matching elements, from either end.",
    .since = "1.0.0",
    .complexity = "O(N+M) with N the elements and M those removed",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_lrem,
};
