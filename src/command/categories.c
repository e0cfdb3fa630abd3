#include "command/categories.h"

size_t categories_of(const struct command *c, struct bytes names[CATEGORIES_MOST])
{
    static const char *const by_group[] = {[GROUP_STRING] = "string",
                                           [GROUP_LIST] = "list",
                                           [GROUP_SET] = "set",
                                           [GROUP_SORTED_SET] = "sortedset",
                                           [GROUP_HASH] = "hash",
                                           [GROUP_PUBSUB] = "pubsub",
                                           [GROUP_TRANSACTIONS] = "transaction",
                                           [GROUP_CONNECTION] = "connection",
                                           [GROUP_SCRIPTING] = "scripting",
                                           [GROUP_HYPERLOGLOG] = "hyperloglog",
                                           [GROUP_GEO] = "geo",
                                           [GROUP_STREAM] = "stream",
                                           [GROUP_BITMAP] = "bitmap"};
    size_t n = 0;
    if (c->flags & COMMAND_KEYSPACE)
        names[n++] = BYTES("keyspace");
    if ((c->flags & COMMAND_READONLY) && c->group != GROUP_CONNECTION &&
        c->group != GROUP_SCRIPTING)
        names[n++] = BYTES("read");
    if (c->flags & COMMAND_WRITE)
        names[n++] = BYTES("write");
    bool late = c->group == GROUP_CONNECTION || c->group == GROUP_TRANSACTIONS ||
                c->group == GROUP_SCRIPTING;
    /* A container has only what its flags say. */
    bool container = (c->subcommands && !c->handler) ||
                     (c->group == GROUP_PUBSUB && !(c->flags & COMMAND_PUBSUB));
    const char *own =
        c->group < sizeof(by_group) / sizeof(by_group[0]) && !container ? by_group[c->group] : NULL;
    if (own && !late)
        names[n++] = bytes_text(own);
    if ((c->flags & COMMAND_PUBSUB) && c->group != GROUP_PUBSUB)
        names[n++] = BYTES("pubsub");
    if (c->flags & COMMAND_ADMIN)
        names[n++] = BYTES("admin");
    names[n++] = c->flags & COMMAND_FAST ? BYTES("fast") : BYTES("slow");
    if (c->flags & COMMAND_BLOCKING)
        names[n++] = BYTES("blocking");
    if (c->flags & (COMMAND_ADMIN | COMMAND_DANGEROUS))
        names[n++] = BYTES("dangerous");
    if (own && late)
        names[n++] = bytes_text(own);
    for (const char *at = c->categories; at && *at && n < CATEGORIES_MOST;) {
        size_t len = strcspn(at, " ");
        names[n++] = bytes_of(at + 1, len - 1);
        at += len + (at[len] == ' ');
    }
    return n;
}

bool categories_has(const struct command *c, struct bytes name)
{
    struct bytes names[CATEGORIES_MOST];
    size_t n = categories_of(c, names);
    for (size_t i = 0; i < n; i++)
        if (bytes_equal(names[i], name))
            return true;
    return false;
}

const char *const *categories_all(void)
{
    static const char *const all[] = {
        "keyspace",   "read",        "write",     "set",         "sortedset", "list",
        "hash",       "string",      "bitmap",    "hyperloglog", "geo",       "stream",
        "pubsub",     "admin",       "fast",      "slow",        "blocking",  "dangerous",
        "connection", "transaction", "scripting", NULL};
    return all;
}
