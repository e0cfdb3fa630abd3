/* Users of clients and what these may do. Denials are counted and kept for ACL LOG. */
#ifndef ENGINE_RIGHTS_H
#define ENGINE_RIGHTS_H

#include "acl/check.h"
#include "engine/call.h"
#include "engine/client.h"
#include "engine/engine.h"

struct rights_entry {
    struct dlist_node node; /* in engine.denials.entries, the newest first */
    uint64_t id;
    unsigned count;
    enum check_result why;
    const char *context; /* "toplevel", "multi", "lua" */
    struct str *object, *user, *client;
    int64_t created_ms, updated_ms;
};

/* Changes the client's user. */
void rights_set_user(struct client *c, struct user *u);
/* For a new client: the default user, who may have to AUTH first. */
void rights_begin(struct client *c);
/* True if the password fits and the user is on; a failure is counted and logged under `word`, the
 * request's name. */
bool rights_authenticate(struct client *c, struct bytes word, struct bytes user,
                         struct bytes password);
/* False: *why has the text after "NOPERM " (the caller frees it). u: whose rights count. */
bool rights_allow(struct client *c, const struct user *u, const struct command *command,
                  const struct bytes *argv, int argc, const char *context, struct buf *why);
/* Whether the running request may read keys whose names it makes from data (SORT's patterns). */
bool rights_read_all(const struct call *call);
/* After a command of `by` changed users: notes which clients have all rights, and closes those with
 * subscriptions that are no longer allowed. */
void rights_refresh(struct engine *e, const struct client *by);
/* Closes the clients of a user that will be deleted. `by` keeps its rights until its command or
 * transaction has ended. */
void rights_kick(struct engine *e, const struct user *u, const struct client *by);
/* Releases the user of a client that is freed. */
void rights_leave(struct client *c);
void rights_forget_denials(struct engine *e);
/* Replaces all users by another set, matched by name, and takes `fresh` over. Closes clients of
 * users that are gone or changed, except those of the default user. */
void rights_replace_users(struct engine *e, struct users *fresh, const struct client *by);

#endif
