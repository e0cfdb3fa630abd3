#include "admin/callable.h"

#include "acl_commands.h"
#include "unit.h"

static struct registry *registry;
static struct callable kept;

static void begin(void)
{
    registry = registry_new(acl_commands);
    kept = (struct callable){0};
}

static void end(void)
{
    callable_free(&kept);
    registry_free(registry);
}

static void allow(struct user *u, const char *rule)
{
    CHECK(!user_apply(u, registry, bytes_text(rule), false));
}

static bool may(const struct user *u, const char *all, const char *writes)
{
    struct callable_names x = callable_names(&kept, u, registry);
    return bytes_equal(x.all, bytes_text(all)) && bytes_equal(x.writes, bytes_text(writes));
}

TEST(names_are_those_of_all_selectors)
{
    begin();
    struct user *u = user_new(BYTES("u"), false);
    CHECK(may(u, "[]", "[]"));
    allow(u, "+get");
    allow(u, "+config|set");
    allow(u, "+select|1");
    CHECK(may(u, "[\"get\",\"config|set\"]", "[]"));
    allow(u, "(+set ~a*)");
    CHECK(may(u, "[\"get\",\"set\",\"config|set\"]", "[\"set\"]"));
    allow(u, "+@all");
    CHECK(may(u,
              "[\"get\",\"set\",\"copy\",\"sort\",\"config|get\",\"config|set\",\"select\","
              "\"publish\",\"subscribe\",\"psubscribe\",\"auth\"]",
              "[\"set\",\"copy\"]"));
    allow(u, "clearselectors");
    allow(u, "-copy");
    allow(u, "-@all");
    allow(u, "+config");
    CHECK(may(u, "[\"config|get\",\"config|set\"]", "[]"));
    user_free(u);
    end();
}

TEST(users_of_equal_rights_share_a_text)
{
    begin();
    struct user *a = user_new(BYTES("a"), false), *b = user_new(BYTES("b"), false);
    allow(a, "+get");
    allow(b, "+get");
    const char *text = callable_names(&kept, a, registry).all.p;
    CHECK(callable_names(&kept, b, registry).all.p == text);
    allow(b, "+set");
    CHECK(may(b, "[\"get\",\"set\"]", "[\"set\"]") && may(a, "[\"get\"]", "[]"));
    CHECK(callable_names(&kept, a, registry).all.p == text);
    user_free(a);
    user_free(b);
    end();
}

/* Of more sets than are kept, the one used longest ago gives way; right are all. */
TEST(the_texts_are_few)
{
    static const char *const names[] = {"get",     "set",       "copy",       "sort", "select",
                                        "publish", "subscribe", "psubscribe", "auth", NULL};
    begin();
    struct user *first = user_new(BYTES("first"), false);
    const char *text = callable_names(&kept, first, registry).all.p;
    for (unsigned round = 0; round < 2; round++)
        for (const char *const *name = names; *name; name++) {
            char rule[16], all[32];
            snprintf(rule, sizeof(rule), "+%s", *name);
            snprintf(all, sizeof(all), "[\"%s\"]", *name);
            struct user *u = user_new(BYTES("u"), false);
            allow(u, rule);
            CHECK(callable_names(&kept, u, registry).all.n == strlen(all));
            struct callable_names x = callable_names(&kept, u, registry);
            CHECK(bytes_equal(x.all, bytes_text(all)));
            CHECK(callable_names(&kept, first, registry).all.p == text); /* in use throughout */
            user_free(u);
        }
    user_free(first);
    end();
}

/* Requests of the API have the commands' own names. */
TEST(removed_and_renamed_commands_are_not_named)
{
    begin();
    CHECK(!registry_rename(registry, BYTES("get"), BYTES("")) &&
          !registry_rename(registry, BYTES("set"), BYTES("put")));
    struct user *u = user_new(BYTES("u"), false);
    allow(u, "+get");
    allow(u, "+set");
    CHECK(may(u, "[]", "[]"));
    user_free(u);
    end();
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(names_are_those_of_all_selectors), T(users_of_equal_rights_share_a_text),
          T(the_texts_are_few), T(removed_and_renamed_commands_are_not_named))
