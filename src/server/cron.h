/* What happens by the clock. */
#ifndef SERVER_CRON_H
#define SERVER_CRON_H

#include "server/server.h"

int64_t cron_period_ms(const struct server *s);
void cron_due(void *context);
/* Makes room for the descriptors of so many clients. Returns for how many there is. */
long long cron_raise_file_limit(long long clients);

#endif
