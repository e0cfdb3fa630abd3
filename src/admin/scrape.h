/* GET /metrics: the survey's text for Prometheus, part by part. */
#ifndef ADMIN_SCRAPE_H
#define ADMIN_SCRAPE_H

#include "admin/exchange_state.h"

/* What metrics-access says. */
enum scrape_access { SCRAPE_LOOPBACK, SCRAPE_USER, SCRAPE_OPEN };

/* Whether this request is one. */
bool scrape_is_asked(const struct http_request *q);
/* Whether everybody may have it: no guard is asked. */
bool scrape_is_open(const struct exchange *x);
/* Whether who asks need not say who he is. */
bool scrape_needs_no_login(const struct exchange *x);
/* The program. */
void scrape_step(struct exchange *x);

#endif
