/* Users in files: what is written is what is read, whatever bytes the rules hold. */
#include "acl/users.h"

#include "acl/user_describe.h"
#include "unit.h"

#include "base/mem.h"

static const struct command get_command = {
    .name = "get", .arity = 2, .group = GROUP_STRING, .flags = COMMAND_READONLY};
static const struct command config_get_command = {
    .name = "get", .full_name = "config|get", .arity = -3, .flags = COMMAND_ADMIN};
static const struct command *const config_subcommands[] = {&config_get_command, NULL};
static const struct command config_command = {
    .name = "config", .arity = -2, .subcommands = config_subcommands};
static const struct command *const commands[] = {&get_command, &config_command, NULL};

static unsigned long long seed = 1;

static unsigned any(unsigned below)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % below;
}

/* Bytes that mean something to readers are frequent. */
static struct bytes any_bytes(char *to, unsigned most)
{
    static const char odd[] = "\"'\\#()~&%+->|* \t\n\r\v\fx0@";
    unsigned n = any(most + 1);
    for (unsigned i = 0; i < n; i++)
        to[i] = any(4) ? odd[any(sizeof(odd))] : (char)any(256);
    return bytes_of(to, n);
}

/* One rule, or a selector of several. */
static void any_rule(struct buf *out, bool inner)
{
    static const char *const starts[] = {"~", "%R~", "%W~", "&", "+get|", "+", "-@", "on"};
    static const char *const whole[] = {"+get",   "-config|get",   "+@read",   "allkeys",
                                        "nopass", "+cluster|info", "-@search", "resetchannels"};
    char text[16];
    if (!inner && any(4) == 0) {
        buf_add_char(out, '(');
        for (unsigned i = any(4); i > 0; i--) {
            any_rule(out, true);
            buf_add_char(out, ' ');
        }
        buf_add_text(out, any(2) ? "~a))" : ")");
    } else if (any(4) == 0) {
        buf_add_text(out, whole[any(8)]);
    } else {
        buf_add_text(out, starts[any(8)]);
        buf_add(out, any_bytes(text, 8));
    }
}

static struct users *any_users(const struct registry *r)
{
    struct users *u = users_new(r, any(2));
    for (unsigned k = 1 + any(3); k > 0; k--) {
        char text[8];
        struct bytes name = k == 1 ? BYTES("default") : any_bytes(text, 5);
        if (!users_name_is_good(name))
            continue;
        struct user *x = users_find(u, name) ? users_find(u, name) : users_add(u, name);
        for (unsigned i = any(8); i > 0; i--) {
            struct buf rule = {0};
            any_rule(&rule, false);
            user_apply(x, r, rule.n ? buf_bytes(&rule) : bytes_of("", 0), false);
            buf_free(&rule);
        }
    }
    return u;
}

/* Everything that is known of all users, in an unambiguous form. */
static void tell(void *context, struct bytes rule)
{
    struct buf *out = context;
    buf_printf(out, "%zu:", rule.n);
    buf_add(out, rule);
}

static void tell_all(const struct users *u, struct buf *out)
{
    struct user **all = users_sorted(u);
    for (struct user **x = all; *x; x++) {
        tell(out, str_bytes((*x)->name));
        user_describe_rules(*x, tell, out);
    }
    mem_free(all);
}

static bool same(const struct users *a, const struct users *b)
{
    struct buf x = {0}, y = {0};
    tell_all(a, &x);
    tell_all(b, &y);
    bool equal = bytes_equal(buf_bytes(&x), buf_bytes(&y));
    buf_free(&x);
    buf_free(&y);
    return equal;
}

/* "user" goes and the line's number comes, as the reader of the configuration does it. */
static void as_lines(struct bytes text, struct buf *out)
{
    int number = 1;
    for (size_t i = 0; i < text.n; number++) {
        const char *end = memchr(text.p + i, '\n', text.n - i);
        size_t n = (size_t)(end + 1 - text.p) - i;
        CHECK(n > 5 && memcmp(text.p + i, "user ", 5) == 0);
        buf_printf(out, "%d ", number);
        buf_add(out, bytes_of(text.p + i + 5, n - 5));
        i += n;
    }
}

TEST(what_is_written_is_read)
{
    struct registry *r = registry_new(commands);
    seed += unit_share();
    for (int round = 0; round < 30000 / UNIT_SHARES; round++) {
        struct users *u = any_users(r), *from_file = users_new(r, u->all_channels),
                     *from_lines = users_new(r, u->all_channels);
        struct buf file = {0}, printed = {0}, lines = {0}, error = {0};
        users_print_file(u, &file);
        users_print_lines(u, &printed);
        as_lines(buf_bytes(&printed), &lines);
        CHECK(users_read_file(from_file, buf_bytes(&file), "file", &error));
        CHECK(same(u, from_file));
        CHECK(users_read_lines(from_lines, buf_bytes(&lines), &error));
        CHECK(same(u, from_lines));
        if (error.n) {
            printf("    %.*s\n    %.*s\n", (int)error.n, error.p, (int)file.n, file.p);
            round = 30000;
        }
        users_free(u);
        users_free(from_file);
        users_free(from_lines);
        buf_free(&file);
        buf_free(&printed);
        buf_free(&lines);
        buf_free(&error);
    }
    registry_free(r);
}

static bool reads(const char *text, const char *wanted)
{
    struct registry *r = registry_new(commands);
    struct users *u = users_new(r, false);
    struct buf error = {0};
    bool good = users_read_file(u, bytes_text(text), "f", &error);
    buf_add_char(&error, 0);
    bool as_wanted = wanted ? !good && strstr(error.p, wanted) : good;
    if (!as_wanted)
        printf("    %s: %s\n", text, error.p);
    buf_free(&error);
    users_free(u);
    registry_free(r);
    return as_wanted;
}

TEST(a_file_of_redis_is_read)
{
    CHECK(reads("user u on nopass ~a\"b ~\"c &'d -@all +get|x\"\n", NULL));
    CHECK(reads("user u on +cluster|info -module +@search -json.get +replicaof\r\n", NULL));
    CHECK(reads("# a comment\n\n  \nuser u on\n", NULL));
    CHECK(reads("user u (~a resetchannels -@all +get) (%R~b &* +@all)\n", NULL));
}

TEST(what_is_wrong_is_told_with_its_line)
{
    CHECK(reads("user default on\nuser default off\n", "Duplicate user 'default' found on line 2"));
    CHECK(reads("user u on\n\nuser u off\n", "Duplicate user 'u' found on line 3"));
    CHECK(reads("user u on\nuser v +nope\n", "f:2: Error in applying operation '+nope': Unknown"));
    CHECK(reads("use u on\n", "f:1 should start with user keyword"));
    CHECK(reads("user\n", "f:1 should start with user keyword"));
    CHECK(reads("user \"a b\" on\n", "f:1: Usernames can't contain spaces"));
    CHECK(reads("user \"a\\nb\" on\n", "f:1: Usernames can't contain spaces"));
    CHECK(reads("user \"a on\n", "f:1: unbalanced quotes"));
    CHECK(reads("user u (~a\n", "Unmatched parenthesis"));
    CHECK(reads("user u >secret nonsense\n", "f:1: Syntax error"));
}

TEST(many_rules_are_read)
{
    struct registry *r = registry_new(commands);
    struct users *u = users_new(r, false), *again = users_new(r, false);
    struct buf rule = {0}, file = {0}, error = {0};
    struct user *x = users_add(u, BYTES("u"));
    for (int i = 0; i < 3000; i++) {
        rule.n = 0;
        buf_printf(&rule, "~key:%d", i);
        CHECK(!user_apply(x, r, buf_bytes(&rule), false));
    }
    users_print_file(u, &file);
    CHECK(users_read_file(again, buf_bytes(&file), "f", &error));
    CHECK(same(u, again));
    buf_free(&rule);
    buf_free(&file);
    buf_free(&error);
    users_free(u);
    users_free(again);
    registry_free(r);
}

TEST(the_default_user_has_the_password_that_is_required)
{
    struct registry *r = registry_new(commands);
    struct users *u = users_new(r, false);
    struct user *d = u->default_user;
    CHECK(users_find(u, BYTES("default")) == d && d->on && d->no_password);
    users_set_default_password(u, BYTES("one"));
    CHECK(!d->no_password && d->hash_n == 1 && user_password_is(d, BYTES("one")));
    users_set_default_password(u, BYTES("two"));
    CHECK(d->hash_n == 1 && user_password_is(d, BYTES("two")) &&
          !user_password_is(d, BYTES("one")));
    users_set_default_password(u, BYTES(""));
    CHECK(d->no_password && d->hash_n == 0);
    users_free(u);
    registry_free(r);
}

TEST(users_come_and_go_in_the_order_of_their_names)
{
    static const char *const names[] = {"bob", "alice", "zoe", "carol"}, *const sorted[] = {
                                                                             "alice", "bob",
                                                                             "carol", "default",
                                                                             "zoe"};
    struct registry *r = registry_new(commands);
    for (int all = 0; all < 2; all++) {
        struct users *u = users_new(r, all);
        for (int i = 0; i < 4; i++) {
            struct user *x = users_add(u, bytes_text(names[i]));
            CHECK(users_find(u, bytes_text(names[i])) == x && !x->on);
            CHECK(x->selectors[0].all_channels == all);
        }
        struct user **list = users_sorted(u);
        for (int i = 0; i < 5; i++)
            CHECK(bytes_is(str_bytes(list[i]->name), sorted[i]));
        CHECK(!list[5]);
        mem_free(list);
        users_remove(u, users_find(u, BYTES("bob")));
        CHECK(!users_find(u, BYTES("bob")) && users_find(u, BYTES("carol")));
        users_free(u);
    }
    registry_free(r);
}

UNIT_MAIN(T(what_is_written_is_read), T(a_file_of_redis_is_read),
          T(what_is_wrong_is_told_with_its_line), T(many_rules_are_read),
          T(the_default_user_has_the_password_that_is_required),
          T(users_come_and_go_in_the_order_of_their_names))
