/* SCAN. A cursor is a position in the hash table that stays valid while the table grows and shrinks
 * (ds/table). Expired keys are deleted between two steps, as the walk must not change it. */
#include "commands/index.h"

#include "commands/scan_args.h"
#include "type/value.h"

/* Counts strings in the reply, and elements found, to which COUNT refers. */
static void note_key(struct scan_args *s, struct entry *e)
{
    reply_bulk(s->call->reply, entry_key(e));
    s->n++;
    s->found++;
}

/* Expired keys are deleted after the walk; those that do not match are not checked. */
static void scan_key(void *context, struct entry *e)
{
    struct scan_args *s = context;
    if (!scan_args_matches(s, entry_key(e)))
        return;
    if (db_is_due(s->call->store, e))
        buf_add(&s->due, bytes_of(&e, sizeof(struct entry *)));
    else if (s->type.n == 0 || bytes_is(s->type, value_type_name(value_type(e))))
        note_key(s, e);
}

static uint64_t scan_step(const void *collection, struct scan_args *s)
{
    struct db *db = s->call->db;
    (void)collection;
    uint64_t cursor = table_scan(&db->keys, s->cursor, scan_key, s);
    struct entry *const *due = (void *)s->due.p;
    for (size_t i = 0; i < s->due.n / sizeof(*due); i++)
        db_expire_if_due(db, due[i]);
    s->due.n = 0;
    return cursor;
}

static void do_scan(struct call *call)
{
    struct scan_args s;
    if (!scan_args_cursor(call, 1, &s) || !scan_args_options(call, 2, SCAN_ARGS_TYPE, &s))
        return;
    scan_args_walk(&s, call->db, scan_step);
    buf_free(&s.due);
}

const struct command scan_command = {
    .name = "scan",
    .usage = "cursor:int [MATCH pattern:pattern] [COUNT count:int] [TYPE type:string]",
    .summary = "Iterates over the keys of the database.",
    .since = "2.8.0",
    .complexity = "O(1) for each call, O(N) for a whole walk",
    .tips = "nondeterministic_output request_policy:special response_policy:special",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_READONLY | COMMAND_WHOLE | COMMAND_KEYSPACE,
    .handler = do_scan,
};
