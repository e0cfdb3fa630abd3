/* The numbers of the server as a whole, which SURVEY SERVER and the console's overview show;
 * vitals.def lists them. They are read once a second while the survey is awake, from the engine,
 * the sums of the last pass and the tables of metrics, together with the facts that alarms are
 * judged by. Rates cover the time since the previous reading, quantiles the last one to two
 * minutes.
 *
 * Cost of a reading: some 20 us, most of it the system's own numbers of the process. */
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
/* Reads all anew. */
void vitals_read(struct vitals *v, const struct survey *sv);
/* Of the program; "": not known. */
struct bytes vitals_version(const struct vitals *v, struct metric_set *metrics);
/* By the steady clock; 0: never. */
int64_t vitals_read_ms(const struct vitals *v);
/* As it was read last; NAN: not known. */
double vitals_value(const struct vitals *v, enum vitals_id id);
const struct alarms_facts *vitals_facts(const struct vitals *v);
const char *vitals_name(enum vitals_id id);
bool vitals_is_whole(enum vitals_id id); /* it has no decimals */
enum vitals_kept vitals_kept_as(enum vitals_id id);

#endif
