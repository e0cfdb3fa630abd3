#include "commands/server/command_docs.h"

#include "command/usage.h"

#include <ctype.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void text(struct reply *r, const char *name)
{
    reply_bulk_text(r, name);
}

/* In lower case, as argument names are documented. */
static void reply_lower(struct reply *r, struct bytes x)
{
    char name[64];
    size_t n = x.n < sizeof(name) ? x.n : sizeof(name);
    for (size_t i = 0; i < n; i++)
        name[i] = (char)tolower((unsigned char)x.p[i]);
    reply_bulk(r, bytes_of(name, n));
}

static void reply_arguments(struct reply *r, const struct usage *u);

static void reply_argument(struct reply *r, const struct usage *u)
{
    static const struct {
        const char *ours, *theirs;
    } types[] = {{"key", "key"},       {"string", "string"},   {"int", "integer"},
                 {"double", "double"}, {"pattern", "pattern"}, {"unix-time", "unix-time"}};
    bool named = u->kind == USAGE_ARGUMENT, token = u->token.n > 0, parts = u->n > 0;
    size_t flags = (size_t)(u->optional + u->multiple);
    reply_map(r, 2 + (size_t)named + token + (flags > 0) + parts);
    text(r, "name");
    if (named)
        reply_lower(r, u->name);
    else if (u->kind == USAGE_TOKEN)
        reply_lower(r, u->token);
    else
        text(r, u->kind == USAGE_ONE_OF ? "choice" : "block");
    text(r, "type");
    if (named) {
        const char *type = "string";
        for (size_t i = 0; i < COUNT(types); i++)
            if (bytes_is(u->type, types[i].ours))
                type = types[i].theirs;
        text(r, type);
        text(r, "display_text");
        reply_lower(r, u->name);
    } else {
        text(r, u->kind == USAGE_TOKEN    ? "pure-token"
                : u->kind == USAGE_ONE_OF ? "oneof"
                                          : "block");
    }
    if (token) {
        text(r, "token");
        reply_bulk(r, u->token);
    }
    if (flags) {
        text(r, "flags");
        reply_set(r, flags);
        if (u->optional)
            reply_simple(r, "optional");
        if (u->multiple)
            reply_simple(r, "multiple");
    }
    if (parts) {
        text(r, "arguments");
        reply_arguments(r, u);
    }
}

static void reply_arguments(struct reply *r, const struct usage *u)
{
    reply_array(r, (size_t)u->n);
    for (int i = 0; i < u->n; i++)
        reply_argument(r, &u->parts[i]);
}

void command_docs_reply(struct reply *r, const struct command *c)
{
    struct usage *u = usage_parse(c->usage);
    size_t subs = 0;
    for (const struct command *const *s = c->subcommands; s && *s; s++)
        subs++;
    text(r, command_full_name(c));
    reply_map(r, 4 + (size_t)(u->n > 0) + (subs > 0));
    text(r, "summary");
    text(r, c->summary);
    text(r, "since");
    text(r, c->since);
    text(r, "group");
    text(r, command_group_name(c->group));
    text(r, "complexity");
    text(r, c->complexity);
    if (u->n) {
        text(r, "arguments");
        reply_arguments(r, u);
    }
    usage_free(u);
    if (subs) {
        text(r, "subcommands");
        reply_map(r, subs);
        for (const struct command *const *s = c->subcommands; *s; s++)
            command_docs_reply(r, *s);
    }
}
