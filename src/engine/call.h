/* What a handler receives: the command, its arguments, the database and the reply; and how it
 * reports its effects. By default a command that changed something is journalled as it was
 * received; call_effect() replaces that by what really happened. */
#ifndef ENGINE_CALL_H
#define ENGINE_CALL_H

#include "command/command.h"
#include "engine/client.h"
#include "engine/engine.h"

struct call {
    const struct command *command;
    struct client *client;
    struct engine *engine;
    struct store *store;
    struct db *db;
    const struct bytes *argv;
    int argc;
    struct str **owned; /* counted strings that hold long arguments, or NULL */
    struct bytes raw;   /* the request as received, if in canonical form; else n == 0 */
    int64_t now_ms;
    struct reply *reply;
    bool rewritten;      /* call_effect() or call_no_effect() was called */
    bool retry;          /* runs again for a client that was blocked */
    bool errors_counted; /* the reply's error has been counted already */
    bool durable;        /* its reply waits for the disk */
    bool wrote_durably;  /* set even if nothing changed: a script wrote a value that was there
                            already */
    bool wants_block;    /* set by the handler: block_on() registered a wait */
};

/* Journals this command in place of the request. */
void call_effect(struct call *call, const struct bytes *argv, int argc);
#define CALL_EFFECT(call, ...)                                                                     \
    call_effect(call, (const struct bytes[]){__VA_ARGS__},                                         \
                (int)(sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes)))
/* The same for a command, or a form of one, that Redis has since a version ("8.2.0"): it is
 * journalled wrapped if the Redis that reads stream and files is older (persist/wrap.h,
 * rdb-compat). */
void call_effect_since(struct call *call, const char *since, const struct bytes *argv, int argc);
#define CALL_EFFECT_SINCE(call, since, ...)                                                        \
    call_effect_since(call, since, (const struct bytes[]){__VA_ARGS__},                            \
                      (int)(sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes)))
/* Journals the request under the command's original name, wrapped in the same way: the default for
 * commands that write. */
void call_effect_request(struct call *call);
/* The request is not journalled. */
void call_no_effect(struct call *call);
/* The argument as a counted string; the caller gets a reference. Not copied if the argument was
 * received into a string of its own. */
struct str *call_arg_str(const struct call *call, int i);
/* True in replay, where nobody gets the reply and it need not be made. */
static inline bool call_is_replay(const struct call *call)
{
    return call->client->flags & CLIENT_REPLAY;
}

/* Argument parsing: false after the error reply has been written. */
bool call_int(const struct call *call, int i, long long *out);
bool call_int_range(const struct call *call, int i, long long min, long long max, enum err e,
                    long long *out);
bool call_double(const struct call *call, int i, double *out);
/* Looks a key up for reading or writing and checks its type; false after WRONGTYPE. *out NULL: the
 * key is absent. */
bool call_read(const struct call *call, struct bytes key, enum value_type type, struct entry **out);
bool call_write(const struct call *call, struct bytes key, enum value_type type,
                struct entry **out);
/* For writing, but counted as a hit or a miss, where Redis looks up as a reader. */
bool call_write_counted(const struct call *call, struct bytes key, enum value_type type,
                        struct entry **out);
/* "ERR syntax error" and the like; for return statements. */
static inline void call_error(const struct call *call, enum err e)
{
    reply_error(call->reply, e);
}

#endif
