/* The parts are those of SURVEY METRICS, and go out in chunks while the next are written: memory is
 * bounded by what waits to be sent, however many groups there are. Who says who he is needs the
 * right to SURVEY METRICS; without that metrics-access decides. */
#include "admin/scrape.h"

#include "admin/flow.h"
#include "admin/work.h"
#include "config/settings.h"
#include "survey/exposition.h"
#include "survey/survey.h"

#define TYPE "text/plain; version=0.0.4; charset=utf-8"

struct scrape {
    uint64_t next; /* cursor */
};

bool scrape_is_asked(const struct http_request *q)
{
    return bytes_equal(q->path, BYTES("/metrics"));
}

bool scrape_is_open(const struct exchange *x)
{
    return scrape_is_asked(&x->request) && x->all->engine->settings->metrics_access == SCRAPE_OPEN;
}

bool scrape_needs_no_login(const struct exchange *x)
{
    return scrape_is_open(x) || (scrape_is_asked(&x->request) && x->from.is_here &&
                                 x->all->engine->settings->metrics_access == SCRAPE_LOOPBACK);
}

static void begin(struct exchange *x)
{
    const struct bytes command[] = {BYTES("SURVEY"), BYTES("METRICS")};
    if (!scrape_needs_no_login(x) && !work_may(x, command, 2))
        return;
    work_state(x, sizeof(struct scrape), NULL);
    survey_look_for_metrics(x->all->engine->survey);
    flow_begin(x, TYPE, NULL);
}

void scrape_step(struct exchange *x)
{
    struct scrape *s = x->work;
    if (!s) {
        begin(x);
        return;
    }
    const struct param *match = param_find(&x->asked.params, BYTES("match"));
    exposition_part(x->all->engine->survey, s->next, match ? &match->text : NULL, &x->body,
                    &s->next);
    if (!s->next)
        flow_end(x);
    else if (flow_room(x))
        flow_go_on(x);
    else
        flow_rest(x);
}
