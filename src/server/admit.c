#include "server/admit.h"

#include "acl/users.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/client.h"

#include <string.h>

/* Unauthenticated clients may use at most maxclients/4, but never fewer than 8. */
#define ANONYMOUS_SHARE 4
#define ANONYMOUS_LEAST 8

struct admit {
    struct engine *engine;
    struct dict peers; /* address to the number of its connections */
};

struct admit *admit_new(struct engine *e)
{
    struct admit *a = mem_zalloc(sizeof(*a));
    a->engine = e;
    return a;
}

void admit_free(struct admit *a)
{
    dict_clear(&a->peers);
    mem_free(a);
}

static struct bytes address_of(const char *peer)
{
    const char *colon = strrchr(peer, ':');
    return bytes_of(peer, colon ? (size_t)(colon - peer) : 0);
}

static bool is_open(const struct engine *e)
{
    const struct user *u = e->users->default_user;
    return u->on && u->no_password;
}

/* Closes the unauthenticated client that has waited longest. Returns false when there is none. */
static bool drop_unauthenticated(struct engine *e)
{
    struct dlist_node *n = e->clients.anonymous.next;
    while (n != &e->clients.anonymous &&
           (dlist_item(n, struct client, anonymous)->flags & CLIENT_CLOSING))
        n = n->next;
    if (n == &e->clients.anonymous)
        return false;
    struct client *c = dlist_item(n, struct client, anonymous);
    log_line(LOG_VERBOSE, "Closing client %s: too many unauthenticated clients", c->address);
    e->stats.rejected_connections++;
    client_close(c);
    return true;
}

/* A flood of unauthenticated connections must not keep out clients that are about to authenticate.
 */
static void limit_unauthenticated(struct engine *e)
{
    size_t most = (size_t)(e->settings->maxclients / ANONYMOUS_SHARE);
    if (most < ANONYMOUS_LEAST)
        most = ANONYMOUS_LEAST;
    if (!is_open(e) && e->clients.anonymous_count >= most)
        drop_unauthenticated(e);
}

/* Without a password only unfinished TLS handshakes are unauthenticated. Many may begin at once, so
 * they may take all places, and give way when none is left. */
static bool is_full(struct engine *e)
{
    return (long long)(e->clients.count - e->clients.closing_count) >= e->settings->maxclients &&
           !(is_open(e) && drop_unauthenticated(e));
}

bool admit_connection(struct admit *a, const char *peer, bool is_local, enum err *why)
{
    struct engine *e = a->engine;
    long long most = e->settings->maxclients_per_address;
    *why = ERR_MAXCLIENTS;
    if (most && *peer && (long long)(uintptr_t)dict_get(&a->peers, address_of(peer)) >= most)
        return false;
    *why = ERR_DENIED;
    if (e->settings->protected_mode && is_open(e) && !is_local)
        return false;
    *why = ERR_MAXCLIENTS;
    if (is_full(e))
        return false;
    limit_unauthenticated(e);
    return true;
}

struct dict_node *admit_peer(struct admit *a, const char *peer)
{
    struct dict_node *n = dict_ensure(&a->peers, address_of(peer));
    n->value = (void *)((uintptr_t)n->value + 1);
    return n;
}

void admit_gone(struct admit *a, struct dict_node *peer)
{
    ASSERT((uintptr_t)peer->value > 0);
    peer->value = (void *)((uintptr_t)peer->value - 1);
    if (!peer->value)
        dict_remove(&a->peers, dict_key(peer));
}
