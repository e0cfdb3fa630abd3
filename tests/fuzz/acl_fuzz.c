/* libFuzzer: rules of users, a line each; what they describe must be read back as the same. */
#include "acl/user_describe.h"
#include "acl/users.h"
#include "base/assert.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void nothing(struct call *call)
{
    (void)call;
}

static const struct command get_command = {.name = "get",
                                           .group = GROUP_STRING,
                                           .arity = 2,
                                           .flags = COMMAND_READONLY | COMMAND_FAST,
                                           .handler = nothing};
static const struct command config_get = {.name = "get",
                                          .full_name = "config|get",
                                          .group = GROUP_SERVER,
                                          .arity = -3,
                                          .flags = COMMAND_ADMIN,
                                          .handler = nothing};
static const struct command *const config_subs[] = {&config_get, NULL};
static const struct command config_command = {
    .name = "config", .group = GROUP_SERVER, .arity = -2, .subcommands = config_subs};
static const struct command *const all[] = {&get_command, &config_command, NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct registry *r;
    if (!r)
        r = registry_new(all);
    struct bytes rules[64];
    struct buf bad = {0};
    int count = 0;
    const char *p = (const char *)data, *end = p + n;
    while (p < end && count < 64) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop)
            stop = end;
        rules[count++] = bytes_of(p, (size_t)(stop - p));
        p = stop + 1;
    }
    struct users *users = users_new(r, false), *again = users_new(r, false);
    struct user *u = users_add(users, BYTES("fuzz"));
    user_apply_all(u, r, rules, count, false, &bad);
    struct user *copy = user_copy(u);
    struct buf one = {0}, two = {0}, file = {0}, error = {0};
    user_describe(u, &one);
    user_describe(copy, &two);
    ASSERT(bytes_equal(buf_bytes(&one), buf_bytes(&two)));
    ASSERT(user_describe_equal(u, copy));
    users_print_file(users, &file);
    bool read = users_read_file(again, buf_bytes(&file), "fuzz", &error);
    ASSERT(read && user_describe_equal(u, users_find(again, BYTES("fuzz"))));
    /* The input itself as a file: anything may be wrong with it. */
    struct users *any = users_new(r, false);
    users_read_file(any, bytes_of((const char *)data, n), "fuzz", &error);
    users_free(any);
    users_free(users);
    users_free(again);
    user_free(copy);
    buf_free(&bad);
    buf_free(&one);
    buf_free(&two);
    buf_free(&file);
    buf_free(&error);
    return 0;
}
