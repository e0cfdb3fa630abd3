#include "admin/scrape.h"

#include "exchange.h"

static bool scrapes(struct talk *t, const char *headers, unsigned status)
{
    return talk_asks_for(t, "GET", "/metrics", headers, "", status);
}

#define BASIC "Authorization: Basic c2NyYXBlcjpwdw==\r\n" /* scraper:pw */

TEST(access_to_metrics)
{
    struct talk t;
    talk_begin(&t);
    SAYS(t.c, "ACL SETUSER scraper on >pw -@all +survey|metrics", "OK");
    t.engine->settings->metrics_access = SCRAPE_LOOPBACK;
    CHECK(scrapes(&t, "", 200) && scrapes(&t, "Via: 1.1 x\r\n", 403));
    talk_from(&t, &(struct guard_peer){.address = "192.0.2.1", .is_tls = true});
    CHECK(scrapes(&t, "", 401) && scrapes(&t, BASIC, 200));
    SAYS(t.c, "ACL SETUSER scraper -survey|metrics", "OK");
    CHECK(scrapes(&t, BASIC, 403));
    t.engine->settings->metrics_access = SCRAPE_USER;
    talk_from(&t, &(struct guard_peer){.address = "127.0.0.1", .is_loopback = true});
    CHECK(scrapes(&t, "", 401));
    t.engine->settings->metrics_access = SCRAPE_OPEN;
    talk_from(&t, &(struct guard_peer){.address = "192.0.2.1"});
    CHECK(scrapes(&t, "", 200));
    talk_end(&t);
}

TEST(parts_are_sent_in_chunks_and_wait_for_the_reader)
{
    struct talk t;
    talk_begin(&t);
    t.engine->settings->metrics_groups = 20000;
    for (int i = 0; i < 5000; i++) {
        char line[64];
        snprintf(line, sizeof(line), "XADD queue-%05d 1-1 f v", i);
        bench_says(t.c, line);
    }
    broker_forget_replies(t.c);
    survey_bench_passes(t.bench, 2);
    talk_asks(&t, "GET", "/metrics", "", "");
    CHECK(!talk_works(&t) && t.x.phase == EXCHANGE_STREAMING);
    CHECK(chain_pending(&t.x.out) < (384 << 10));
    int lines = 0;
    for (int i = 0; i < 100 && t.x.phase != EXCHANGE_ANSWERED; i++) {
        talk_hears(&t);
        for (const char *at = t.answer.p; (at = strstr(at, "\nmillrace_stream_length{")); at++)
            lines++;
        talk_works(&t);
    }
    CHECK(t.x.phase == EXCHANGE_ANSWERED && lines == 5000);
    talk_hears(&t);
    CHECK(strcmp(t.answer.p + t.answer.n - 6, "0\r\n\r\n") == 0);
    exchange_sent(&t.x);
    CHECK(talk_gets(&t, "/metrics?match=*-00007", 200));
    CHECK(talk_says(&t, "key=\"queue-00007\"") && talk_never_says(&t, "key=\"queue-00008\""));
    talk_end(&t);
}

UNIT_MAIN(T(access_to_metrics), T(parts_are_sent_in_chunks_and_wait_for_the_reader))
