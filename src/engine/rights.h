/* Who a client is and what it may do: users meet clients here. Denials are counted and kept for ACL
 * LOG. */
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

/* The client is this user from now on. */
void rights_set_user(struct client *c, struct user *u);
/* As it begins: the default user, who may have to AUTH first. */
void rights_begin(struct client *c);
/* True when the password fits and the user is on; a failure is counted, under the request's word.
 */
bool rights_authenticate(struct client *c, struct bytes word, struct bytes user,
                         struct bytes password);
/* False: the text behind "NOPERM " is in *why (the caller's to free). u: whose rights count. */
bool rights_allow(struct client *c, const struct user *u, const struct command *command,
                  const struct bytes *argv, int argc, const char *context, struct buf *why);
/* Whether the running request may read keys that it makes out of data (SORT's patterns). */
bool rights_read_all(const struct call *call);
/* After a command of `by` changed users: who may do everything needs no look. Subscriptions that
 * are no longer allowed close their clients. */
void rights_refresh(struct engine *e, const struct client *by);
/* Closes the clients of a user who will be gone. The one that does it keeps its rights until its
 * command or transaction has ended. */
void rights_kick(struct engine *e, const struct user *u, const struct client *by);
/* Lets go of the user of a client that goes. */
void rights_leave(struct client *c);
void rights_forget_denials(struct engine *e);
/* All users are replaced by those of another set, by name. Clients of users that are gone or have
 * changed are closed, but for those of the default user. Takes fresh. */
void rights_replace_users(struct engine *e, struct users *fresh, const struct client *by);

#endif
