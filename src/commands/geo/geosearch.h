/* Searching a geo index. GEOSEARCH and the older GEORADIUS commands parse different options into
 * the same search. */
#ifndef COMMANDS_GEO_GEOSEARCH_H
#define COMMANDS_GEO_GEOSEARCH_H

#include "engine/call.h"

enum geosearch_form { GEOSEARCH, GEOSEARCH_STORE, GEOSEARCH_RADIUS, GEOSEARCH_RADIUS_BY_MEMBER };

/* Parses the request, searches, and replies with or stores the result. */
void geosearch_run(struct call *call, enum geosearch_form form, bool only_reads);
/* STORE and STOREDIST of GEORADIUS, which precede the destination key. */
bool geosearch_is_store(struct bytes word);

#endif
