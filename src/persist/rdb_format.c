#include "persist/rdb_format.h"

#include <stddef.h>

const char *rdb_format_foreign(enum rdb_dialect dialect, unsigned type)
{
    if (type == RDB_MODULE_OLD)
        return "a module's value, as modules wrote it before Redis 4.0 was released";
    if (type == RDB_MODULE)
        return "a module's value";
    if (dialect == RDB_DRAGONFLY) {
        if (type == RDB_DRAGONFLY_JSON)
            return "a JSON document of Dragonfly";
        if (type == RDB_DRAGONFLY_SET)
            return "a Dragonfly set whose members have deadlines";
        return type > RDB_DRAGONFLY_SET && type <= RDB_DRAGONFLY_LAST
                   ? "a filter, sketch or top-k list of Dragonfly"
                   : NULL;
    }
    if (dialect == RDB_REDIS && type == RDB_ARRAY)
        return "a Redis array";
    if (dialect == RDB_REDIS && type == RDB_GCRA)
        return "a Redis rate limiter (GCRA)";
    return type == RDB_KEYDB_CRON ? "a KeyDB cron job" : NULL;
}

const char *rdb_format_foreign_opcode(enum rdb_dialect dialect, unsigned opcode)
{
    if (opcode == RDB_FUNCTION_CANDIDATE)
        return "functions as only release candidates of Redis 7.0 wrote them";
    if (dialect == RDB_DRAGONFLY && opcode >= RDB_DRAGONFLY_LEAST &&
        opcode < RDB_REDIS_HASH_TEMPLATE)
        return "a record of Dragonfly's own snapshots; save with its RDB format";
    if (opcode >= RDB_ENTERPRISE_LEAST && opcode <= RDB_ENTERPRISE_MOST)
        return "a record of Redis Enterprise";
    return NULL;
}

static void unpack(unsigned long long bits, unsigned n, const char *alphabet, char *out)
{
    for (unsigned i = 0; i < n; i++)
        out[i] = alphabet[bits >> (6 * (n - 1 - i)) & 63];
    out[n] = '\0';
}

void rdb_format_module_name(unsigned long long id, char out[10])
{
    unpack(id >> 10, 9, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", out);
}

void rdb_format_meta_name(unsigned spec, char out[5])
{
    unpack(spec >> 8, 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", out);
}
