#include "commands/server/command_info.h"

#include "command/categories.h"
#include "command/keys.h"

#include <stdio.h>

static const struct {
    uint32_t flag;
    const char *name;
} flag_names[] = {
    {COMMAND_WRITE, "write"},
    {COMMAND_READONLY, "readonly"},
    {COMMAND_DENYOOM, "denyoom"},
    {COMMAND_ADMIN, "admin"},
    {COMMAND_PUBSUB, "pubsub"},
    {COMMAND_NOSCRIPT, "noscript"},
    {COMMAND_BLOCKING, "blocking"},
    {COMMAND_LOADING, "loading"},
    {COMMAND_STALE, "stale"},
    {COMMAND_SKIP_MONITOR, "skip_monitor"},
    {COMMAND_SKIP_SLOWLOG, "skip_slowlog"},
    {COMMAND_ASKING, "asking"},
    {COMMAND_FAST, "fast"},
    {COMMAND_NO_AUTH, "no_auth"},
    {COMMAND_NO_ASYNC_LOADING, "no_async_loading"},
    {COMMAND_NO_MULTI, "no_multi"},
    {COMMAND_MOVABLEKEYS, "movablekeys"},
    {COMMAND_ALLOW_BUSY, "allow_busy"},
    {COMMAND_NO_MANDATORY_KEYS, "no_mandatory_keys"},
};

static const struct {
    uint16_t flag;
    const char *name;
} key_flag_names[] = {
    {KEY_RO, "RO"},
    {KEY_RW, "RW"},
    {KEY_OW, "OW"},
    {KEY_RM, "RM"},
    {KEY_ACCESS, "access"},
    {KEY_UPDATE, "update"},
    {KEY_INSERT, "insert"},
    {KEY_DELETE, "delete"},
    {KEY_NOT_KEY, "not_key"},
    {KEY_INCOMPLETE, "incomplete"},
    {KEY_VARIABLE_FLAGS, "variable_flags"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

size_t command_info_flags(const struct command *c, const char *names[COMMAND_INFO_FLAGS_MOST])
{
    _Static_assert(COUNT(flag_names) <= COMMAND_INFO_FLAGS_MOST, "room for all");
    size_t n = 0;
    for (size_t i = 0; i < COUNT(flag_names); i++)
        if (c->flags & flag_names[i].flag)
            names[n++] = flag_names[i].name;
    return n;
}

static void reply_flags(struct reply *r, const struct command *c)
{
    const char *names[COMMAND_INFO_FLAGS_MOST];
    size_t n = command_info_flags(c, names);
    reply_set(r, n);
    for (size_t i = 0; i < n; i++)
        reply_simple(r, names[i]);
}

static void reply_categories(struct reply *r, const struct command *c)
{
    struct bytes names[CATEGORIES_MOST];
    size_t n = categories_of(c, names);
    reply_set(r, n);
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof(name), "@%.*s", (int)names[i].n, names[i].p);
        reply_simple(r, name);
    }
}

static void text(struct reply *r, const char *name)
{
    reply_bulk_text(r, name);
}

static void number(struct reply *r, const char *name, int v)
{
    text(r, name);
    reply_int(r, v);
}

static void reply_key_spec(struct reply *r, const struct key_spec *k)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT(key_flag_names); i++)
        n += (k->flags & key_flag_names[i].flag) != 0;
    reply_map(r, 3);
    text(r, "flags");
    reply_set(r, n);
    for (size_t i = 0; i < COUNT(key_flag_names); i++)
        if (k->flags & key_flag_names[i].flag)
            reply_simple(r, key_flag_names[i].name);
    if (k->unknown) {
        static const char *const parts[] = {"begin_search", "find_keys"};
        for (int i = 0; i < 2; i++) {
            text(r, parts[i]);
            reply_map(r, 2);
            text(r, "type");
            text(r, "unknown");
            text(r, "spec");
            reply_map(r, 0);
        }
        return;
    }
    text(r, "begin_search");
    reply_map(r, 2);
    text(r, "type");
    text(r, k->keyword ? "keyword" : "index");
    text(r, "spec");
    if (k->keyword) {
        reply_map(r, 2);
        text(r, "keyword");
        text(r, k->keyword);
        number(r, "startfrom", k->at);
    } else {
        reply_map(r, 1);
        number(r, "index", k->at);
    }
    text(r, "find_keys");
    reply_map(r, 2);
    text(r, "type");
    text(r, k->counted ? "keynum" : "range");
    text(r, "spec");
    reply_map(r, 3);
    if (k->counted) {
        number(r, "keynumidx", k->count_at);
        number(r, "firstkey", k->first);
        number(r, "keystep", k->step);
    } else {
        number(r, "lastkey", k->last);
        number(r, "keystep", k->step);
        number(r, "limit", k->limit);
    }
}

/* First key, last key and step, for old clients. */
static void old_positions(const struct command *c, int *first, int *last, int *step)
{
    *first = *last = *step = 0;
    for (int i = 0; i < COMMAND_KEY_SPECS && c->keys[i].flags; i++) {
        const struct key_spec *k = &c->keys[i];
        if (k->keyword || k->counted || k->unknown)
            continue;
        int end = k->last < 0 ? k->last : k->at + k->last;
        if (*first == 0) {
            *first = k->at;
            *last = end;
            *step = k->step;
        } else if (*last >= 0 && (end < 0 || end > *last)) {
            *last = end;
        }
    }
}

void command_info_reply(struct reply *r, const struct command *c)
{
    int first, last, step, specs = 0;
    size_t tips = 0, subs = 0;
    old_positions(c, &first, &last, &step);
    while (specs < COMMAND_KEY_SPECS && c->keys[specs].flags)
        specs++;
    for (const char *p = c->tips; p && *p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : "")
        tips++;
    for (const struct command *const *s = c->subcommands; s && *s; s++)
        subs++;
    reply_array(r, 10);
    text(r, command_full_name(c));
    reply_int(r, c->arity);
    reply_flags(r, c);
    reply_int(r, first);
    reply_int(r, last);
    reply_int(r, step);
    reply_categories(r, c);
    reply_set(r, tips);
    for (const char *p = c->tips; p && *p;) {
        size_t n = strcspn(p, " ");
        reply_bulk(r, bytes_of(p, n));
        p += n + (p[n] == ' ');
    }
    reply_set(r, (size_t)specs);
    for (int i = 0; i < specs; i++)
        reply_key_spec(r, &c->keys[i]);
    reply_set(r, subs);
    for (const struct command *const *s = c->subcommands; s && *s; s++)
        command_info_reply(r, *s);
}

void command_info_reply_key_flags(struct reply *r, unsigned flags)
{
    size_t n = 0;
    for (size_t k = 0; k < COUNT(key_flag_names); k++)
        n += (flags & key_flag_names[k].flag) != 0;
    reply_set(r, n);
    for (size_t k = 0; k < COUNT(key_flag_names); k++)
        if (flags & key_flag_names[k].flag)
            reply_simple(r, key_flag_names[k].name);
}
