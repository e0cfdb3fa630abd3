/* Versions: ours, and the version of Redis that we report. */
#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

#define VERSION_MILLRACE "0.1.0"
#define VERSION_REDIS    "7.2.4"

#endif
