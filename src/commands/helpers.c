#include "commands/helpers.h"

#include "acl/check.h"
#include "base/mem.h"
#include "base/num.h"
#include "type/stream/stream.h"

#include <ctype.h>
#include <stdio.h>

/* call_effect() copies the words, so the array can be freed. */
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

/* The key is signalled as ready even if deleted: blocked clients run again and find nothing. */
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
    /* Addresses of local connections begin with 127. or [::1]; Unix sockets are always local. */
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

static bool denied(const struct call *call, enum check_result why, struct bytes what)
{
    struct buf text = {0};
    check_explain(&text, why, call->client->user, call->command, what, false);
    reply_errorf(call->reply, "NOPERM %.*s", (int)text.n, text.p);
    buf_free(&text);
    return false;
}

/* Whether the stream passes messages on to other keys. */
static bool passes_on(const struct stream *s)
{
    struct dict_walk w = {0};
    if (s->extra && s->extra->bindings)
        return true;
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));) {
        const struct stream_policy *p = ((const struct stream_group *)n->value)->policy;
        if (p && p->dead_letter->n)
            return true;
    }
    return false;
}

bool helpers_allows_key(const struct call *call, const struct entry *e, struct bytes key)
{
    if (!value_stream_acts(e) || (call->client->flags & (CLIENT_REPLAY | CLIENT_ACT)))
        return true;
    return !passes_on(value_object(e)) || check_key(call->client->user, key, KEY_RO | KEY_ACCESS) ||
           denied(call, CHECK_KEY, key);
}

static bool allows_dead_letters(const struct call *call, const struct stream *s)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->groups, &w));) {
        const struct stream_policy *p = ((const struct stream_group *)n->value)->policy;
        if (p && p->dead_letter->n &&
            !check_key(call->client->user, str_bytes(p->dead_letter), KEY_RW | KEY_INSERT))
            return denied(call, CHECK_KEY, str_bytes(p->dead_letter));
    }
    return true;
}

static bool allows_bindings(const struct call *call, const struct stream_bindings *b)
{
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    for (const struct stream_binding *x = NULL; (x = stream_bindings_next(b, x));) {
        struct bytes dest = stream_bindings_rule(x, args).dest;
        if (!check_key(call->client->user, dest, KEY_RW | KEY_INSERT))
            return denied(call, CHECK_KEY, dest);
    }
    return true;
}

static bool allows_captures(const struct call *call, const struct stream_captures *c)
{
    struct dict_walk w = {0};
    for (const struct dict_node *n; (n = dict_next(&c->patterns, &w));)
        if (!check_channel(call->client->user, dict_key(n), true))
            return denied(call, CHECK_CHANNEL, dict_key(n));
    return true;
}

bool helpers_allows_value(const struct call *call, const struct entry *e)
{
    if (!value_stream_acts(e) || (call->client->flags & (CLIENT_REPLAY | CLIENT_ACT)))
        return true;
    const struct stream *s = value_object(e);
    return helpers_allows_key(call, e, entry_key(e)) && allows_dead_letters(call, s) &&
           (!s->extra || ((!s->extra->bindings || allows_bindings(call, s->extra->bindings)) &&
                          allows_captures(call, &s->extra->captures)));
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

/* The lines are generated from the subcommands' constants, so HELP is always complete. */
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
