#include "acl/user.h"

#include "acl/user_describe.h"
#include "acl_commands.h"
#include "unit.h"

static struct registry *registry;
static struct user *u;

static void begin(void)
{
    registry = registry_new(acl_commands);
    u = user_new(BYTES("u"), false);
}

static void end(void)
{
    user_free(u);
    registry_free(registry);
}

static const char *apply(const char *rule)
{
    return user_apply(u, registry, bytes_text(rule), false);
}

#define HASH_OF_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

TEST(a_new_user_may_do_nothing)
{
    begin();
    CHECK(!u->on && !u->no_password && u->selector_n == 1 && !user_is_unlimited(u));
    CHECK(!user_password_is(u, BYTES("")));
    CHECK(!u->selectors[0].all_channels);
    struct user *other = user_new(BYTES("v"), true);
    CHECK(other->selectors[0].all_channels);
    user_free(other);
    user_free(NULL);
    end();
}

TEST(passwords)
{
    begin();
    CHECK(!apply(">a") && !apply(">b") && !apply(">a") && u->hash_n == 2);
    CHECK(user_password_is(u, BYTES("a")) && user_password_is(u, BYTES("b")));
    CHECK(!user_password_is(u, BYTES("c")));
    CHECK(!apply("!" HASH_OF_A) && !user_password_is(u, BYTES("a")));
    CHECK(user_password_is(u, BYTES("b")));
    CHECK(apply("<a") && !apply("<b") && u->hash_n == 0);
    CHECK(!apply("#" HASH_OF_A) && user_password_is(u, BYTES("a")));
    CHECK(apply("#ca97") &&
          apply("#CA978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"));
    CHECK(!apply("nopass") && user_password_is(u, BYTES("x")) && u->hash_n == 0);
    CHECK(!apply(">a") && !user_password_is(u, BYTES("x")));
    CHECK(!apply("resetpass") && !user_password_is(u, BYTES("a")));
    end();
}

TEST(switches)
{
    begin();
    CHECK(!apply("ON") && u->on && !apply("off") && !u->on);
    CHECK(!apply("skip-sanitize-payload") && u->skip_sanitize);
    CHECK(!apply("sanitize-payload") && !u->skip_sanitize);
    CHECK(!apply("") && apply("nonsense"));
    end();
}

TEST(unlimited_is_all_of_three)
{
    begin();
    CHECK(!apply("+@all") && !apply("~*") && !user_is_unlimited(u));
    CHECK(!apply("&*") && user_is_unlimited(u));
    CHECK(!apply("-get") && !user_is_unlimited(u));
    end();
}

TEST(selectors)
{
    begin();
    CHECK(!apply("(+get  ~a)") && u->selector_n == 2 && u->selectors[1].key_n == 1);
    CHECK(apply("(+get on)") && u->selector_n == 2);
    CHECK(!apply("()") && u->selector_n == 3);
    CHECK(!user_apply(u, registry, BYTES("()"), true) && u->selectors[3].all_channels);
    CHECK(!apply("clearselectors") && u->selector_n == 1);
    end();
}

TEST(reset_leaves_the_name)
{
    begin();
    CHECK(!apply("on") && !apply(">a") && !apply("+get") && !apply("(~a)") && !apply("reset"));
    struct user *fresh = user_new(BYTES("u"), false);
    CHECK(user_describe_equal(u, fresh) && bytes_equal(str_bytes(u->name), BYTES("u")));
    user_free(fresh);
    end();
}

TEST(a_copy_is_equal_until_it_changes)
{
    begin();
    CHECK(!apply("on") && !apply(">a") && !apply("+get") && !apply("(~a &b)"));
    struct user *c = user_copy(u);
    CHECK(user_describe_equal(u, c));
    CHECK(!user_apply(c, registry, BYTES("~x"), false) && !user_describe_equal(u, c));
    user_replace(u, c);
    CHECK(u->selectors[0].key_n == 1 && bytes_equal(str_bytes(u->name), BYTES("u")));
    end();
}

static bool applies(const struct bytes *rules, int n, const char *why, const char *bad)
{
    struct buf b = {0};
    const char *got = user_apply_all(u, registry, rules, n, false, &b);
    bool same =
        (why ? got && strcmp(got, why) == 0 : !got) && bytes_equal(buf_bytes(&b), bytes_text(bad));
    buf_free(&b);
    return same;
}

TEST(a_selector_over_several_words)
{
    begin();
    struct bytes good[] = {BYTES("on"), BYTES("(+get"), BYTES("~a)"), BYTES("~b")};
    CHECK(applies(good, 4, NULL, ""));
    CHECK(u->selector_n == 2 && u->selectors[1].key_n == 1 && u->selectors[0].key_n == 1);
    struct bytes open[] = {BYTES("(+get"), BYTES("~a")};
    CHECK(applies(open, 2, "Unmatched parenthesis in acl selector starting at '(+get'.", ""));
    struct bytes wrong[] = {BYTES("off"), BYTES("nonsense"), BYTES("on")};
    CHECK(applies(wrong, 3, "Syntax error", "nonsense"));
    CHECK(!u->on);
    end();
}

UNIT_MAIN(T(a_new_user_may_do_nothing), T(passwords), T(switches), T(unlimited_is_all_of_three),
          T(selectors), T(reset_leaves_the_name), T(a_copy_is_equal_until_it_changes),
          T(a_selector_over_several_words))
