#include "proto/reply.h"

#include "unit.h"

#include <math.h>

static struct chain out;
static struct reply r;

/* Whether exactly this came since the last call. */
static bool came(const char *want)
{
    static char text[4096];
    size_t n = 0;
    struct iovec pieces[64];
    int count = chain_pieces(&out, pieces, 64, chain_end(&out));
    for (int i = 0; i < count; i++) {
        memcpy(text + n, pieces[i].iov_base, pieces[i].iov_len);
        n += pieces[i].iov_len;
    }
    chain_take(&out, n);
    return bytes_is(bytes_of(text, n), want);
}

static void begin(int resp)
{
    r = (struct reply){.out = &out, .resp = resp};
}

TEST(both_protocols_have_their_own_nothing)
{
    begin(2);
    reply_null(&r);
    reply_null_array(&r);
    CHECK(came("$-1\r\n*-1\r\n"));
    begin(3);
    reply_null(&r);
    reply_null_array(&r);
    CHECK(came("_\r\n_\r\n"));
}

TEST(aggregates)
{
    for (int resp = 2; resp <= 3; resp++) {
        begin(resp);
        reply_array(&r, 2);
        reply_map(&r, 2);
        reply_set(&r, 2);
        reply_push(&r, 2);
        reply_attribute(&r, 1);
        CHECK(came(resp == 2 ? "*2\r\n*4\r\n*2\r\n*2\r\n" : "*2\r\n%2\r\n~2\r\n>2\r\n|1\r\n"));
    }
}

TEST(scalars)
{
    begin(3);
    reply_ok(&r);
    reply_int(&r, INT64_MIN);
    reply_bool(&r, true);
    reply_double(&r, 1.5);
    reply_double(&r, -INFINITY);
    reply_bignum(&r, BYTES("123456789012345678901234567890"));
    reply_verbatim(&r, "txt", BYTES("hi"));
    CHECK(came("+OK\r\n:-9223372036854775808\r\n#t\r\n,1.5\r\n,-inf\r\n"
               "(123456789012345678901234567890\r\n=6\r\ntxt:hi\r\n"));
    begin(2);
    reply_bool(&r, true);
    reply_double(&r, 1.5);
    reply_bignum(&r, BYTES("12"));
    reply_verbatim(&r, "txt", BYTES("hi"));
    reply_bulk_int(&r, -7);
    CHECK(came(":1\r\n$3\r\n1.5\r\n$2\r\n12\r\n$2\r\nhi\r\n$2\r\n-7\r\n"));
}

TEST(errors_are_one_line_and_counted)
{
    begin(2);
    reply_errorf(&r, "ERR a\r\nb %d", 1);
    CHECK(came("-ERR a  b 1\r\n") && r.errors == 1 && strcmp(r.error_code, "ERR") == 0);
    reply_error(&r, ERR_NOAUTH);
    CHECK(r.errors == 2 && strcmp(r.error_code, "NOAUTH") == 0);
    CHECK(came("-NOAUTH Authentication required.\r\n"));
}

TEST(an_aggregate_may_learn_its_length_at_the_end)
{
    struct chain aside = {0};
    begin(3);
    reply_int(&r, 1);
    reply_later_begin(&r, &aside);
    reply_int(&r, 2);
    reply_int(&r, 3);
    reply_later_end(&r, '*', 2);
    reply_int(&r, 4);
    CHECK(came(":1\r\n*2\r\n:2\r\n:3\r\n:4\r\n"));
}

TEST(long_strings_go_by_reference)
{
    struct str *s = str_new(bytes_of(NULL, 0));
    str_unref(s);
    static char big[100000];
    memset(big, 'x', sizeof(big));
    s = str_new(bytes_of(big, sizeof(big)));
    begin(2);
    reply_bulk_str(&r, s);
    str_unref(s); /* the chain has its own */
    CHECK(chain_pending(&out) == sizeof(big) + 11);
    chain_take(&out, chain_pending(&out));
}

UNIT_MAIN(T(both_protocols_have_their_own_nothing), T(aggregates), T(scalars),
          T(errors_are_one_line_and_counted), T(an_aggregate_may_learn_its_length_at_the_end),
          T(long_strings_go_by_reference))
