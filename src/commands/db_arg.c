#include "commands/db_arg.h"

#include "base/num.h"

bool db_arg_parse(const struct call *call, int i, struct db **out)
{
    long long id;
    if (!num_parse_int(call->argv[i], &id)) {
        call_error(call, ERR_NOT_INT);
        return false;
    }
    if (id < 0 || id >= call->store->count) {
        call_error(call, ERR_DB_INDEX);
        return false;
    }
    *out = &call->store->dbs[id];
    return true;
}
