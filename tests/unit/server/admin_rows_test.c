/* Pages of the survey's rows by HTTP: whatever names there are, each row comes once, and none hides
 * what comes behind it. */
#include "admin/perform.h"

#include "base/base64.h"
#include "exchange.h"

#define ROWS 260

/* Streams whose names are long, and hard to write. */
static void begin(struct talk *t, size_t length)
{
    struct buf line = {0};
    talk_begin(t);
    for (int i = 0; i < ROWS; i++) {
        line.n = 0;
        buf_printf(&line, "XADD q%03d", i * 7 % ROWS);
        memset(buf_room(&line, length), i % 3 ? '\x01' : '\xff', length);
        line.n += length;
        buf_printf(&line, " 1-1 f %0*d", i % 5 + 1, 0);
        buf_add_char(&line, '\0');
        bench_says(t->c, line.p);
    }
    buf_free(&line);
    broker_forget_replies(t->c);
    CHECK(talk_logs_in(t, "{}"));
    survey_bench_passes(t->bench, 2);
}

/* Whether pages, each asked for as the one before says, have all of them once. */
static bool come_all(struct talk *t, const char *query)
{
    bool seen[ROWS] = {false};
    int n = 0, pages = 0;
    char target[5000], after[4200] = "";
    do {
        snprintf(target, sizeof(target), "/api/v1/streams?%s%s%s", query, *after ? "&after=" : "",
                 after);
        if (!talk_gets(t, target, 200) || t->answer.n > (1 << 20) + 4096)
            return false;
        for (const char *at = t->body; (at = strstr(at, "\"key\":")); at++) {
            const char *name = strstr(at, "\"q"), *base = strstr(at, "\"base64\":\"");
            char plain[8] = "";
            size_t length;
            if (base && base < at + 12)
                base64_parse(plain, bytes_of(base + 10, 8), &length);
            int i = atoi(*plain ? plain + 1 : name + 2);
            n += !seen[i];
            if (seen[i])
                printf("# %d is there twice\n", i);
            CHECK(!seen[i]);
            seen[i] = true;
        }
        const char *at = strstr(t->body, "\"after\":\"");
        *after = 0;
        if (at)
            snprintf(after, sizeof(after), "%.*s", (int)strcspn(at + 9, "\""), at + 9);
    } while (*after && ++pages < 100);
    if (n != ROWS)
        printf("# %s: %d rows in %d pages\n", query, n, pages + 1);
    return n == ROWS;
}

static const char *const orders[] = {"count=200",          "count=7",
                                     "count=7&by=key",     "count=7&by=key&desc=1",
                                     "count=50&by=length", "count=50&by=bytes&desc=1",
                                     "count=200&by=bytes", "count=33&by=db&desc=1"};

TEST(names_of_any_length)
{
    static const size_t lengths[] = {0, 150, 900, 6000};
    for (size_t k = 0; k < sizeof(lengths) / sizeof(*lengths); k++) {
        struct talk t;
        begin(&t, lengths[k]);
        for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
            CHECK(come_all(&t, orders[i]));
        talk_end(&t);
    }
}

UNIT_MAIN(T(names_of_any_length))
