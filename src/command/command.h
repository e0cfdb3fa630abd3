/* The description of a command: a constant next to its handler. COMMAND INFO, COMMAND DOCS, key
 * extraction, HELP texts and rights are derived from it. Independent of clients and databases. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include "base/bytes.h"

#include <stdint.h>

struct call;
struct engine;
struct keys;

enum command_flag {
    COMMAND_WRITE = 1 << 0,
    COMMAND_READONLY = 1 << 1,
    COMMAND_DENYOOM = 1 << 2,
    COMMAND_ADMIN = 1 << 3,
    COMMAND_PUBSUB = 1 << 4,
    COMMAND_NOSCRIPT = 1 << 5,
    COMMAND_BLOCKING = 1 << 6,
    COMMAND_LOADING = 1 << 7,
    COMMAND_STALE = 1 << 8,
    COMMAND_SKIP_MONITOR = 1 << 9,
    COMMAND_SKIP_SLOWLOG = 1 << 10,
    COMMAND_ASKING = 1 << 11,
    COMMAND_FAST = 1 << 12,
    COMMAND_NO_AUTH = 1 << 13,
    COMMAND_MAY_REPLICATE = 1 << 14, /* no write, but may be replicated; not in COMMAND INFO */
    COMMAND_NO_ASYNC_LOADING = 1 << 15,
    COMMAND_NO_MULTI = 1 << 16,
    COMMAND_MOVABLEKEYS = 1 << 17,
    COMMAND_ALLOW_BUSY = 1 << 18,
    COMMAND_NO_MANDATORY_KEYS = 1 << 19,
    COMMAND_DANGEROUS = 1 << 20,   /* a category only */
    COMMAND_KEYSPACE = 1 << 21,    /* a category only */
    COMMAND_UNTRACKED = 1 << 22,   /* its replies depend on no key: no gate mark */
    COMMAND_WHOLE = 1 << 23,       /* its reply depends on the whole data set */
    COMMAND_QUICK_MULTI = 1 << 24, /* runs at once inside MULTI */
    COMMAND_EXEC = 1 << 25, /* runs the queued commands: checked with the flags of all of them; if
                               refused, the transaction ends */
    COMMAND_LEAVES_MULTI =
        1 << 26, /* ends a transaction instead of being queued, so it needs no memory */
    COMMAND_OK_SUBSCRIBED = 1 << 27, /* allowed to a subscriber in RESP2 */
    COMMAND_COUNTS_AS_USE = 1 << 28, /* counts as use of its keys even with CLIENT NO-TOUCH */
    COMMAND_KEEPS_CACHING = 1 << 29, /* CLIENT CACHING is about the first command without this */
    COMMAND_NEWER = 1 << 30, /* writes, and is newer than Redis 7.0 (`since`): its effects may have
                                to be wrapped for readers of stream and files */
};

enum command_group {
    GROUP_GENERIC,
    GROUP_STRING,
    GROUP_LIST,
    GROUP_SET,
    GROUP_SORTED_SET,
    GROUP_HASH,
    GROUP_PUBSUB,
    GROUP_TRANSACTIONS,
    GROUP_CONNECTION,
    GROUP_SERVER,
    GROUP_SCRIPTING,
    GROUP_HYPERLOGLOG,
    GROUP_GEO,
    GROUP_STREAM,
    GROUP_BITMAP,
    GROUP_CLUSTER,
};

enum key_flag {
    KEY_RO = 1 << 0,
    KEY_RW = 1 << 1,
    KEY_OW = 1 << 2,
    KEY_RM = 1 << 3,
    KEY_ACCESS = 1 << 4,
    KEY_UPDATE = 1 << 5,
    KEY_INSERT = 1 << 6,
    KEY_DELETE = 1 << 7,
    KEY_NOT_KEY = 1 << 8,
    KEY_INCOMPLETE = 1 << 9,
    KEY_VARIABLE_FLAGS = 1 << 10, /* the flags depend on options: find_keys knows */
};

/* Which arguments are channels that the user must have a right to. Unsubscribing needs no right. */
enum command_channels {
    COMMAND_NO_CHANNELS,
    COMMAND_ONE_CHANNEL,     /* argument 1 */
    COMMAND_ALL_CHANNELS,    /* from argument 1 on */
    COMMAND_ALL_PATTERNS,    /* from argument 1 on: patterns of channels */
    COMMAND_PATTERNS_FROM_3, /* the same from argument 3 on */
};

/* The positions of some keys: starting at argument `at` (or after the word `keyword`, searched from
 * `at`), either a range (last relative to the first, negative from the end; step; limit) or a
 * count, which is `count_at` arguments after the start. Keywords are for COMMAND INFO only: a
 * search cannot tell an option from another option's argument, so such commands have find_keys. */
struct key_spec {
    uint16_t flags; /* 0: no such spec */
    int8_t at;
    const char *keyword;
    bool counted;
    bool unknown;             /* cannot be described by a spec */
    int8_t last, step, limit; /* counted: step as given; last unused */
    int8_t count_at, first;
};

#define KEY_RANGE(from, to, by, f)                                                                 \
    {                                                                                              \
        .flags = (f), .at = (from), .last = (to), .step = (by)                                     \
    }
#define KEY_COUNTED(from, count, one, by, f)                                                       \
    {                                                                                              \
        .flags = (f), .at = (from), .counted = true, .count_at = (count), .first = (one),          \
        .step = (by)                                                                               \
    }
#define KEY_BEHIND(word, from, to, by, lim, f)                                                     \
    {                                                                                              \
        .flags = (f), .at = (from), .keyword = (word), .last = (to), .step = (by), .limit = (lim)  \
    }

#define KEY_UNKNOWN(f)                                                                             \
    {                                                                                              \
        .flags = (f), .unknown = true                                                              \
    }
#define KEY_UNKNOWN_BEHIND(word, from, f)                                                          \
    {                                                                                              \
        .flags = (f), .unknown = true, .keyword = (word), .at = (from), .step = 1                  \
    }

#define COMMAND_KEY_SPECS 3

struct command {
    const char *name;      /* lower case; of a subcommand the second word */
    const char *full_name; /* "container|name" of a subcommand; else NULL */
    const char *usage;     /* the arguments, in the grammar of command/usage.h */
    const char *summary;
    const char *since;
    const char *complexity;
    const char *tips;       /* separated by spaces, or NULL */
    const char *categories; /* in addition to those of flags and group: "@list @set"; or NULL */
    enum command_group group;
    int arity; /* including the name; negative: the minimum */
    uint32_t flags;
    struct key_spec keys[COMMAND_KEY_SPECS];
    /* Finds a request's keys if their positions or flags depend on options, by parsing the
     * arguments as the handler does. NULL: the specs are exact. See command/keys.h. */
    void (*find_keys)(struct keys *to, const struct bytes *argv, int argc);
    enum command_channels channels;
    void (*handler)(struct call *call);
    /* The flags if they depend on the arguments (a script's declarations), or NULL. */
    uint32_t (*flags_for)(struct engine *engine, const struct bytes *argv, int argc);
    const struct command *const *subcommands; /* NULL-terminated, or NULL */
    /* Secret arguments, which slow log and MONITOR do not show. */
    int secret_from; /* all from this one on; 0: none */
    struct {
        const char *word;
        int n;
    } secrets[2];         /* n arguments after the option `word`; word NULL: none */
    bool runs_in_pause;   /* tells the state of the server: no pause of clients holds it */
    bool of_connection;   /* acts on the connection itself: internal clients cannot use it */
    bool secret_settings; /* values of secret settings, in pairs from argument 2 on */
};

static inline const char *command_full_name(const struct command *c)
{
    return c->full_name ? c->full_name : c->name;
}

static inline bool command_arity_fits(const struct command *c, int argc)
{
    return c->arity >= 0 ? argc == c->arity : argc >= -c->arity;
}

/* As COMMAND INFO prints it. */
const char *command_group_name(enum command_group group);

#endif
