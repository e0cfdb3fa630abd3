#include "base/err.h"

#include "unit.h"

#include <ctype.h>

TEST(every_text_begins_with_its_code_and_is_one_line)
{
    for (int e = ERR_NONE + 1; e < ERR_COUNT; e++) {
        if (e == ERR_DENIED || e == ERR_MAXCLIENTS)
            continue;
        struct bytes t = err_text((enum err)e);
        CHECK(t.n > 3 && isupper((unsigned char)t.p[0]));
        size_t code = 0;
        while (code < t.n && isupper((unsigned char)t.p[code]))
            code++;
        CHECK(code >= 2 && (code == t.n || t.p[code] == ' '));
        CHECK(!memchr(t.p, '\r', t.n) && !memchr(t.p, '\n', t.n));
    }
    CHECK(err_text(ERR_NONE).n == 0);
}

TEST(what_goes_to_a_bare_socket_is_a_whole_reply)
{
    static const enum err whole[] = {ERR_DENIED, ERR_MAXCLIENTS};
    for (size_t i = 0; i < 2; i++) {
        struct bytes t = err_text(whole[i]);
        CHECK(t.p[0] == '-' && memchr(t.p, '\r', t.n) == t.p + t.n - 2 && t.p[t.n - 1] == '\n');
    }
}

TEST(no_text_is_said_twice)
{
    for (int e = ERR_NONE + 1; e < ERR_COUNT; e++)
        for (int f = e + 1; f < ERR_COUNT; f++)
            CHECK(!bytes_equal(err_text((enum err)e), err_text((enum err)f)));
}

TEST(texts_are_those_of_their_names)
{
    CHECK(bytes_equal(err_text(ERR_SYNTAX), BYTES("ERR syntax error")));
    CHECK(bytes_has_prefix(err_text(ERR_WRONGTYPE), "WRONGTYPE "));
}

UNIT_MAIN(T(every_text_begins_with_its_code_and_is_one_line),
          T(what_goes_to_a_bare_socket_is_a_whole_reply), T(no_text_is_said_twice),
          T(texts_are_those_of_their_names))
