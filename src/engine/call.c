#include "engine/call.h"

#include "base/mem.h"
#include "base/num.h"
#include "persist/wrap.h"

#include <string.h>

void call_effect(struct call *call, const struct bytes *argv, int argc)
{
    call->rewritten = true;
    journal_add(call->engine->journal, call->db->id, argv, argc, bytes_of(NULL, 0));
}

void call_effect_since(struct call *call, const char *since, const struct bytes *argv, int argc)
{
    const struct engine *e = call->engine;
    if (!wrap_is_needed(since, e->settings->rdb_compat)) {
        call_effect(call, argv, argc);
        return;
    }
    call->rewritten = true;
    wrap_add(e->journal, call->db->id, argv, argc, bytes_of(NULL, 0));
}

void call_effect_request(struct call *call)
{
    const struct engine *e = call->engine;
    const char *name = command_full_name(call->command);
    struct bytes raw = e->commands_renamed ? bytes_of(NULL, 0) : call->raw;
    struct bytes *argv = mem_alloc((size_t)call->argc * sizeof(*argv));
    call->rewritten = true;
    memcpy(argv, call->argv, (size_t)call->argc * sizeof(*argv));
    argv[0] = bytes_of(name, strcspn(name, "|"));
    if (wrap_is_needed(call->command->since, e->settings->rdb_compat))
        wrap_add(e->journal, call->db->id, argv, call->argc, raw);
    else
        journal_add(e->journal, call->db->id, argv, call->argc, raw);
    mem_free(argv);
}

void call_no_effect(struct call *call)
{
    call->rewritten = true;
}

struct str *call_arg_str(const struct call *call, int i)
{
    if (call->owned && call->owned[i])
        return str_ref(call->owned[i]);
    return str_new(call->argv[i]);
}

bool call_int(const struct call *call, int i, long long *out)
{
    if (num_parse_int(call->argv[i], out))
        return true;
    call_error(call, ERR_NOT_INT);
    return false;
}

bool call_int_range(const struct call *call, int i, long long min, long long max, enum err e,
                    long long *out)
{
    if (!call_int(call, i, out))
        return false;
    if (*out < min || *out > max) {
        call_error(call, e);
        return false;
    }
    return true;
}

bool call_double(const struct call *call, int i, double *out)
{
    if (num_parse_double(call->argv[i], out))
        return true;
    call_error(call, ERR_NOT_FLOAT);
    return false;
}

static bool right_type(const struct call *call, const struct entry *e, enum value_type type)
{
    if (!e || value_type(e) == type)
        return true;
    call_error(call, ERR_WRONGTYPE);
    return false;
}

bool call_read(const struct call *call, struct bytes key, enum value_type type, struct entry **out)
{
    *out = db_read(call->db, key);
    return right_type(call, *out, type);
}

bool call_write(const struct call *call, struct bytes key, enum value_type type, struct entry **out)
{
    *out = db_write(call->db, key);
    return right_type(call, *out, type);
}

bool call_write_counted(const struct call *call, struct bytes key, enum value_type type,
                        struct entry **out)
{
    *out = db_write_counted(call->db, key);
    return right_type(call, *out, type);
}
