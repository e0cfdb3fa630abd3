#include "commands/helpers.h"

#include "acl/check.h"
#include "base/mem.h"
#include "base/num.h"
#include "type/stream/stream.h"

#include <ctype.h>
#include <stdio.h>

/* call_effect() copies the words: the array may go at once. */
void helpers_effect_from(struct call *call, struct bytes word, int from)
{
    int argc = call->argc - from + 1;
    struct bytes *argv = mem_alloc((size_t)argc * sizeof(*argv));
    argv[0] = word;
    for (int i = 1; i < argc; i++)
        argv[i] = call->argv[from + i - 1];
    call_effect(call, argv, argc);
    mem_free(argv);
}

/* The key is woken also when it goes: who blocks on it looks again and finds nothing. */
bool helpers_store(const struct call *call, struct bytes key, struct entry *e, unsigned class_,
                   const char *event)
{
    struct entry *old = db_write(call->db, key);
    if (!e && !old)
        return false;
    if (e && old) {
        db_overwritten(call->db, key, value_type(old), value_type(e));
        db_replace(call->db, old, e);
    } else if (e) {
        db_add(call->db, e);
    } else {
        db_delete(call->db, key);
    }
    db_changed(call->db, key, e ? class_ : (unsigned)DB_EVENT_GENERIC, e ? event : "del");
    db_ready(call->db, key);
    return true;
}

/* The event of the change comes before the "del" of the empty key, as in Redis. */
void helpers_shrunk(const struct call *call, struct bytes key, bool empty, unsigned class_,
                    const char *event, uint64_t n)
{
    db_count_changes(call->store, n);
    db_notify(call->db, key, class_, event);
    if (empty) {
        db_delete(call->db, key);
        db_changed(call->db, key, DB_EVENT_GENERIC, "del");
        db_ready(call->db, key);
    } else {
        db_changed(call->db, key, 0, NULL);
    }
}

bool helpers_numkeys(const struct call *call, int i, enum err too_many, int *out)
{
    long long n;
    if (!num_parse_int(call->argv[i], &n) || n < 1) {
        call_error(call, ERR_MUST_BE_GREATER_ZERO);
        return false;
    }
    if (n > call->argc - i - 1) {
        call_error(call, too_many);
        return false;
    }
    *out = (int)n;
    return true;
}

bool helpers_is_allowed(const struct call *call, long long mode)
{
    const struct client *c = call->client;
    /* Addresses begin with 127. or [::1] when the connection is local; a Unix socket always is. */
    return mode == 1 ||
           (mode == 2 && ((c->flags & CLIENT_UNIX) || strncmp(c->address, "127.", 4) == 0 ||
                          strncmp(c->address, "[::1]", 5) == 0));
}

bool helpers_number(const struct call *call, int i, const char *name, long long least,
                    long long most, long long *out)
{
    if (num_parse_int(call->argv[i], out) && *out >= least && *out <= most)
        return true;
    reply_errorf(call->reply, "ERR %s must be between %lld and %lld", name, least, most);
    return false;
}

bool helpers_allows_value(const struct call *call, const struct entry *e)
{
    const struct client *c = call->client;
    if (!value_stream_acts(e) || (c->flags & (CLIENT_REPLAY | CLIENT_ACT)))
        return true;
    const struct stream *s = value_object(e);
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));) {
        const struct stream_policy *p = ((const struct stream_group *)n->value)->policy;
        if (!p || !p->dead_letter->n ||
            check_key(c->user, str_bytes(p->dead_letter), KEY_RW | KEY_INSERT))
            continue;
        struct buf why = {0};
        check_explain(&why, CHECK_KEY, c->user, call->command, str_bytes(p->dead_letter), false);
        reply_errorf(call->reply, "NOPERM %.*s", (int)why.n, why.p);
        buf_free(&why);
        return false;
    }
    return true;
}

void helpers_wrong_arity(const struct call *call, const struct command *command)
{
    reply_errorf(call->reply, "ERR wrong number of arguments for '%s' command",
                 command_full_name(command));
}

void helpers_bad_subcommand(struct call *call)
{
    struct bytes container = call->argv[0], sub = call->argv[1];
    char name[32];
    size_t n = container.n < sizeof(name) ? container.n : sizeof(name);
    for (size_t i = 0; i < n; i++)
        name[i] = (char)toupper((unsigned char)container.p[i]);
    reply_errorf(call->reply,
                 "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try %.*s HELP.",
                 sub.n > 128 ? 128 : (int)sub.n, sub.p, (int)n, name);
}

/* The lines are made of the subcommands' constants, so HELP cannot miss one. */
void helpers_help(struct call *call, const struct command *container)
{
    char line[1024], name[32];
    size_t n = 0;
    for (const struct command *const *s = container->subcommands; *s; s++)
        n++;
    snprintf(name, sizeof(name), "%s", container->name);
    for (char *p = name; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    reply_array(call->reply, 1 + 2 * n);
    snprintf(line, sizeof(line),
             "%s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", name);
    reply_simple(call->reply, line);
    for (const struct command *const *s = container->subcommands; *s; s++) {
        size_t len = (size_t)snprintf(line, sizeof(line), "%s %s", (*s)->name, (*s)->usage);
        for (size_t i = 0; i < strlen((*s)->name) && i < len; i++)
            line[i] = (char)toupper((unsigned char)line[i]);
        reply_simple(call->reply, line);
        snprintf(line, sizeof(line), "    %s", (*s)->summary);
        reply_simple(call->reply, line);
    }
}
