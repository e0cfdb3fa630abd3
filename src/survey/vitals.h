/* The numbers of the server as a whole, shown by SURVEY SERVER and the console's overview and
 * listed in vitals.def. They are read once a second while the survey is awake, from the engine, the
 * totals of the last pass and the metric tables, together with the input of server alarms. Rates
 * cover the time since the previous reading, quantiles the last one to two minutes.
 *
 * A reading costs some 20 us, most of it for the system's numbers of the process. */
#ifndef SURVEY_VITALS_H
#define SURVEY_VITALS_H

#include "survey/alarms.h"

enum vitals_id {
#define V(id, name, kind, kept, value) VITAL_##id,
#include "survey/vitals.def"
#undef V
    VITALS
};

enum vitals_kept { VITALS_NONE, VITALS_MEAN, VITALS_LAST, VITALS_MAX };

struct metric_set;
struct vitals;

struct vitals *vitals_new(void);
void vitals_free(struct vitals *v);
/* Takes a reading. */
void vitals_read(struct vitals *v, const struct survey *sv);
/* The program's version; "": unknown. */
struct bytes vitals_version(const struct vitals *v, struct metric_set *metrics);
/* The time of the last reading by the steady clock; 0: none. */
int64_t vitals_read_ms(const struct vitals *v);
/* The value at the last reading; NAN: unknown. */
double vitals_value(const struct vitals *v, enum vitals_id id);
const struct alarms_facts *vitals_facts(const struct vitals *v);
const char *vitals_name(enum vitals_id id);
bool vitals_is_whole(enum vitals_id id); /* whether it has no decimals */
enum vitals_kept vitals_kept_as(enum vitals_id id);

#endif
