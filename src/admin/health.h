/* What load balancers and supervisors ask: /healthz and /readyz. Answers without a login, and so
 * without numbers. */
#ifndef ADMIN_HEALTH_H
#define ADMIN_HEALTH_H

#include "engine/engine.h"

/* Whether the server can serve: 200 and "ready", or 503 and a reason a line. The query may leave
 * reasons out (allow=disk-failed,paused) or add one (memory=95: so many per cent of maxmemory are
 * used). 400: it asks for something else. loading_percent: of the data at the start; -1: they are
 * there. Replaces the contents of out. */
unsigned health_ready(struct engine *e, int loading_percent, struct bytes query, struct buf *out);

#endif
