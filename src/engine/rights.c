#include "engine/rights.h"

#include "acl/user_describe.h"
#include "acl/users.h"
#include "base/assert.h"
#include "base/mem.h"
#include "engine/client_line.h"

#define SAME_MS   60000 /* equal denials within this time share one entry */
#define NAME_MOST 1024  /* bytes of a key or a name that are kept */
#define LINE_MOST 4096  /* bytes of the client's line that are kept */

void rights_set_user(struct client *c, struct user *u)
{
    c->user = u;
    client_set_anonymous(c, false);
    ASSERT(!(c->flags & CLIENT_INTERNAL)); /* these borrow their caller's user */
    c->flags &= ~(unsigned)CLIENT_RESTRICTED;
    if (!user_is_unlimited(u))
        c->flags |= CLIENT_RESTRICTED;
}

void rights_begin(struct client *c)
{
    struct user *u = c->engine->users->default_user;
    rights_set_user(c, u);
    if (!u->on || !u->no_password)
        client_set_anonymous(c, true);
}

static void free_entry(struct rights_entry *x)
{
    dlist_remove(&x->node);
    str_unref(x->object);
    str_unref(x->user);
    str_unref(x->client);
    mem_free(x);
}

static struct bytes first(struct bytes x, size_t most)
{
    return bytes_of(x.p, x.n < most ? x.n : most);
}

/* Stores a denial. Texts are cut, so that a client cannot fill the memory with them. */
static void note(struct client *c, enum check_result why, const char *context, struct bytes object,
                 struct bytes user)
{
    object = first(object, NAME_MOST);
    user = first(user, NAME_MOST);
    struct engine *e = c->engine;
    struct buf line = {0};
    e->denials.by_result[why]++;
    client_line_print(c, &line);
    if (line.n)
        line.n--; /* without the newline */
    struct rights_entry *x = NULL;
    int looked = 0;
    for (struct dlist_node *n = e->denials.entries.next;
         n != &e->denials.entries && looked < 10 && !x; n = n->next, looked++) {
        struct rights_entry *old = dlist_item(n, struct rights_entry, node);
        if (old->why == why && old->context == context && e->now_ms - old->updated_ms <= SAME_MS &&
            bytes_equal(str_bytes(old->object), object) && bytes_equal(str_bytes(old->user), user))
            x = old;
    }
    if (x) {
        x->count++;
        x->updated_ms = e->now_ms;
        str_unref(x->client);
        dlist_remove(&x->node);
    } else {
        x = mem_zalloc(sizeof(*x));
        *x = (struct rights_entry){.id = e->denials.next_id++,
                                   .count = 1,
                                   .why = why,
                                   .context = context,
                                   .object = str_new(object),
                                   .user = str_new(user),
                                   .created_ms = e->now_ms,
                                   .updated_ms = e->now_ms};
        e->denials.count++;
    }
    x->client = str_new(first(buf_bytes(&line), LINE_MOST));
    buf_free(&line);
    dlist_insert_before(e->denials.entries.next, &x->node);
    while ((long long)e->denials.count > e->settings->acllog_max_len) {
        ASSERT(!dlist_empty(&e->denials.entries));
        free_entry(dlist_item(e->denials.entries.prev, struct rights_entry, node));
        e->denials.count--;
    }
}

void rights_forget_denials(struct engine *e)
{
    while (!dlist_empty(&e->denials.entries))
        free_entry(dlist_item(e->denials.entries.next, struct rights_entry, node));
    e->denials.count = 0;
}

bool rights_authenticate(struct client *c, struct bytes word, struct bytes name,
                         struct bytes password)
{
    struct user *u = users_find(c->engine->users, name);
    /* Compares in any case, so that the time taken does not tell whether a user exists. */
    bool fits = user_password_is(u ? u : c->engine->users->default_user, password);
    if (u && u->on && fits) {
        rights_set_user(c, u);
        c->failed_auths = 0;
        return true;
    }
    client_delay_auth(c);
    note(c, CHECK_AUTH, c->flags & CLIENT_IN_EXEC ? "multi" : "toplevel", word, name);
    return false;
}

bool rights_allow(struct client *c, const struct user *u, const struct command *command,
                  const struct bytes *argv, int argc, const char *context, struct buf *why)
{
    int which;
    enum check_result r = check_request(u, c->engine->registry, command, argv, argc, &which);
    if (r == CHECK_OK)
        return true;
    struct bytes object = r == CHECK_COMMAND ? bytes_text(command_full_name(command)) : argv[which];
    note(c, r, context, object, str_bytes(u->name));
    check_explain(why, r, u, command, object, false);
    return false;
}

bool rights_read_all(const struct call *call)
{
    const struct client *c = call->client;
    return (c->flags & (CLIENT_REPLAY | CLIENT_ACT)) || user_is_unlimited(c->user) ||
           check_reads_all(c->user, call->engine->registry, call->command, call->argv, call->argc);
}

/* It is subscribed to a channel, pattern or stream that its user has no right to. */
static bool has_forbidden_subscription(const struct client *c)
{
    for (int kind = 0; c->subscriber && kind < PUBSUB_KINDS; kind++) {
        struct dict_walk w = {0};
        for (struct dict_node *n; (n = dict_next(&c->subscriber->names[kind], &w));)
            if (!check_channel(c->user, dict_key(n), kind == PUBSUB_PATTERN))
                return true;
    }
    return c->pushing && !c->pushing->is_allowed(c);
}

void rights_refresh(struct engine *e, const struct client *by)
{
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (c->flags & CLIENT_REPLAY)
            continue;
        if (user_is_unlimited(c->user))
            c->flags &= ~(unsigned)CLIENT_RESTRICTED;
        else
            c->flags |= CLIENT_RESTRICTED;
        if ((c->flags & CLIENT_RESTRICTED) && has_forbidden_subscription(c))
            client_close_by(c, by);
    }
}

void rights_kick(struct engine *e, const struct user *u, const struct client *by)
{
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if (c->user != u)
            continue;
        client_close_by(c, by);
        if (c->id == by->id) {
            user_free(c->last_user);
            c->last_user = user_copy(u);
            rights_set_user(c, c->last_user);
            continue;
        }
        /* The user is freed before the client. */
        rights_begin(c);
        client_set_anonymous(c, true);
    }
}

void rights_leave(struct client *c)
{
    if (c->last_user)
        user_free(c->last_user);
    c->last_user = NULL;
}

void rights_replace_users(struct engine *e, struct users *fresh, const struct client *by)
{
    struct user **old = users_sorted(e->users);
    for (struct user **x = old; *x; x++) {
        if (users_find(fresh, str_bytes((*x)->name)) || *x == e->users->default_user)
            continue;
        rights_kick(e, *x, by);
        users_remove(e->users, *x);
    }
    mem_free(old);
    struct user **all = users_sorted(fresh);
    for (struct user **x = all; *x; x++) {
        struct user *mine = users_find(e->users, str_bytes((*x)->name));
        if (!mine)
            mine = users_add(e->users, str_bytes((*x)->name));
        else if (mine != e->users->default_user && !user_describe_equal(mine, *x))
            rights_kick(e, mine, by);
        user_replace(mine, user_copy(*x));
    }
    mem_free(all);
    users_free(fresh);
    rights_refresh(e, by);
}
