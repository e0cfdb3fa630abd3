/* Logins: sessions by token, and the slow-down of guessing. A token is known only by its SHA-256: a
 * dump of this memory logs nobody in. */
#ifndef ADMIN_LOGIN_H
#define ADMIN_LOGIN_H

#include "acl/user.h"
#include "admin/guard.h"
#include "ds/dlist.h"

#define LOGIN_TOKEN        64 /* hex digits of 256 bits */
#define LOGIN_MOST         256
#define LOGIN_AGE_MS       (12 * 3600 * 1000LL) /* a session ends then in any case */
#define LOGIN_CONFIRMED_MS (5 * 60 * 1000)      /* for so long nobody asks again who it is */

struct login {
    struct dlist_node node; /* in the table's, the one used longest ago first */
    char key[64];           /* of its token */
    char proof[64];         /* of what its user had to show */
    struct str *user;       /* user.name, by which it is known whether it is still the same one */
    int64_t opened_ms, used_ms;
    int64_t confirmed_ms; /* when it was shown last who this is */
    bool by_certificate;  /* which showed it, instead of a password */
    struct guard_bucket bucket;
};

struct login_table;

struct login_table *login_table_new(void);
void login_table_free(struct login_table *t);

/* Opens one and writes its token. Beyond LOGIN_MOST the one used longest ago ends. */
struct login *login_open(struct login_table *t, const struct user *u, int64_t steady_ms,
                         char token[LOGIN_TOKEN]);
/* NULL: there is none, or it has ended by age or idle time. The one found counts as used. */
struct login *login_find(struct login_table *t, struct bytes token, int64_t steady_ms,
                         int64_t idle_ms);
/* Whether the session is open and fits the user. Unlike login_find() it does not restart the idle
 * timeout: a tail that only checks would keep its session alive for ever. */
bool login_is_open(const struct login_table *t, struct bytes token, const struct user *u,
                   int64_t steady_ms, int64_t idle_ms);
/* Whether the user still is the one who logged in: it was not removed and made anew, and neither
 * its passwords nor `on` have changed. */
bool login_fits(const struct login *l, const struct user *u);
void login_close(struct login_table *t, struct login *l);

/* An attempt from an address begins: how long it has to wait before it is judged, because attempts
 * from there, or for this user, have failed: 100 ms, doubled up to 3.2 s, right or wrong. -1: four
 * are under way from there already, or too many addresses try. */
int64_t login_attempt(struct login_table *t, const char *address, struct bytes user,
                      int64_t steady_ms);
/* It has ended, whatever came of it. */
void login_attempted(struct login_table *t, const char *address);
void login_failed(struct login_table *t, const char *address, struct bytes user, int64_t steady_ms);
void login_succeeded(struct login_table *t, const char *address, struct bytes user);

#endif
