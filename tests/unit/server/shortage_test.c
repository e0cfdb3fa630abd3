#include "server/shortage.h"
#include "unit.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

TEST(what_may_come_back)
{
    CHECK(shortage_is(EMFILE) && shortage_is(ENFILE) && shortage_is(ENOBUFS));
    CHECK(!shortage_is(EAGAIN) && !shortage_is(ECONNABORTED) && !shortage_is(EBADF));
}

/* A line a minute, which tells how often it was not said. */
TEST(the_log_has_a_line_a_minute)
{
    char path[] = "/tmp/millrace-shortage-XXXXXX", text[2000] = "";
    int fd = mkstemp(path), lines = 0;
    struct shortage s = {0};
    CHECK(fd >= 0);
    log_open(path);
    for (int64_t ms = 1000; ms <= 121000; ms += 100) {
        s.rests = false;
        shortage_met(&s, EMFILE, "client", ms);
        CHECK(s.rests);
    }
    log_open("");
    ssize_t n = read(fd, text, sizeof(text) - 1);
    for (ssize_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    CHECK(lines == 3 && strstr(text, "(0 errors since") && strstr(text, "(599 errors since"));
    close(fd);
    unlink(path);
}

UNIT_MAIN(T(what_may_come_back), T(the_log_has_a_line_a_minute))
