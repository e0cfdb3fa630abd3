/* A session: opened by who has shown a password, found by the SHA-256 of the token that each
 * request carries, closed by logout, idle time, age, or being the one used longest ago when there
 * are too many. It is void when its user has changed or was removed: `proof` is a digest of what
 * that user's login checks, and `user` the string of that very user.
 *
 * Guessing is slowed down by address and by user. An attempt waits before it is judged, right or
 * wrong, as long as the failures before it say: so a stranger who fails on purpose delays the user
 * by 3.2 s at most and locks nobody out. At most four wait at once from one address. Failures are
 * forgotten after FORGET_MS, or when somebody gets in from there.
 *
 * What can fail: the table of failures is full. Then attempts from addresses that are not in it are
 * turned away, and names that are not in it are not slowed down by name. */
#include "admin/login.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/rng.h"
#include "ds/dict.h"

#include <stdio.h>

#define SOURCES_MOST  1024
#define PROGRESS_MOST 4
#define FORGET_MS     (10 * 60 * 1000)
#define DELAY_MS      100
#define DOUBLED_MOST  5
#define NAME_MOST     64 /* bytes of a user's name that count here */

struct source { /* an address or a user of failed attempts */
    unsigned failures, in_progress;
    int64_t last_ms;
};

struct login_table {
    struct dlist_node all;
    struct dict by_key;  /* key of a session to it */
    struct dict sources; /* "a" and an address, "u" and a name */
};

struct login_table *login_table_new(void)
{
    struct login_table *t = mem_zalloc(sizeof(*t));
    dlist_init(&t->all);
    return t;
}

void login_close(struct login_table *t, struct login *l)
{
    dict_remove(&t->by_key, bytes_of(l->key, sizeof(l->key)));
    dlist_remove(&l->node);
    str_unref(l->user);
    mem_free(l);
}

/* ms INT64_MAX: all. */
static void forget(struct login_table *t, int64_t ms)
{
    struct dict_walk w = {0};
    struct dict_node *n;
    while ((n = dict_next(&t->sources, &w))) {
        struct source *s = n->value;
        if (ms == INT64_MAX || (!s->in_progress && ms - s->last_ms > FORGET_MS)) {
            mem_free(s);
            dict_remove(&t->sources, dict_key(n));
        }
    }
}

void login_table_free(struct login_table *t)
{
    while (!dlist_empty(&t->all))
        login_close(t, dlist_item(t->all.next, struct login, node));
    forget(t, INT64_MAX);
    mem_free(t);
}

/* ---- Sessions */

static void prove(const struct user *u, char to[64])
{
    struct buf all = {0};
    buf_printf(&all, "%d%d", u->on, u->no_password);
    buf_add(&all, bytes_of(u->hashes, u->hash_n * sizeof(*u->hashes)));
    digest_sha256_hex(buf_bytes(&all), to);
    buf_free(&all);
}

bool login_fits(const struct login *l, const struct user *u)
{
    char proof[64];
    prove(u, proof);
    /* A user keeps the very string of its name as long as it exists: one of the same name and
     * password that was made later has another one. */
    return l->user == u->name && digest_same(proof, l->proof, sizeof(proof));
}

struct login *login_open(struct login_table *t, const struct user *u, int64_t steady_ms,
                         char token[LOGIN_TOKEN])
{
    if (t->by_key.used >= LOGIN_MOST)
        login_close(t, dlist_item(t->all.next, struct login, node));
    struct login *l = mem_zalloc(sizeof(*l));
    rng_hex(token, LOGIN_TOKEN);
    digest_sha256_hex(bytes_of(token, LOGIN_TOKEN), l->key);
    prove(u, l->proof);
    l->user = str_ref(u->name);
    l->opened_ms = l->used_ms = l->confirmed_ms = steady_ms;
    guard_bucket_fill(&l->bucket, GUARD_SESSION, steady_ms);
    dict_ensure(&t->by_key, bytes_of(l->key, sizeof(l->key)))->value = l;
    dlist_append(&t->all, &l->node);
    return l;
}

static bool has_ended(const struct login *l, int64_t steady_ms, int64_t idle_ms)
{
    return steady_ms - l->used_ms > idle_ms || steady_ms - l->opened_ms > LOGIN_AGE_MS;
}

bool login_is_open(const struct login_table *t, struct bytes token, const struct user *u,
                   int64_t steady_ms, int64_t idle_ms)
{
    char key[64];
    digest_sha256_hex(token, key);
    const struct login *l = dict_get(&t->by_key, bytes_of(key, sizeof(key)));
    return l && !has_ended(l, steady_ms, idle_ms) && login_fits(l, u);
}

struct login *login_find(struct login_table *t, struct bytes token, int64_t steady_ms,
                         int64_t idle_ms)
{
    char key[64];
    digest_sha256_hex(token, key);
    struct login *l = dict_get(&t->by_key, bytes_of(key, sizeof(key)));
    if (!l)
        return NULL;
    if (has_ended(l, steady_ms, idle_ms)) {
        login_close(t, l);
        return NULL;
    }
    l->used_ms = steady_ms;
    dlist_remove(&l->node);
    dlist_append(&t->all, &l->node);
    return l;
}

/* ---- Attempts */

struct source_name {
    char text[NAME_MOST + 1];
    size_t n;
};

static struct bytes name_of(struct source_name *to, char kind, struct bytes name)
{
    to->text[0] = kind;
    to->n = name.n < NAME_MOST ? name.n : NAME_MOST;
    if (to->n)
        memcpy(to->text + 1, name.p, to->n);
    return bytes_of(to->text, to->n + 1);
}

/* NULL: there is no room for another one. */
static struct source *source_of(struct login_table *t, char kind, struct bytes name, int64_t ms)
{
    struct source_name to;
    struct bytes key = name_of(&to, kind, name);
    struct source *s = dict_get(&t->sources, key);
    if (s && !s->in_progress && ms - s->last_ms > FORGET_MS)
        s->failures = 0;
    if (s)
        return s;
    if (t->sources.used >= SOURCES_MOST)
        forget(t, ms);
    if (t->sources.used >= SOURCES_MOST)
        return NULL;
    s = mem_zalloc(sizeof(*s));
    s->last_ms = ms;
    dict_ensure(&t->sources, key)->value = s;
    return s;
}

static int64_t delay_of(const struct source *s)
{
    if (!s || !s->failures)
        return 0;
    unsigned doubled = s->failures - 1 < DOUBLED_MOST ? s->failures - 1 : DOUBLED_MOST;
    return (int64_t)DELAY_MS << doubled;
}

int64_t login_attempt(struct login_table *t, const char *address, struct bytes user,
                      int64_t steady_ms)
{
    struct source_name to;
    struct source *a = source_of(t, 'a', bytes_text(address), steady_ms);
    const struct source *u = dict_get(&t->sources, name_of(&to, 'u', user));
    if (!a || a->in_progress == PROGRESS_MOST)
        return -1;
    a->in_progress++;
    if (u && steady_ms - u->last_ms > FORGET_MS)
        u = NULL;
    int64_t by_address = delay_of(a), by_user = delay_of(u);
    return by_address > by_user ? by_address : by_user;
}

void login_attempted(struct login_table *t, const char *address)
{
    struct source_name to;
    struct source *a = dict_get(&t->sources, name_of(&to, 'a', bytes_text(address)));
    ASSERT(a && a->in_progress > 0);
    a->in_progress--;
}

static void count_failure(struct source *s, int64_t ms)
{
    if (!s)
        return;
    s->failures++;
    s->last_ms = ms;
}

void login_failed(struct login_table *t, const char *address, struct bytes user, int64_t steady_ms)
{
    count_failure(source_of(t, 'a', bytes_text(address), steady_ms), steady_ms);
    count_failure(source_of(t, 'u', user, steady_ms), steady_ms);
}

void login_succeeded(struct login_table *t, const char *address, struct bytes user)
{
    struct source_name to;
    struct source *a = dict_get(&t->sources, name_of(&to, 'a', bytes_text(address)));
    struct source *u = dict_get(&t->sources, name_of(&to, 'u', user));
    if (a)
        a->failures = 0;
    if (u)
        u->failures = 0;
}
