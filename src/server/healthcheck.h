/* millrace-server --healthcheck URL: asks a running server by HTTP, for container engines, whose
 * images have nothing else that could. */
#ifndef SERVER_HEALTHCHECK_H
#define SERVER_HEALTHCHECK_H

/* Waits at most five seconds. 0: the answer's status is 200 to 299. Else 1, and why on standard
 * error: the status with the first bytes of the answer, what failed, or that the URL is not
 * http://HOST[:PORT][/PATH]. */
int healthcheck_run(const char *url);

#endif
