/* What load balancers and supervisors ask: /healthz and /readyz. Answers without a login, and so
 * without numbers. */
#ifndef ADMIN_HEALTH_H
#define ADMIN_HEALTH_H

#include "base/json_write.h"
#include "engine/engine.h"

/* Whether the server can serve: 200 and "ready", or 503 and a reason a line. The query may leave
 * reasons out (allow=disk-failed,paused) or add one (memory=95: more than so many per cent of
 * maxmemory are used; replica-lag=100000: so many bytes of the primary's stream wait to be applied,
 * or there is no link, and nobody knows). 400: it asks for something else. loading_percent: of the
 * data at the start; -1: they are there. Replaces the contents of out. */
unsigned health_ready(struct engine *e, int loading_percent, struct bytes query, struct buf *out);
/* The same without a query, once the data are there. */
bool health_is_ready(struct engine *e);
/* All reasons, whether they hold or not: an array of name, ok and value, which is a number of the
 * unit that unit names, or null: there is none. */
void health_checks(struct engine *e, struct json_write *w);

#endif
