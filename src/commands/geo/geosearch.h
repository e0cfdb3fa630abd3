/* Searching a geo index. GEOSEARCH and the older GEORADIUS commands parse different options into
 * the same search. */
#ifndef COMMANDS_GEO_GEOSEARCH_H
#define COMMANDS_GEO_GEOSEARCH_H

#include "engine/call.h"

enum geosearch_form { GEOSEARCH, GEOSEARCH_STORE, GEOSEARCH_RADIUS, GEOSEARCH_RADIUS_BY_MEMBER };

/* Reads the request, searches and answers, or stores what was found. */
void geosearch_run(struct call *call, enum geosearch_form form, bool only_reads);
/* STORE and STOREDIST, behind which GEORADIUS has the key for what it found. */
bool geosearch_is_store(struct bytes word);

#endif
