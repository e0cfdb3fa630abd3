#include "commands/hyperloglog/hll_args.h"

#include "base/num.h"
#include "commands/string_args.h"
#include "type/hll.h"

bool hll_args_find(const struct call *call, struct bytes key, bool writes, struct entry **e,
                   char *scratch, struct bytes *out)
{
    if (!(writes ? call_write(call, key, TYPE_STRING, e) : call_read(call, key, TYPE_STRING, e)))
        return false;
    if (!*e)
        return true;
    *out = string_view(*e, scratch);
    if (hll_is_valid(*out))
        return true;
    reply_errorf(call->reply, "WRONGTYPE Key is not a valid HyperLogLog string value.");
    return false;
}

void hll_args_damaged(const struct call *call)
{
    reply_errorf(call->reply, "INVALIDOBJ Corrupted HLL object detected");
}

void hll_args_put(const struct call *call, struct bytes key, struct entry *e, const struct buf *b)
{
    string_args_put(call, key, e, buf_bytes(b));
    e = db_find(call->db, key);
    if (e->kind == VALUE_TEXT)
        value_set_raw(e, true);
}

size_t hll_args_sparse_max(const struct call *call)
{
    return (size_t)call->engine->settings->hll_sparse_max_bytes;
}

bool hll_args_merge(struct call *call, int from, uint8_t *most, bool *dense)
{
    struct entry *e;
    struct bytes x;
    char scratch[NUM_INT_MAX];
    memset(most, 0, HLL_REGISTERS);
    *dense = false;
    for (int i = from; i < call->argc; i++) {
        if (!hll_args_find(call, call->argv[i], false, &e, scratch, &x))
            return false;
        if (!e)
            continue;
        *dense = *dense || hll_encoding(x) == HLL_DENSE;
        if (!hll_merge(most, x)) {
            hll_args_damaged(call);
            return false;
        }
    }
    return true;
}
