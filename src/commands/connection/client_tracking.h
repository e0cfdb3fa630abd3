/* CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO. */
#ifndef COMMANDS_CONNECTION_CLIENT_TRACKING_H
#define COMMANDS_CONNECTION_CLIENT_TRACKING_H

#include "engine/call.h"

void client_tracking_do_tracking(struct call *call);
void client_tracking_do_caching(struct call *call);
void client_tracking_do_getredir(struct call *call);
void client_tracking_do_trackinginfo(struct call *call);

#endif
