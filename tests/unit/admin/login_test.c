#include "admin/login.h"

#include "acl/users.h"
#include "base/hash.h"

#include "unit.h"

#include <stdio.h>

#define IDLE 1000

static struct user *user(const char *name, const char *rule)
{
    struct user *u = user_new(bytes_text(name), false);
    CHECK(!user_apply(u, NULL, bytes_text(rule), false) &&
          !user_apply(u, NULL, BYTES("on"), false));
    return u;
}

/* G2 */
TEST(a_session_is_found_by_its_token)
{
    hash_init(NULL, 0);
    struct login_table *t = login_table_new();
    struct user *u = user("alice", ">pw");
    char a[LOGIN_TOKEN], b[LOGIN_TOKEN];
    struct login *l = login_open(t, u, 100, a), *m = login_open(t, u, 100, b);
    CHECK(l != m && memcmp(a, b, LOGIN_TOKEN) != 0 && memcmp(a, l->key, LOGIN_TOKEN) != 0);
    CHECK(login_find(t, bytes_of(a, LOGIN_TOKEN), 200, IDLE) == l);
    CHECK(login_find(t, bytes_of(b, LOGIN_TOKEN), 200, IDLE) == m && login_fits(m, u));
    CHECK(!login_find(t, bytes_of(l->key, LOGIN_TOKEN), 200, IDLE) &&
          !login_find(t, BYTES(""), 200, IDLE));
    login_close(t, l);
    CHECK(!login_find(t, bytes_of(a, LOGIN_TOKEN), 200, IDLE));
    user_free(u);
    login_table_free(t);
}

TEST(a_session_ends_by_idle_time_and_by_age)
{
    struct login_table *t = login_table_new();
    struct user *u = user("alice", ">pw");
    char a[LOGIN_TOKEN];
    login_open(t, u, 0, a);
    int64_t now = 0;
    while (now + IDLE <= LOGIN_AGE_MS) {
        now += IDLE;
        CHECK(login_find(t, bytes_of(a, LOGIN_TOKEN), now, IDLE));
    }
    CHECK(!login_find(t, bytes_of(a, LOGIN_TOKEN), LOGIN_AGE_MS + 1, IDLE));
    login_open(t, u, 0, a);
    CHECK(!login_find(t, bytes_of(a, LOGIN_TOKEN), IDLE + 1, IDLE));
    CHECK(!login_find(t, bytes_of(a, LOGIN_TOKEN), IDLE, IDLE));
    user_free(u);
    login_table_free(t);
}

TEST(a_changed_user_is_another_one)
{
    struct login_table *t = login_table_new();
    struct user *u = user("alice", ">pw");
    char a[LOGIN_TOKEN];
    const struct login *l = login_open(t, u, 0, a);
    CHECK(login_fits(l, u));
    CHECK(!user_apply(u, NULL, BYTES(">more"), false) && !login_fits(l, u));
    CHECK(!user_apply(u, NULL, BYTES("<more"), false) && login_fits(l, u));
    CHECK(!user_apply(u, NULL, BYTES("off"), false) && !login_fits(l, u));
    CHECK(!user_apply(u, NULL, BYTES("on"), false) && login_fits(l, u));
    CHECK(!user_apply(u, NULL, BYTES("nopass"), false) && !login_fits(l, u));
    CHECK(!user_apply(u, NULL, BYTES("resetpass"), false) &&
          !user_apply(u, NULL, BYTES(">pw"), false) && login_fits(l, u));
    CHECK(login_is_open(t, bytes_of(a, LOGIN_TOKEN), u, 1, IDLE));
    CHECK(!user_apply(u, NULL, BYTES(">more"), false) &&
          !login_is_open(t, bytes_of(a, LOGIN_TOKEN), u, 1, IDLE));
    struct user *other = user("bob", ">pw"), *later = user("alice", ">pw");
    CHECK(!login_fits(l, other) && !login_fits(l, later));
    user_free(other);
    user_free(later);
    user_free(u);
    login_table_free(t);
}

TEST(the_session_used_longest_ago_makes_room)
{
    struct login_table *t = login_table_new();
    struct user *u = user("alice", ">pw");
    static char tokens[LOGIN_MOST + 1][LOGIN_TOKEN];
    for (int i = 0; i < LOGIN_MOST; i++)
        login_open(t, u, i, tokens[i]);
    CHECK(login_find(t, bytes_of(tokens[0], LOGIN_TOKEN), LOGIN_MOST, IDLE));
    login_open(t, u, LOGIN_MOST, tokens[LOGIN_MOST]);
    CHECK(login_find(t, bytes_of(tokens[0], LOGIN_TOKEN), LOGIN_MOST, IDLE));
    CHECK(!login_find(t, bytes_of(tokens[1], LOGIN_TOKEN), LOGIN_MOST, IDLE));
    CHECK(login_find(t, bytes_of(tokens[2], LOGIN_TOKEN), LOGIN_MOST, IDLE));
    user_free(u);
    login_table_free(t);
}

/* G1 */
TEST(guessing_is_slowed_down_by_address_and_by_user)
{
    struct login_table *t = login_table_new();
    static const int64_t waits[] = {0, 100, 200, 400, 800, 1600, 3200, 3200, 3200};
    for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
        CHECK(login_attempt(t, "10.0.0.1", BYTES("alice"), 0) == waits[i]);
        login_failed(t, "10.0.0.1", BYTES("alice"), 0);
        login_attempted(t, "10.0.0.1");
    }
    /* Another user from there, the same user from elsewhere, neither. */
    CHECK(login_attempt(t, "10.0.0.1", BYTES("bob"), 0) == 3200);
    CHECK(login_attempt(t, "10.0.0.2", BYTES("alice"), 0) == 3200);
    CHECK(login_attempt(t, "10.0.0.3", BYTES("bob"), 0) == 0);
    /* Somebody gets in. */
    login_succeeded(t, "10.0.0.2", BYTES("alice"));
    CHECK(login_attempt(t, "10.0.0.4", BYTES("alice"), 0) == 0);
    CHECK(login_attempt(t, "10.0.0.1", BYTES("alice"), 0) == 3200);
    /* Time does. */
    CHECK(login_attempt(t, "10.0.0.5", BYTES("x"), 0) == 0);
    login_failed(t, "10.0.0.5", BYTES("x"), 0);
    login_attempted(t, "10.0.0.5");
    CHECK(login_attempt(t, "10.0.0.5", BYTES("x"), 601000) == 0);
    login_table_free(t);
}

TEST(four_at_once_from_one_address)
{
    struct login_table *t = login_table_new();
    for (int i = 0; i < 4; i++)
        CHECK(login_attempt(t, "a", BYTES("u"), 0) == 0);
    CHECK(login_attempt(t, "a", BYTES("u"), 0) == -1 && login_attempt(t, "b", BYTES("u"), 0) == 0);
    login_attempted(t, "a");
    CHECK(login_attempt(t, "a", BYTES("u"), 0) == 0 && login_attempt(t, "a", BYTES("u"), 0) == -1);
    login_table_free(t);
}

TEST(what_is_remembered_of_failures_is_bounded)
{
    struct login_table *t = login_table_new();
    size_t before = mem_used();
    int judged = 0;
    for (int i = 0; i < 20000; i++) {
        char address[24], name[200];
        snprintf(address, sizeof(address), "10.%d.%d.1", i / 256, i % 256);
        snprintf(name, sizeof(name), "%-150d", i);
        if (login_attempt(t, address, bytes_text(name), 0) < 0)
            continue;
        judged++;
        login_failed(t, address, bytes_text(name), 0);
        login_attempted(t, address);
    }
    CHECK(judged >= 512 && judged <= 1024 && mem_used() - before < (1 << 18));
    CHECK(login_attempt(t, "new", BYTES("u"), 0) == -1 &&
          login_attempt(t, "new", BYTES("u"), 601000) == 0);
    login_table_free(t);
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(a_session_is_found_by_its_token), T(a_session_ends_by_idle_time_and_by_age),
          T(a_changed_user_is_another_one), T(the_session_used_longest_ago_makes_room),
          T(guessing_is_slowed_down_by_address_and_by_user), T(four_at_once_from_one_address),
          T(what_is_remembered_of_failures_is_bounded))
